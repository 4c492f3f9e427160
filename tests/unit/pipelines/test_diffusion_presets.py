"""Memory presets as data, and which rows of a step go through one forward."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.errors import InvalidSettings
from pipelines.diffusion.presets import Presets
from pipelines.diffusion.rows import FULL_TOKENS, together
from pipelines.models import ModelCatalog


def test_presets_are_tried_from_the_truest_to_the_smallest() -> None:
    assert [preset.name for preset in Presets.load().all] == ["bf16", "fp8", "offload", "exact"]


def test_an_unknown_preset_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidSettings, match="choose one of bf16, fp8, offload, exact"):
        Presets.load().named("int4")


def test_every_need_in_the_catalog_is_of_a_preset_that_there_is_and_smaller_ones_need_less() -> (
    None
):
    order = [preset.name for preset in Presets.load().all[:-1]]
    for entry in ModelCatalog.load().entries.values():
        assert set(entry.memory_gib) <= {*order, Presets.load().on_the_processor}, entry.name
        needs = [entry.memory_gib[name] for name in order if name in entry.memory_gib]
        assert needs == sorted(needs, reverse=True), entry.name


@given(st.integers(1, 9), st.integers(1, 2 * FULL_TOKENS))
def test_each_row_goes_through_one_forward_and_long_ones_alone(rows: int, tokens: int) -> None:
    batches = together(list(range(rows)), tokens=tokens)
    assert [place for batch in batches for place in batch] == list(range(rows))
    assert len(batches) == (1 if tokens < FULL_TOKENS else rows)
