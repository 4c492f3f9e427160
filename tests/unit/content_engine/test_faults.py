"""The vocabulary of faults: every word a judge uses is in it, and people can pick it."""

import re
from pathlib import Path

import pytest

from content_engine.errors import NotFound
from content_engine.faults import fault_kind, fault_kinds
from content_engine.types import Kind
from qa.text.judge import METRICS

REPOSITORY = Path(__file__).resolve().parents[3]


def test_every_fault_of_copy_has_words() -> None:
    lacking = {kind for kinds in METRICS.values() for kind in kinds} - set(fault_kinds(Kind.TEXT))
    assert not lacking, f"add these to faults.toml: {lacking}"


def test_every_fault_of_a_picture_has_words() -> None:
    sources = (path.read_text() for path in (REPOSITORY / "qa/vision").glob("*.py"))
    used = {kind for text in sources for kind in re.findall(r'fault\(\s*"(\w+)"', text)}
    lacking = used - set(fault_kinds(Kind.IMAGE))
    assert len(used) > 8
    assert not lacking, f"add these to faults.toml: {lacking}"


@pytest.mark.parametrize("media", [Kind.TEXT, Kind.IMAGE, Kind.VIDEO])
def test_a_digit_picks_one_fault(media: Kind) -> None:
    keys = [fault.key for fault in fault_kinds(media).values() if fault.key is not None]
    assert len(set(keys)) == len(keys)
    assert set(keys) <= set(range(10))


@pytest.mark.parametrize("media", [Kind.TEXT, Kind.IMAGE, Kind.VIDEO])
def test_a_mark_that_has_no_name_can_be_sent(media: Kind) -> None:
    assert "other" in fault_kinds(media), "the page calls a mark so that was given no kind"


def test_faults_with_a_key_come_first_in_the_order_of_the_keyboard() -> None:
    keys = [fault.key for fault in fault_kinds(Kind.VIDEO).values()]
    assert keys[:10] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


def test_an_unknown_fault_names_the_known_ones() -> None:
    with pytest.raises(NotFound, match="freeze"):
        fault_kind("sparkle", media=Kind.VIDEO)
