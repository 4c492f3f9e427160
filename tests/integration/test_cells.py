"""Cells: strangers' bytes are decoded where a crash costs one file and nothing can be opened."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from PIL import Image

from assets import cells as cells_module
from assets.cells import CellDied, CellLimits, Cells, OutOfTime
from assets.errors import CorruptMedia, TooLarge, UnsupportedMedia
from assets.looks import LOOKS
from serving.bench.fuzz.command import fuzz
from serving.bench.fuzz.samples import samples
from serving.bench.fuzz.spoiling import spoilt

MOST = 32_000_000

TRAPS = """
import os, signal, socket, sys, time
from assets import cell, looks
from assets.looks import Seen

def died(data, most): os.kill(os.getpid(), signal.SIGSEGV)
def stray(data, most): raise ZeroDivisionError("nobody thought of it")
def busy(data, most):
    while True: pass
def asleep(data, most): time.sleep(60)
def greedy(data, most): return Seen(facts={"got": len(bytearray(8 << 30))})
def chatty(data, most): print("no answer"); return Seen(facts={"ok": True})
def opened(data, most):
    tries = {"file": lambda: open("/etc/passwd"), "written": lambda: open("x", "w"),
             "socket": socket.socket, "process": lambda: os.pipe()}
    def outcome(name):
        try: tries[name]()
        except OSError as error: return error.strerror
        return "done"
    return Seen(facts={name: outcome(name) for name in tries} | {"environ": sorted(os.environ)})
cell.LOOKS = {**looks.LOOKS, **{f.__name__: f for f in (died, stray, busy, asleep, greedy, chatty, opened)}}
cell.main()
"""


@pytest.fixture(scope="module")
def rooms() -> Iterator[Cells]:
    opened = Cells(1)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def trapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cells]:
    """A cell whose looks do what a broken decoder might."""
    monkeypatch.setattr(cells_module, "_PROGRAM", TRAPS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret of the service")
    opened = Cells(1, limits=CellLimits(cpu_s=1, wall_s=3.0))
    yield opened
    opened.close()


def picture(size_px: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size_px, "red").save(out, "PNG")
    return out.getvalue()


def test_a_cell_sees_what_this_process_sees(rooms: Cells) -> None:
    for name, data in samples().items():
        seen = rooms.look("everything", data, max_bytes=MOST)
        assert seen == LOOKS["everything"](data, MOST), name
    clean = rooms.look("person", picture(), max_bytes=MOST)
    assert clean.data.startswith(b"\xff\xd8")
    assert clean.facts == {"width_px": 40, "height_px": 30}


def test_errors_come_through_as_they_are(rooms: Cells) -> None:
    for data, kind, words in (
        (b"", CorruptMedia, "0 bytes"),
        (b"<svg/>", UnsupportedMedia, "an SVG drawing"),
        (picture()[:60], CorruptMedia, "cut short"),
    ):
        with pytest.raises(kind, match=words):
            rooms.look("media_facts", data, max_bytes=MOST)
    with pytest.raises(TooLarge, match="10 are allowed"):
        rooms.look("media_facts", picture(), max_bytes=10)


def test_what_kills_a_decoder_costs_one_file(trapped: Cells) -> None:
    for look in ("died", "stray"):
        with pytest.raises(CellDied, match="made its decoder"):
            trapped.look(look, b"x", max_bytes=MOST)
        assert trapped.look("media_facts", picture(), max_bytes=MOST).facts["width_px"] == 40


def test_endless_files_end(trapped: Cells) -> None:
    for look in ("busy", "asleep"):
        with pytest.raises(OutOfTime):
            trapped.look(look, b"x", max_bytes=MOST)
    assert trapped.look("chatty", b"x", max_bytes=MOST).facts == {"ok": True}


def test_a_cell_has_no_memory_no_files_no_secrets_to_give(trapped: Cells) -> None:
    with pytest.raises(CellDied, match="MemoryError"):
        trapped.look("greedy", b"x", max_bytes=MOST)
    told = dict(trapped.look("opened", b"x", max_bytes=MOST).facts)
    environ = told.pop("environ")
    assert set(told.values()) == {"Too many open files"}, told
    assert "AWS_SECRET_ACCESS_KEY" not in environ


def test_as_many_files_are_decoded_at_once_as_there_are_cells(trapped: Cells) -> None:
    told: list[str] = []

    def looked() -> None:
        told.append(trapped.look("media_facts", picture(), max_bytes=MOST).facts["media_type"])

    threads = [threading.Thread(target=looked) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["image/png"] * 6


def test_a_cell_ends_with_its_service() -> None:
    program = (
        "from assets.cells import Cells\n"
        "cells = Cells(1)\n"
        "print(cells.look('media_facts', bytes.fromhex(input()), max_bytes=10**6).facts)\n"
        "print(cells._free.queue[0]._process.pid, flush=True)\n"
        "import os; os._exit(1)\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        input=picture().hex(),
        capture_output=True,
        text=True,
        check=False,
    )
    number = int(run.stdout.split()[-1])
    for _ in range(100):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.05)
    pytest.fail("the cell lives on")


def test_spoilt_files_are_the_same_each_time_and_read_or_refused() -> None:
    known = samples()
    assert spoilt(known, seed=5, number=17).data == spoilt(known, seed=5, number=17).data
    found = fuzz(files=500, seed=5)
    assert not found.bad, found.bad
    assert {"read", "CorruptMedia"} <= {each.outcome for each in found.told}
