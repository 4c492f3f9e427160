"""A rehearsal spoils the share it was told to, the same clips each time, and says so."""

from pathlib import Path

import numpy as np
import pytest

from assets.encode import VideoWriter
from assets.store import AssetStore
from content_engine.flow import Stop, never
from content_engine.known import known_fault
from content_engine.types import Asset, Candidate, Digest, Kind, Recipe
from serving.rehearsal import SpoilingPipeline


class Turntable:
    """A maker of one clip: a light square that moves over a dark ground for a second and a half."""

    def __init__(self, store: AssetStore) -> None:
        self._store = store

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        stop()
        writer = VideoWriter(width_px=96, height_px=96, fps=30, sound=None)
        for index in range(45):
            frame = np.full((96, 96, 3), 60, np.uint8)
            frame[30:60, 10 + index : 40 + index] = 220
            writer.write(frame)
        data = writer.finish()
        asset = Asset(
            role="clip-1x1",
            digest=Digest(self._store.put(data)),
            media_type="video/mp4",
            size_bytes=len(data),
        )
        return Candidate(recipe=recipe, assets=(asset,), seconds=0.1)


def recipe(seed: int, backend: str = "studio-motion") -> Recipe:
    return Recipe(
        kind=Kind.VIDEO, backend=backend, model="m@1", prompt="", seed=seed, parameters="{}"
    )


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore.open(str(tmp_path / "assets"))


def spoiling(store: AssetStore, share: float) -> SpoilingPipeline:
    maker = Turntable(store)
    return SpoilingPipeline(maker, store=store, share=share, backends=frozenset({"studio-motion"}))


def test_a_spoilt_clip_says_what_was_done_to_it_and_is_the_same_each_time(
    store: AssetStore,
) -> None:
    clean = Turntable(store).generate(recipe(1))
    spoilt = spoiling(store, 1.0).generate(recipe(1))
    again = spoiling(store, 1.0).generate(recipe(1))
    assert spoilt.assets[0].digest != clean.assets[0].digest
    assert spoilt.assets == again.assets
    assert known_fault(spoilt) is not None, spoilt.notes
    assert store.get(spoilt.assets[0].digest)


def test_what_a_person_cut_is_left_alone(store: AssetStore) -> None:
    trimmed = spoiling(store, 1.0).generate(recipe(1, backend="timeline"))
    assert trimmed.assets == Turntable(store).generate(recipe(1)).assets
    assert trimmed.notes == ()


def test_about_the_share_is_spoilt(store: AssetStore) -> None:
    maker = spoiling(store, 0.3)
    spoilt = sum(bool(maker.generate(recipe(seed)).notes) for seed in range(8))
    assert 1 <= spoilt <= 6
