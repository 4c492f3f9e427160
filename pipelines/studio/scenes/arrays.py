"""Names for arrays by what they hold; shapes and ranges stand in the docstrings that use them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

F32: TypeAlias = np.ndarray
"""float32: linear light, places in metres, shares 0..1."""

F64: TypeAlias = np.ndarray
"""float64: matrices and rays."""

U8: TypeAlias = np.ndarray
"""uint8: sRGB bytes and alpha."""
