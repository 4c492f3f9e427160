"""The glitch detector on generated clips that a person labelled, and its bench on a bare CSV."""

import shutil
from pathlib import Path

import pytest

from content_engine.errors import NotFound
from qa.film.reel import read_reel
from qa.film.risk.glitch import glitch, look
from qa.film.sudden.spikes import LIMIT, spikes
from serving.bench.video.natural import report
from serving.bench.video.natural_table import print_natural

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def media(shared_data: Path) -> Path:
    return shared_data / "clips" / "media"


def test_a_paddle_that_vanishes_outranks_a_calm_clip(media: Path) -> None:
    bad = read_reel((media / "q001.mp4").read_bytes())
    calm = read_reel((media / "q006.mp4").read_bytes())
    assert glitch(bad).value > 0.7
    assert glitch(calm).value < 0.3
    assert 27 <= look(bad).peaks[0].at <= 48, "the labelled fault is in frames 27 to 48"
    assert spikes(calm).value <= LIMIT


def test_a_csv_of_files_and_answers_is_enough(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("q024.gif", "q025.gif"):
        shutil.copy(media / name, tmp_path)
    labels = tmp_path / "labels.csv"
    labels.write_text("file,glitchy\nq024.gif,yes\nq025.gif,no\n", encoding="utf-8")
    seen = report(tmp_path, labels)
    assert seen.by_shipped.auroc == 1.0
    assert all(row.known for row in seen.rows), "both clips are in the shipped reference"
    print_natural(seen)
    assert "leave one clip out" in capsys.readouterr().out


def test_a_missing_clip_is_named(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("file,glitchy\nnowhere.mp4,yes\n", encoding="utf-8")
    with pytest.raises(NotFound, match=r"nowhere\.mp4"):
        report(tmp_path, labels)
