"""Steps of the true models' shapes with random weights: ms, pictures a second, use of the device.

What it leaves out: text encoders, PNG and the loop itself. It tells how a device does with the
shapes; the rest of this bench tells what the loop makes of a device.
"""

from __future__ import annotations

import importlib
import math
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

from rich.table import Table

PEAK_TFLOPS = {"H100": 989.0, "H200": 989.0, "A100": 312.0, "L40S": 362.0, "RTX 4090": 165.0}
"""Dense bf16 with fp32 accumulation. Source: NVIDIA's data sheets of each card."""

SHAPES = ("klein-4b-512", "klein-4b-1024", "qwen-image-edit-1024", "wan-5b-720p")
BATCHES = (1, 2, 4, 8)
_SECONDS_A_POINT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One kind of request: see `shapes.toml`."""

    name: str
    about: str
    calls: str
    latents: Sequence[int]
    text: Sequence[int]
    steps: int
    forwards: int
    makes: int
    transformer: Mapping[str, Any]
    vae: Mapping[str, Any]
    vae_latents: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A shape at one batch. `mfu` is 0..1 of the device's dense bf16 peak, None where unknown.

    `request_s` is all steps and the decoding of one request, `per_s` pictures or clips a second.
    """

    shape: str
    batch: int
    step_ms: float
    step_tflop: float
    step_mfu: float | None
    decode_ms: float
    request_s: float
    per_s: float
    request_mfu: float | None


def shapes() -> Mapping[str, Shape]:
    """The shapes of `shapes.toml` by name."""
    text = (resources.files("serving.bench.serve") / "shapes.toml").read_text("utf-8")
    return {name: Shape(name=name, **entry) for name, entry in tomllib.loads(text).items()}


def measure(
    names: Sequence[str], *, device: str, batches: Sequence[int], seconds: float = _SECONDS_A_POINT
) -> Sequence[Point]:
    """Every named shape at every batch that the device's memory holds."""
    known = shapes()
    return [
        point
        for name in names
        for point in _points(known[name], device=device, batches=batches, seconds=seconds)
    ]


def report(points: Sequence[Point], *, device: str) -> dict[str, Any]:
    """The points and the device's name, for a JSON."""
    return {
        "bench": "serve --device",
        "device": device_name(device),
        "peak_tflops": _peak_tflops(device),
        "points": [asdict(point) for point in points],
        "left_out": "text encoders, encoding to PNG or MP4, the step loop, the stock pipelines",
    }


def table(points: Sequence[Point]) -> Table:
    """The points, for people."""
    heads = ("shape", "batch", "ms a step", "step MFU", "decode ms", "request s", "1/s", "MFU")
    shown = Table(*heads)
    for each in points:
        mfu = [
            "–" if share is None else f"{100 * share:.0f} %"
            for share in (each.step_mfu, each.request_mfu)
        ]
        shown.add_row(
            *(each.shape, str(each.batch), f"{each.step_ms:.1f}", mfu[0]),
            *(f"{each.decode_ms:.1f}", f"{each.request_s:.3f}", f"{each.per_s:.2f}", mfu[1]),
        )
    return shown


