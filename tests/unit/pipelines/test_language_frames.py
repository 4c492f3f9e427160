"""Frames: their syntax, and that every locale's frames are well formed and say their slots."""

import re

import pytest

from content_engine.errors import InvalidSettings
from pipelines.language.frames import Choice, Count, Frames, Option, Part, Slot, parse
from pipelines.language.realiser import known_locales

SLOTS = frozenset(
    re.findall(
        r"\w+",
        """item noun kind looks name brand by maker color material parts grammage details detail traits facts
    finish fit neckline sleeve pattern gender sizes size_from size_to size one_size format height width
    length depth diameter thickness weight capacity burn_time max_power power voltage cold_hours hot_hours
    print_width measures print_text print_motif print_color print_position scent flavor flavor_told ruling
    sheets pages pieces socket publisher author narrator closure value care care_part suitable labelled
    others view index""",
    )
)
MOVES = frozenset(
    re.findall(
        r"\w+",
        """title seo_title opening material story cut details print function sizes dimensions care rest closing
    meta alt ad bullet_material bullet_details bullet_function bullet_cut bullet_print bullet_sizes
    bullet_dimensions bullet_care bullet_more bullet_basic""",
    )
)


def slots(parts: tuple[Part, ...]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        if isinstance(part, Option):
            found |= slots(part.parts)
        elif isinstance(part, Slot):
            found |= {part.name, *part.extras}
        elif isinstance(part, Count):
            found.add(part.slot)
    return found


def test_a_frame_parses_into_its_parts() -> None:
    assert parse("{item+color:indef} <is|are> here[, {capacity}] {details?comes|come}.") == (
        Slot("item", ("color",), "indef"),
        " ",
        Choice(("is", "are")),
        " here",
        Option((", ", Slot("capacity"))),
        " ",
        Count("details", "comes", "come"),
        ".",
    )


@pytest.mark.parametrize("text", ["{item", "item}", "[{a}", "<a|b", "[a[b]]"])
def test_brackets_must_match(text: str) -> None:
    with pytest.raises(InvalidSettings, match="brackets"):
        parse(text)


@pytest.mark.parametrize("locale", known_locales())
def test_frames_ask_for_slots_and_moves_that_exist(locale: str) -> None:
    frames = Frames.load(locale)
    wrong = [
        f"[{move}] {frame.text}: {sorted(slots(frame.parts) - SLOTS)}"
        for move, table in frames.moves.items()
        for found in table.values()
        for frame in found
        if slots(frame.parts) - SLOTS
    ]
    assert not wrong, f"sentences/{locale}.toml:\n" + "\n".join(wrong)
    assert frames.moves.keys() <= MOVES, frames.moves.keys() - MOVES


@pytest.mark.parametrize("locale", known_locales())
def test_every_ad_voice_has_frames(locale: str) -> None:
    scopes = Frames.load(locale).moves["ad"]
    assert {"any@precise", "any@warm", "any@playful"} <= scopes.keys()
    assert all(len(scopes[f"any@{voice}"]) >= 3 for voice in ("precise", "warm", "playful"))
