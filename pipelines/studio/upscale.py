"""More pixels for small sources: SPAN on the CPU, tile by tile."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

TILE_PX = 128
PAD_PX = 10
"""Tile and its margin: 128 keeps a tile's layers in the cache (6.7 µs a pixel, 12 at 256); the
margin covers what the network sees around a pixel. Measured on one core."""


class Enlarger(Protocol):
    """Anything that gives a picture twice or four times its sides."""

    def enlarge(self, rgb: np.ndarray, *, factor: int) -> np.ndarray:
        """The (H, W, 3) uint8 sRGB picture with sides × `factor`, which is 2 or 4."""
        ...


class SpanEnlarger:
    """SPAN (Swift Parameter-free Attention Network, Wan et al. 2024) by ncnn on one CPU thread.

    Half precision is off: SPAN overflows in it. Deterministic.
    """

    def __init__(self, weights: dict[int, Path]) -> None:
        self._nets = {factor: _load(path) for factor, path in weights.items()}

    def enlarge(self, rgb: np.ndarray, *, factor: int) -> np.ndarray:
        """See `Enlarger`."""
        net = self._nets[factor]
        height, width = rgb.shape[:2]
        padded = cv2.copyMakeBorder(rgb, PAD_PX, PAD_PX, PAD_PX, PAD_PX, cv2.BORDER_REFLECT_101)
        out = np.empty((height * factor, width * factor, 3), np.uint8)
        for top in range(0, height, TILE_PX):
            for left in range(0, width, TILE_PX):
                rows, columns = min(TILE_PX, height - top), min(TILE_PX, width - left)
                tile = padded[top : top + rows + 2 * PAD_PX, left : left + columns + 2 * PAD_PX]
                large = _run(net, tile)[PAD_PX * factor :, PAD_PX * factor :]
                box = (
                    slice(top * factor, (top + rows) * factor),
                    slice(left * factor, (left + columns) * factor),
                )
                out[box] = large[: rows * factor, : columns * factor]
        return out


def _load(weights: Path) -> Any:
    import ncnn

    net = ncnn.Net()  # pyright: ignore[reportAttributeAccessIssue]
    net.opt.use_vulkan_compute = False
    net.opt.use_fp16_packed = False
    net.opt.use_fp16_storage = False
    net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.opt.num_threads = 1
    net.load_param(str(weights.with_suffix(".param")))
    net.load_model(str(weights))
    return net


def _run(net: Any, tile: np.ndarray) -> np.ndarray:
    import ncnn

    planes = np.ascontiguousarray(tile.transpose(2, 0, 1).astype(np.float32) / 255)
    # ncnn does not keep its input alive: both names must outlive the extraction.
    given = ncnn.Mat(planes)  # pyright: ignore[reportAttributeAccessIssue]
    extractor = net.create_extractor()
    extractor.input(net.input_names()[0], given)
    large = np.array(extractor.extract(net.output_names()[0])[1])
    return np.rint(np.clip(large.transpose(1, 2, 0), 0, 1) * 255).astype(np.uint8)
