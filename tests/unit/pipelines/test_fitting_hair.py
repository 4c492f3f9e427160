"""Worn cloth that looks like hair goes; hair stays."""

from __future__ import annotations

import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.layers_hair import hair_of

UNIT_PX, CHIN = 200.0, (100.0, 60.0)
BROWN, BLUE, SKIN = (0.35, 0.22, 0.15), (0.1, 0.3, 0.8), (0.8, 0.6, 0.5)


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A head's hair beside a neck down to a blue top: photo, parts, matte."""
    parts = np.zeros((160, 200), np.uint8)
    photo = np.ones((160, 200, 3), np.float32)
    parts[:60, 60:140], photo[:60, 60:140] = Part.SKIN, SKIN
    parts[60:100, 80:120], photo[60:100, 80:120] = Part.SKIN, SKIN
    parts[100:, 20:180], photo[100:, 20:180] = Part.TOP, BLUE
    parts[10:110, 30:60], photo[10:110, 30:60] = Part.HAIR, BROWN
    return photo, parts, (parts == Part.HAIR).astype(np.float32)


def test_a_lock_that_hangs_over_the_top_stays() -> None:
    photo, parts, matte = scene()
    found = hair_of(photo, parts, matte, chin=CHIN, unit_px=UNIT_PX)
    assert not found.cloth.any(), "hair was taken for cloth"
    assert found.share[20:105, 35:55].min() > 0.95


def test_cloth_in_the_hairs_shadow_is_cloth() -> None:
    photo, parts, matte = scene()
    parts[92:112, 30:75], matte[92:112, 30:75] = Part.HAIR, 1.0
    photo[92:112, 30:75] = np.array(BLUE) * 0.12
    found = hair_of(photo, parts, matte, chin=CHIN, unit_px=UNIT_PX)
    assert found.cloth[97:107, 36:70].mean() > 0.9, "the shaded cloth is still hair"
    assert found.share[97:107, 36:70].max() < 0.1
    assert found.share[20:85, 35:55].min() > 0.95, "the hair above went too"


def test_a_collars_dark_inside_beside_the_neck_is_cloth() -> None:
    photo, parts, matte = scene()
    # A pocket as dark as the hair, between neck and collar, joined to the lock by a thread.
    parts[84:100, 122:136], photo[84:100, 122:136] = Part.HAIR, BROWN
    parts[20:80, 140:170], photo[20:80, 140:170] = Part.HAIR, BROWN
    parts[78:86, 134:142] = Part.HAIR
    matte = (parts == Part.HAIR).astype(np.float32)
    found = hair_of(photo, parts, matte, chin=CHIN, unit_px=UNIT_PX)
    assert found.cloth[87:98, 125:133].all(), "the old collar's inside is left beside the neck"
    assert found.share[25:70, 145:165].min() > 0.95


def test_a_black_collars_rim_that_was_taken_for_skin_is_cloth() -> None:
    photo, parts, matte = scene()
    photo[100:, 20:180] = (0.04, 0.04, 0.05)
    parts[94:100, 80:120], photo[94:100, 80:120] = Part.SKIN, (0.05, 0.05, 0.05)
    found = hair_of(photo, parts, matte, chin=CHIN, unit_px=UNIT_PX)
    assert found.cloth[95:100, 82:118].mean() > 0.9
    assert not found.cloth[62:88, 82:118].any(), "the neck was taken for cloth"


def test_a_black_shadow_between_shaded_cloth_and_a_lock_is_cloth() -> None:
    photo, parts, matte = scene()
    parts[85:112, 30:75], matte[85:112, 30:75] = Part.HAIR, 1.0
    photo[85:97, 30:75], photo[97:112, 30:75] = 0.01, np.array(BLUE) * 0.12
    found = hair_of(photo, parts, matte, chin=CHIN, unit_px=UNIT_PX)
    assert found.cloth[88:95, 36:70].mean() > 0.9, "the black of the shadow is left below the hair"
    assert found.share[20:80, 35:55].min() > 0.95, "the hair above went too"