def device_name(device: str) -> str:
    """The accelerator's own name, or the device as it was given."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def _points(
    shape: Shape, *, device: str, batches: Sequence[int], seconds: float
) -> Sequence[Point]:
    import torch

    torch.set_num_threads(1)  # on a CPU this only shows that the bench works
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    model, vae = (_made(part, device, dtype) for part in (shape.transformer, shape.vae))
    tflop, decode_tflop = _tflops(shape)
    points: list[Point] = []
    with torch.inference_mode():
        latents = torch.randn(1, *shape.vae_latents, device=device, dtype=dtype)
        decode_s = _timed(lambda: vae.decode(latents, return_dict=False), device, seconds)
        for batch in batches:
            try:
                call = _call(shape, batch, device, dtype)
                step_s = shape.forwards * _timed(lambda: model(**call), device, seconds)  # noqa: B023 -- called at once
            except torch.OutOfMemoryError:
                break
            points.append(
                _point(
                    shape,
                    batch=batch,
                    seconds=(step_s, decode_s),
                    tflop=(tflop * batch, decode_tflop),
                    peak_tflops=_peak_tflops(device),
                )
            )
    return points


def _point(
    shape: Shape,
    *,
    batch: int,
    seconds: tuple[float, float],
    tflop: tuple[float, float],
    peak_tflops: float | None,
) -> Point:
    step_s, decode_s = seconds
    all_s = shape.steps * step_s + batch * decode_s
    all_tflop = shape.steps * tflop[0] + batch * tflop[1]
    return Point(
        shape=shape.name,
        batch=batch,
        step_ms=1000 * step_s,
        step_tflop=tflop[0],
        step_mfu=tflop[0] / step_s / peak_tflops if peak_tflops else None,
        decode_ms=1000 * decode_s,
        request_s=all_s,
        per_s=batch * shape.makes / all_s,
        request_mfu=all_tflop / all_s / peak_tflops if peak_tflops else None,
    )


def _made(part: Mapping[str, Any], device: str, dtype: Any) -> Any:
    """The model with random weights, made where it shall run: nothing is read, nothing copied."""
    import torch

    settings = {name: value for name, value in part.items() if name != "class"}
    of_class = getattr(importlib.import_module("diffusers"), part["class"])
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return of_class(**settings).eval()
    finally:
        torch.set_default_dtype(before)


def _call(shape: Shape, batch: int, device: str, dtype: Any) -> dict[str, Any]:
    """The arguments of one forward."""
    import torch

    def noise(*size: int) -> torch.Tensor:
        return torch.randn(batch, *size, device=device, dtype=dtype)

    times = torch.full((batch,), 0.5, device=device, dtype=dtype)
    given = {"hidden_states": noise(*shape.latents), "encoder_hidden_states": noise(*shape.text)}
    more: Mapping[str, Callable[[], dict[str, Any]]] = {
        "flux2": lambda: {
            "timestep": times,
            "guidance": None,
            "img_ids": torch.zeros(batch, shape.latents[0], 4, device=device),
            "txt_ids": torch.zeros(batch, shape.text[0], 4, device=device),
        },
        "qwen": lambda: {"timestep": times, "img_shapes": [[(1, *_grid(shape))]] * batch},
        "wan": lambda: {"timestep": (1000 * times).long()},
    }
    return given | more[shape.calls]() | {"return_dict": False}


def _grid(shape: Shape) -> tuple[int, int]:
    """The tokens laid out in rows, as square as they go."""
    tokens = shape.latents[0]
    high = next(side for side in range(math.isqrt(tokens), 0, -1) if tokens % side == 0)
    return high, tokens // high


def _tflops(shape: Shape) -> tuple[float, float]:
    """TFLOP of one step of one run and of its decoding, counted on tensors without memory."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    model, vae = (_made(part, "meta", torch.float32) for part in (shape.transformer, shape.vae))
    latents = torch.empty(1, *shape.vae_latents, device="meta")
    counted: list[float] = []
    with torch.inference_mode():
        for work in (
            lambda: model(**_call(shape, 1, "meta", torch.float32)),
            lambda: vae.decode(latents, return_dict=False),
        ):
            with FlopCounterMode(display=False) as counter:
                work()
            counted.append(counter.get_total_flops() / 1e12)
    return shape.forwards * counted[0], counted[1]


def _timed(work: Callable[[], object], device: str, seconds: float) -> float:
    """Seconds of one call: the mean over so many seconds after a warm one."""
    import torch

    def wait() -> None:
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)

    work()
    wait()
    began, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - began < seconds:
        work()
        wait()
        calls += 1
    return (time.perf_counter() - began) / calls


def _peak_tflops(device: str) -> float | None:
    name = device_name(device)
    return next((peak for card, peak in PEAK_TFLOPS.items() if card in name), None)
