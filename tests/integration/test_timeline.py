"""Trimmed clips: the bad frames are gone, nothing stands still, sound and captions keep step."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from film_kit import as_quicktime, clip, gap, pictures, pulsing, sliding

from assets.encode import Sound, VideoWriter
from assets.media import Picture, decode_picture, encode_jpeg
from assets.provenance import ActionClaim, Claims, Signer, read_manifest
from assets.sound import read_sound
from assets.store import AssetStore
from assets.video import probe_video
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.review import Replace, Trim
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Kind,
    Outcome,
    Product,
    Recipe,
    Verdict,
    VideoSpec,
)
from pipelines.timeline import TimelineEditor
from pipelines.timeline.assemble import spliced_sound
from pipelines.timeline.footage import read_footage
from pipelines.timeline.join import join
from pipelines.timeline.splice import Method, dissolved, ends_cut, matched

PRODUCT = Product(sku="M", title="Mug", brand="", category=(), facts=(), photos=())
BRIEF = Brief(kind=Kind.VIDEO, product=PRODUCT, spec=VideoSpec(), locale="de")
VTT = b"WEBVTT\n\n00:00.500 --> 00:01.500\nEins\n\n00:03.000 --> 00:04.000\nZwei\n"
GLITCH = (50, 64)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AssetStore:
    return AssetStore.open(str(tmp_path_factory.mktemp("film")))


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.open(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def editor(store: AssetStore, signer: Signer) -> TimelineEditor:
    return TimelineEditor(store=store, signer=signer)


@pytest.fixture(scope="module")
def glitchy(signer: Signer) -> bytes:
    data = clip(135, glitch=GLITCH, sound=True)
    claims = Claims(
        title="Video: Mug",
        digital_source_type="compositeSynthetic",
        generator="Content Engine studio",
        actions=(ActionClaim(action="c2pa.edited", description="rendered"),),
    )
    return signer.sign(data, media_type="video/mp4", claims=claims)


Seen = Callable[..., Attempt]


@pytest.fixture(scope="module")
def seen(store: AssetStore, glitchy: bytes) -> Seen:
    def attempt(poster: np.ndarray | None = None) -> Attempt:
        poster_data = encode_jpeg(Picture(sliding(10) if poster is None else poster))
        assets = (
            _asset(store, "clip-1x1", glitchy, "video/mp4"),
            _asset(store, "poster-1x1", poster_data, "image/jpeg"),
            _asset(store, "captions", VTT, "text/vtt"),
        )
        recipe = Recipe(kind=Kind.VIDEO, backend="b", model="m", prompt="", seed=0, parameters="{}")
        verdict = Verdict(outcome=Outcome.REVIEW, reasons=("video.p_bad is 0.9",))
        candidate = Candidate(recipe=recipe, assets=assets, seconds=0)
        return Attempt(candidate=candidate, scores=(), verdict=verdict)

    return attempt


def _asset(store: AssetStore, role: str, data: bytes, media_type: str) -> Asset:
    return Asset(
        role=role,
        digest=Digest(store.put(data)),
        media_type=media_type,
        size_bytes=len(data),
        width_px=96,
        height_px=96,
    )


@pytest.fixture(scope="module")
def trimmed(editor: TimelineEditor, seen: Seen) -> Candidate:
    return editor.generate(editor.correct(BRIEF, seen(), Trim(frames=GLITCH)))


def test_the_bad_frames_are_gone_and_the_others_stand_where_they_should(
    trimmed: Candidate, store: AssetStore, glitchy: bytes
) -> None:
    frames = pictures(store.get(trimmed.assets[0].digest))
    nearest_bad = min(gap(frame, pulsing(i)) for frame in frames for i in range(7))
    assert nearest_bad > 30, "a cut frame is still in the clip"
    source = pictures(glitchy)
    assert gap(frames[40], source[40]) < 1
    assert gap(frames[-1], source[-1]) < 1


def test_no_frame_stands_still_or_jumps_at_the_join(trimmed: Candidate, store: AssetStore) -> None:
    frames = pictures(store.get(trimmed.assets[0].digest))
    steps = np.array([gap(a, b) for a, b in pairwise(frames)])
    pairs = np.convolve(
        steps, np.ones(3) / 3, "valid"
    )  # the square moves a pixel every other frame
    assert pairs.min() > 0.1, f"the picture stands still near frame {pairs.argmin()}"


def test_file_facts_stay(trimmed: Candidate, store: AssetStore) -> None:
    facts = probe_video(store.get(trimmed.assets[0].digest))
    assert (facts.video_codec, facts.pixel_format, facts.fps) == ("h264", "yuv420p", 30)
    assert facts.constant_frame_rate
    assert facts.faststart
    assert (facts.color_primaries, facts.color_matrix, facts.color_range) == (
        "bt709",
        "bt709",
        "tv",
    )
    assert facts.audio is not None
    assert facts.audio.duration_s == pytest.approx(facts.duration_s, abs=0.05)
    asset = trimmed.assets[0]
    assert (asset.role, asset.width_px, asset.fps) == ("clip-1x1", 96, 30.0)
    assert asset.duration_s == pytest.approx(facts.duration_s, abs=1e-3)


def test_captions_and_sound_move_with_the_pictures(trimmed: Candidate, store: AssetStore) -> None:
    captions = store.get(next(a for a in trimmed.assets if a.role == "captions").digest).decode()
    lost_s = 4.5 - trimmed.assets[0].duration_s
    assert f"00:00:0{3 - lost_s:.3f} --> 00:00:0{4 - lost_s:.3f}" in captions
    sound = read_sound(store.get(trimmed.assets[0].digest))
    assert sound is not None
    at = round((3.5 - lost_s) * 48_000)
    loudness = float(np.abs(sound.samples[at : at + 4800]).max())
    assert loudness == pytest.approx(0.05 + 0.03 * 3.6, abs=0.01), "sound is out of step"


def test_credentials_say_what_was_done_and_keep_the_source(
    trimmed: Candidate, store: AssetStore
) -> None:
    manifest = json.dumps(read_manifest(store.get(trimmed.assets[0].digest), "video/mp4"))
    assert "frames 50 to 64 (1.67 to 2.17 s) cut out by a person" in manifest
    assert "parentOf" in manifest
    assert "compositeSynthetic" in manifest, "the clip's own source type was lost"
    assert "humanEdits" not in manifest
    assert trimmed.notes[0].startswith("frames 50 to 64")


def test_the_poster_stays_unless_its_frame_was_cut(
    editor: TimelineEditor, seen: Seen, trimmed: Candidate, store: AssetStore
) -> None:
    before = seen().candidate.assets[1]
    assert trimmed.assets[1] == before
    cut = editor.generate(editor.correct(BRIEF, seen(pulsing(55)), Trim(frames=GLITCH)))
    poster = decode_picture(store.get(cut.assets[1].digest)).rgb
    assert cut.assets[1].digest != before.digest
    assert min(gap(poster, pulsing(i)) for i in range(7)) > 30, "the poster shows the bad frame"


def test_same_recipe_same_pictures(
    editor: TimelineEditor, seen: Seen, trimmed: Candidate, store: AssetStore
) -> None:
    recipe = editor.correct(BRIEF, seen(), Trim(frames=GLITCH))
    assert recipe.digest == trimmed.recipe.digest
    again = pictures(store.get(editor.generate(recipe).assets[0].digest))
    assert (again == pictures(store.get(trimmed.assets[0].digest))).all()


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ((10, 135), "frames 10 to 135 can't be cut: the clip has frames 0 to 134"),
        ((-1, 5), "can't be cut"),
        ((9, 5), "can't be cut"),
        ((0, 134), "the span is the whole clip: reject it"),
        ((20, 100), "only 1.8 s would be left; 3.0 s is the least"),
    ],
)
def test_a_cut_that_cannot_be_made_is_refused_in_words(
    editor: TimelineEditor, seen: Seen, frames: tuple[int, int], words: str
) -> None:
    with pytest.raises(InvalidBrief, match=words):
        editor.correct(BRIEF, seen(), Trim(frames=frames))


def test_a_channel_that_takes_longer_clips_only_says_so(editor: TimelineEditor, seen: Seen) -> None:
    amazon = replace(BRIEF, channel="amazon")
    with pytest.raises(InvalidBrief, match=r"only 4.2 s would be left; 6.0 s is the least"):
        editor.correct(amazon, seen(), Trim(frames=(0, 9)))


def test_an_upload_that_needs_nothing_keeps_its_frames_to_the_bit(
    editor: TimelineEditor, seen: Seen, store: AssetStore
) -> None:
    writer = VideoWriter(width_px=720, height_px=720, fps=25)
    for index in range(76):
        writer.write(np.full((720, 720, 3), index, np.uint8))
    upload = writer.finish()
    attempt = seen()
    clip_asset = replace(attempt.candidate.assets[0], width_px=720, height_px=720)
    wanted = replace(attempt, candidate=replace(attempt.candidate, assets=(clip_asset,)))
    order = Replace(digest=Digest(store.put(upload)), media_type="video/mp4")
    made = editor.generate(editor.correct(BRIEF, wanted, order))
    assert made.notes == ("uploaded by a person",)
    shipped = pictures(store.get(made.assets[0].digest))
    assert (shipped == pictures(upload)).all()


def test_an_uploaded_quicktime_file_ships_as_the_mp4_it_is_called(
    editor: TimelineEditor, seen: Seen, store: AssetStore, tmp_path: Path
) -> None:
    upload = as_quicktime(clip(200, picture=lambda i: sliding(i % 60)), tmp_path / "film.mov")
    assert probe_video(upload).container == "mov"
    order = Replace(digest=Digest(store.put(upload)), media_type="video/quicktime")
    shopify = replace(BRIEF, channel="shopify")
    made = editor.generate(editor.correct(shopify, seen(), order))
    assert made.assets[0].media_type == "video/mp4"
    assert probe_video(store.get(made.assets[0].digest)).container == "mp4"


@pytest.mark.parametrize(("cut", "kept"), [((0, 29), range(30, 135)), ((100, 134), range(100))])
def test_a_cut_at_an_end_is_a_plain_trim(
    editor: TimelineEditor, seen: Seen, store: AssetStore, glitchy: bytes, cut: tuple, kept: range
) -> None:
    made = editor.generate(editor.correct(BRIEF, seen(), Trim(frames=cut)))
    frames, source = pictures(store.get(made.assets[0].digest)), pictures(glitchy)
    assert len(frames) == len(kept)
    assert max(gap(frame, source[i]) for frame, i in zip(frames, kept, strict=True)) < 4
    assert "nothing to join" in made.notes[0]


def test_the_method_follows_what_the_two_sides_show() -> None:
    def method(data: bytes, cut: tuple[int, int]) -> Method:
        footage = read_footage(data, probe_video(data))
        return join(footage, cut, least_frames=30).splice.method

    moving = clip(90, picture=lambda i: sliding(i % 40), glitch=(40, 49))
    assert method(moving, (40, 49)) in (Method.MATCH, Method.BRIDGE, Method.DISSOLVE)
    apart = clip(90, picture=lambda i: sliding(i) if i < 45 else 255 - sliding(i))
    assert method(apart, (40, 50)) is Method.DISSOLVE
    same = clip(90, picture=lambda i: sliding(i if i < 40 else i - 10), glitch=(40, 49))
    assert method(same, (40, 49)) is Method.MATCH


@pytest.mark.parametrize("fps", [30, Fraction(30000, 1001), 24, 15])
@pytest.mark.parametrize("cut", [(37, 52), (0, 9), (80, 89)])
def test_sound_is_cut_to_the_sample(fps: Fraction, cut: tuple[int, int]) -> None:
    rate = float(fps)
    ramp = np.arange(round(90 / rate * 48_000), dtype=np.float32) / 400_000
    sound = Sound(np.stack((ramp, -ramp), axis=1))
    splice = ends_cut(cut, frames=90) or matched(cut[0] - 1, cut[1] + 1, frames=90)
    heard = spliced_sound(sound, splice, fps=rate)
    assert heard is not None
    assert len(heard.samples) == round(splice.frames_out / rate * 48_000)
    seam = round(splice.left / rate * 48_000)
    before, after = slice(0, max(0, seam - 1500)), slice(seam + 1500, len(heard.samples) - 1500)
    shift = round(splice.shift / rate * 48_000)
    moved = sound.samples[after.start - shift : after.stop - shift]
    assert np.abs(heard.samples[before] - sound.samples[before]).max(initial=0) < 1e-6
    assert np.abs(heard.samples[after] - moved).max(initial=0) < 1e-6


def test_a_dissolve_takes_the_sound_over_with_the_picture() -> None:
    sound = Sound(np.full((90 * 1600, 2), 0.5, np.float32))
    heard = spliced_sound(sound, dissolved(40, 60, frames=90, mixed=9), fps=30.0)
    assert heard is not None
    assert np.abs(heard.samples[1600:-1600] - 0.5).max() < 0.01, "the loudness dips at the join"


def test_an_uploaded_clip_takes_its_place(
    editor: TimelineEditor, seen: Seen, store: AssetStore
) -> None:
    upload = clip(100, fps=Fraction(25), picture=lambda i: 255 - sliding(i % 60))
    order = Replace(digest=Digest(store.put(upload)), media_type="video/mp4")
    made = editor.generate(editor.correct(BRIEF, seen(), order))
    assert [asset.role for asset in made.assets] == ["clip-1x1", "poster-1x1"]
    data = store.get(made.assets[0].digest)
    assert gap(pictures(data)[30], 255 - sliding(30)) < 5
    facts = probe_video(data)
    assert (facts.fps, facts.width_px, facts.frames) == (25, 96, 100)
    manifest = json.dumps(read_manifest(data, "video/mp4"))
    assert "uploaded by a person" in manifest
    assert "humanEdits" in manifest
    poster = decode_picture(store.get(made.assets[1].digest)).rgb
    assert gap(poster, 255 - sliding(33)) < 8


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (lambda: b"{}", "the uploaded file can't be used"),
        (lambda: clip(20), "lasts 0.7 s; channel web takes 3 to 60 s"),
    ],
)
def test_an_upload_that_cannot_be_published_is_refused(
    editor: TimelineEditor, seen: Seen, store: AssetStore, upload: Callable[[], bytes], words: str
) -> None:
    order = Replace(digest=Digest(store.put(upload())), media_type="video/mp4")
    with pytest.raises(InvalidBrief, match=words):
        editor.correct(BRIEF, seen(), order)


def test_a_candidate_without_a_clip_is_refused(editor: TimelineEditor, seen: Seen) -> None:
    attempt = seen()
    bare = Candidate(
        recipe=attempt.candidate.recipe, assets=attempt.candidate.assets[1:], seconds=0
    )
    with pytest.raises(InvalidBrief, match="no clip to correct; its assets: poster-1x1, captions"):
        editor.correct(
            BRIEF, Attempt(candidate=bare, scores=(), verdict=attempt.verdict), Trim(frames=(1, 2))
        )


def test_a_clip_that_is_gone_gives_nothing(
    seen: Seen, editor: TimelineEditor, signer: Signer, tmp_path: Path
) -> None:
    recipe = editor.correct(BRIEF, seen(), Trim(frames=GLITCH))
    empty = TimelineEditor(store=AssetStore.open(str(tmp_path)), signer=signer)
    with pytest.raises(GenerationFailed, match="there is no asset"):
        empty.generate(recipe)
