"""The main job, as a shell runs it: real feed, real Ray Serve, real makers and judges."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from content_engine.ledger import Ledger

pytestmark = pytest.mark.cluster
COMMAND = [sys.executable, "-m", "serving.cli", "produce"]
OPTIONS = ["--locales", "en,ar", "--aspects", "1:1"]
FIELDS = [
    "sku",
    "kind",
    "locale",
    "channel",
    "path",
    "sha256",
    "width",
    "height",
    "duration_s",
    "backend",
    "recipe",
    "verdict",
    "scores",
    "evidence",
    "seconds",
]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A product of the samples, a broken line, and a product whose picture is missing."""
    folder = tmp_path_factory.mktemp("feed")
    mug = (samples / "products.jsonl").read_text(encoding="utf-8").splitlines()[0]
    for picture in samples.glob("mug-*.jpg"):
        shutil.copy(picture, folder)
    bare = json.loads(mug) | {"id": "NO-PICTURE/1", "image_link": "gone.jpg"}
    bare.pop("additional_image_link", None)
    (folder / "feed.jsonl").write_text("\n".join([mug, "{broken", json.dumps(bare)]))
    return folder / "feed.jsonl"


@pytest.fixture(scope="module")
def run(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The output folder and what the console said."""
    out = tmp_path_factory.mktemp("out") / "made"
    said = produced(feed, out)
    return out, said


def produced(feed: Path, out: Path) -> str:
    done = subprocess.run(
        [*COMMAND, str(feed), "--out", str(out), *OPTIONS],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def manifest(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def test_every_product_gets_its_assets(run: tuple[Path, str]) -> None:
    made = {(line["sku"], line["role"], line["locale"]) for line in manifest(run[0])}
    for sku in ("SC-MUG-350-OAT", "NO-PICTURE/1"):
        assert {(sku, "copy", "en"), (sku, "copy", "ar")} <= made
    roles = {role for owner, role, _ in made if owner == "SC-MUG-350-OAT"}
    assert {"packshot-1x1", "cutout-1x1", "scene-1x1", "clip-1x1", "poster-1x1"} <= roles


def test_the_manifest_tells_the_truth_about_each_file(run: tuple[Path, str]) -> None:
    judged = {line["recipe"] for line in manifest(run[0]) if line["scores"]}
    for line in manifest(run[0]):
        assert set(FIELDS) <= set(line)
        data = (run[0] / line["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == line["sha256"]
        assert line["verdict"] in ("ACCEPT", "REVIEW", "REJECT")
        assert line["reasons"] or line["verdict"] == "ACCEPT", "no verdict without a reason"
        assert line["recipe"] in judged, "nothing ships unjudged"
        assert line["scores"], f"{line['role']} has no score of its own"


def test_faults_are_told_by_line_and_stop_nothing(run: tuple[Path, str]) -> None:
    assert "line 2" in run[1]
    assert "line 3" in run[1]
    assert "gone.jpg" in run[1].replace("\n", "")
    bare = [line for line in manifest(run[0]) if line["sku"] == "NO-PICTURE/1"]
    assert {line["kind"] for line in bare} == {"text"}, "copy needs no picture"


def test_the_page_shows_every_accepted_file(run: tuple[Path, str]) -> None:
    html = (run[0] / "index.html").read_text(encoding="utf-8")
    shipped = [line["path"] for line in manifest(run[0]) if line["verdict"] == "ACCEPT"]
    assert shipped
    assert [path for path in shipped if path not in html] == []


def test_a_second_run_does_nothing_again(run: tuple[Path, str], feed: Path) -> None:
    def attempts() -> int:
        ledger = Ledger.open(f"sqlite:///{run[0] / '.engine' / 'ledger.db'}")
        count = sum(cost.attempts for cost in ledger.costs("default"))
        ledger.close()
        return count

    before, lines = attempts(), manifest(run[0])
    produced(feed, run[0])
    assert attempts() == before, "recorded work was done again"
    assert manifest(run[0]) == lines


def test_a_stopped_run_leaves_nothing_running_and_goes_on(feed: Path, tmp_path: Path) -> None:
    command = [*COMMAND, str(feed), "--out", str(tmp_path), "--kinds", "text", "--locales", "en"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    while "ready" not in running.stdout.readline():
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode in (0, 130), said
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line["sku"] for line in manifest(tmp_path)} >= {"SC-MUG-350-OAT", "NO-PICTURE/1"}
