"""The product without its surroundings: the value every studio picture is composed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutOut:
    """A product cut out of its photo and trimmed to its own box.

    `rgb` is (H, W, 3) uint8 sRGB, not premultiplied; where `alpha` is below 255 the colours are the
    product's own, freed from the old background. `alpha` is (H, W) uint8: 0 outside, 255 inside.
    The first and last row and column of `alpha` each hold some of the product. `cut_sides` names
    the sides (`left`, `top`, `right`, `bottom`) where the photo itself cuts the product: such a
    side belongs at the frame's edge.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    cut_sides: frozenset[str] = frozenset()

    @property
    def height_px(self) -> int:
        """Rows of the box."""
        return int(self.alpha.shape[0])

    @property
    def width_px(self) -> int:
        """Columns of the box."""
        return int(self.alpha.shape[1])
