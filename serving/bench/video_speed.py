"""Rendering speed and memory of clips, beside moviepy on the same composition in the same run."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from assets.encode import VideoWriter
from assets.media import decode_picture
from assets.weights import locate
from pipelines.studio.cutout import cut_out
from pipelines.studio.motion.backend import COMPOSE, MotionBackend
from pipelines.studio.motion.canvas import Canvas
from pipelines.studio.motion.composition import Composition, Layer, Piece, Pose, Room
from pipelines.studio.motion.filming import film
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.order import Cue, MotionOrder
from pipelines.studio.motion.sprites import Sprite
from pipelines.studio.motion.wording import worded
from pipelines.studio.segmenter import U2NetSegmenter
from serving.bench.makers import SAMPLES
from serving.bench.speed import Measure

SIDE_PX = 1080
SECONDS = 4.0
ROUNDS = 2
"""Both renderers take turns, so that a busy neighbour slows both."""

RATIO_MIN = 4.0
FPS_MIN = 24.0
MEMORY_MAX_MB = 600.0
"""Source: issue 3, section 1."""

PHOTO = SAMPLES.parent / "mug-main.jpg"
VIEWS = tuple(SAMPLES.parent / f"{name}-main.jpg" for name in ("mug", "candle", "bottle", "lamp"))
"""Four things that stand; the network looks at the tall ones three times."""

FILMED = (("orbit", 6, "one photo"), ("orbit", 15, "one photo"), ("orbit", 60, "one photo"),
          ("turn", 6, "four views"))  # fmt: skip
"""Design, seconds, and what is shown."""

WORDS = ("Speckled stoneware mug", "Dishwasher safe")


def run() -> int:
    """The exit code: 0 when every promise was kept. Prints a table."""
    console = Console(stderr=True)
    with console.status("rendering the same clip by both renderers, then long ones: 2 minutes"):
        measures = [*_speed(), *_memory()]
    table = Table("what", "measured", "promised", "")
    for each in measures:
        sign = "≤" if each.better == "lower" else "≥"
        promised = "" if each.promised is None else f"{sign} {each.promised:g} {each.unit}"
        kept = "kept" if each.kept else "MISSED"
        table.add_row(each.name, f"{each.value:,.1f} {each.unit}", promised, kept)
    Console().print(table)
    return 0 if all(each.kept for each in measures) else 1


@dataclass(frozen=True, slots=True)
class _Cost:
    """Seconds for a whole clip: on the clock, and of all cores together."""

    wall_s: float
    cpu_s: float


def _speed() -> Sequence[Measure]:
    scene = _scene()
    stills = [still for layer in (*scene.ground, *scene.front) if (still := _still(layer, scene))]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_timed(partial(_by_planes, scene)))
        theirs.append(_timed(partial(_by_moviepy, scene, stills)))
    frames = scene.frames
    own, other = (min(each, key=lambda cost: cost.wall_s) for each in (ours, theirs))
    return (
        Measure(
            name=f"frames a second at {SIDE_PX}², encoded",
            value=frames / own.wall_s,
            unit="1/s",
            promised=FPS_MIN,
            better="higher",
        ),
        Measure(name="the same by moviepy", value=frames / other.wall_s, unit="1/s"),
        Measure(
            name="times as fast as moviepy",
            value=other.wall_s / own.wall_s,
            unit="×",
            promised=RATIO_MIN,
            better="higher",
        ),
        Measure(name="CPU a frame", value=1000 * own.cpu_s / frames, unit="ms"),
        Measure(name="CPU a frame by moviepy", value=1000 * other.cpu_s / frames, unit="ms"),
    )


def _memory() -> Sequence[Measure]:
    return [
        Measure(
            name=f"peak memory of a process that renders {length} s, upright, {what}, with sound",
            value=_peak_mb(design, length),
            unit="MB",
            promised=MEMORY_MAX_MB,
        )
        for design, length, what in FILMED
    ]


def _peak_mb(design: str, length_s: int) -> float:
    program = f"from serving.bench.video_speed import child; child({design!r}, {length_s})"
    done = subprocess.run(  # noqa: S603 -- this program's own words
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def child(design: str, length_s: int) -> None:
    """Renders the largest frames, that long, by the backend; prints this process's peak in MB."""
    from content_engine.types import Digest, Ingredient, Kind, Recipe
    from pipelines.backend import Inputs

    backend, order = MotionBackend(), replace(_order(float(length_s)), design=design)
    upright = replace(order, aspect="9:16", height_px=SIDE_PX * 16 // 9, sound=True)
    photos = VIEWS if design == "turn" else (PHOTO,)
    recipe = Recipe(
        kind=Kind.VIDEO,
        backend="studio-motion",
        model="",
        prompt="",
        seed=1,
        parameters=upright.to_parameters(),
        ingredients=tuple(
            Ingredient(role=photo.stem, digest=Digest(f"{number:064x}"))
            for number, photo in enumerate(photos)
        ),
    )
    made = backend.start(
        recipe, Inputs(assets={photo.stem: photo.read_bytes() for photo in photos})
    )
    while not made.done:
        backend.step([made])
    backend.finish(made)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _order(duration_s: float) -> MotionOrder:
    half = duration_s / 2
    return MotionOrder(
        design="orbit",
        aspect="1:1",
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        duration_s=duration_s,
        title="bench",
        locale="en",
        cues=(
            Cue(text=WORDS[0], start_s=0.3, stop_s=half),
            Cue(text=WORDS[1], start_s=half + 0.1, stop_s=duration_s),
        ),
        safe_area=(0.06, 0.06, 0.94, 0.9),
        setting="oak-morning",
        setting_above="oak-morning",
        above_ratio=0.0,
    )


def _scene() -> Composition:
    photo = decode_picture(PHOTO.read_bytes())
    cutout = cut_out(photo, segmenter=U2NetSegmenter(locate("u2netp")))
    material = Material(
        order=_order(SECONDS),
        seed=1,
        photos=(photo,),
        cutouts=lambda _: cutout,
        plain=lambda _: True,
        shapes=_no_shape,
        worn=_no_shape,
        enlarger=_no_enlarger,
    )
    return worded(material, COMPOSE["orbit"](material))


def _no_shape(index: int) -> Any:
    raise AssertionError(f"the orbit looks at cut-outs alone, not at the shape in photo {index}")


def _no_enlarger() -> Any:
    raise AssertionError("the sample photo is large enough")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Still:
    """A layer as moviepy takes it: a picture (H, W, 3 or 4) that is scaled and placed in time."""

    pixels: np.ndarray
    pose: Pose
    span_s: tuple[float, float]
    fades: bool

    def scale(self, time_s: float) -> float:
        """How much larger it is shown."""
        pose = self.pose(self.span_s[0] + time_s)
        return float(np.sqrt(abs(np.linalg.det(pose[:2, :2]))))

    def corner(self, time_s: float) -> tuple[float, float]:
        """Where its upper left corner lies, in frame pixels."""
        pose = self.pose(self.span_s[0] + time_s)
        return float(pose[0, 2]), float(pose[1, 2])


def _still(layer: Layer, scene: Composition) -> _Still | None:
    """The layer's picture and movement; a room as one picture, its two planes as their floor."""
    whole = 0.0, scene.duration_s
    if isinstance(layer, Room):
        return _Still(pixels=_rgba(layer.picture), pose=layer.floor, span_s=whole, fades=False)
    if not isinstance(layer, Piece):
        return None
    times = [index / scene.fps for index in range(scene.frames)]
    seen = [at for at in times if layer.opacity(at) > 0]
    span = seen[0], seen[-1] + 1 / scene.fps
    sprite = layer.picture.levels[0]
    return _Still(
        pixels=_rgba(sprite), pose=layer.pose, span_s=span, fades=len(seen) < scene.frames
    )


def _rgba(sprite: Sprite) -> np.ndarray:
    canvas = Canvas.of(*sprite.size)
    for mine, its in zip(canvas.planes, sprite.planes, strict=True):
        mine[:] = its
    rgb = canvas.rgb()
    return rgb if sprite.alphas is None else np.dstack((rgb, sprite.alphas[0]))


def _by_moviepy(scene: Composition, stills: Sequence[_Still], out: Path) -> None:
    """The same layers as clips of moviepy, scaled and placed at each time, its own encoder."""
    from moviepy import CompositeVideoClip, ImageClip, vfx

    clips = []
    for still in stills:
        clip = ImageClip(still.pixels, duration=still.span_s[1] - still.span_s[0])
        clip = clip.with_start(still.span_s[0]).resized(still.scale).with_position(still.corner)
        clips.append(clip.with_effects([vfx.CrossFadeIn(0.3)]) if still.fades else clip)
    film = CompositeVideoClip(clips, size=(scene.width_px, scene.height_px))
    film.write_videofile(
        str(out), fps=scene.fps, codec="libx264", preset="superfast", audio=False, threads=2,
        ffmpeg_params=["-crf", "20"], logger=None,
    )  # fmt: skip
    film.close()


def _timed(render: Callable[[Path], None]) -> _Cost:
    with TemporaryDirectory(prefix="content-engine-bench-") as folder:
        wall, cpu = time.perf_counter(), _cpu_s()
        render(Path(folder) / "clip.mp4")
        return _Cost(time.perf_counter() - wall, _cpu_s() - cpu)


def _cpu_s() -> float:
    """CPU seconds of this process and of those it has waited for (moviepy's encoder)."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _by_planes(scene: Composition, out: Path) -> None:
    writer = VideoWriter(width_px=scene.width_px, height_px=scene.height_px, fps=scene.fps)
    for _ in film(scene, writer, range(scene.frames)):
        pass
    out.write_bytes(writer.finish())
