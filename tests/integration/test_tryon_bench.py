"""`content-engine bench tryon` against a running door: numbers for every promise, honest misses."""

import asyncio
from pathlib import Path

import pytest
from tryon_kit import boutique, picture

from content_engine.errors import InvalidBrief
from serving.bench import tryon_door


def test_it_measures_a_running_service(
    tmp_path: Path, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [samples / "people" / name for name in ("person-a.jpg", "person-b.jpg")]
    garments = [samples / "tshirt-main.jpg", samples / "sweater-main.jpg"]
    wardrobe = tryon_door.wardrobe(people, garments=garments)

    async def scene() -> int:
        async with boutique(tmp_path) as shop:
            return await asyncio.to_thread(tryon_door.run, wardrobe, rounds=2, url=shop.url)

    assert asyncio.run(scene()) in {0, 1}, "kept or not: this machine may be busy"
    said = capsys.readouterr().out
    assert "first preview, p50" in said
    assert "inf" not in said, "something was not measured"


def test_what_was_never_shown_keeps_no_promise(tmp_path: Path) -> None:
    """Everybody is refused: that must not look fast."""
    refused = tmp_path / "red.jpg"
    refused.write_bytes(picture("red", size=(768, 1024), exif=False))
    wardrobe = tryon_door.Wardrobe(people=[refused], garments=[refused, refused])

    async def scene() -> int:
        async with boutique(tmp_path) as shop:
            return await asyncio.to_thread(tryon_door.run, wardrobe, rounds=1, url=shop.url)

    assert asyncio.run(scene()) == 1


def test_without_pictures_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(InvalidBrief, match="photos of people"):
        tryon_door.run(tryon_door.wardrobe([tmp_path], garments=[]), rounds=1)
