"""Names for arrays. Shapes, types and ranges stand in the docstrings: OpenCV's stubs have none."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Pixels = NDArray[Any]
"""uint8: (H, W, 3) sRGB or (H, W)."""

Mask = NDArray[Any]
"""(H, W) bool."""

Numbers = NDArray[Any]
"""float32 or float64."""
