"""Waves of a print are told from the bends that a body makes."""

import numpy as np
import pytest

from qa.fitting.register import Laid
from qa.fitting.waves import wave_height


def laid(*, bent_px: float, long_px: float, printed: bool = True) -> Laid:
    """Cloth of 384 px, drawn all over, moved sideways in sines of that height and length."""
    shape = 384, 240
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    moved = columns + bent_px * np.sin(2 * np.pi * rows / long_px)
    inside, cloth = np.zeros(shape, bool), np.zeros((*shape, 3), np.uint8)
    inside[20:360, 20:220] = True
    return Laid(
        source=cloth,
        view=cloth,
        inside=inside,
        open=inside,
        agrees=np.where(inside, 0.9, 0.0).astype(np.float32),
        texture=np.full(shape, 20.0, np.float32),
        to_result=np.stack([moved, rows], axis=-1),
        printed=inside & printed,
        hung=np.zeros(shape, bool),
        frame=np.array([[1.0, 0, 0], [0, 1.0, 0]]),
    )


def test_waves_have_their_height() -> None:
    assert wave_height(laid(bent_px=3.0, long_px=40.0)) == pytest.approx(3 / 2**0.5, rel=0.15)


def test_a_bodys_bend_is_no_wave() -> None:
    assert wave_height(laid(bent_px=3.0, long_px=400.0)) < 0.3


def test_plain_cloth_has_no_waves() -> None:
    assert wave_height(laid(bent_px=3.0, long_px=40.0, printed=False)) == 0.0
