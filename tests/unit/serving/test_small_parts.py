"""News, logs, metrics, the doctor's verdicts and the bench's promises."""

import asyncio
import io
import json
import logging
import socket
import stat
from pathlib import Path

import pytest

from content_engine.config import Settings
from content_engine.telemetry import Metrics, bound_to_job, log_to, timed
from serving.bench.speed import Measure
from serving.doctor import checks
from serving.doctor.findings import Health
from serving.news import News


def test_news_between_look_and_wait_is_not_missed() -> None:
    async def run() -> None:
        news = News()
        with news.watch_job("a") as watch, news.watch_work() as work:
            news.changed("a")
            news.submitted()
            await asyncio.wait_for(watch.wait(3600), 30)
            await asyncio.wait_for(work.wait(3600), 30)

    asyncio.run(run())


def test_news_of_another_job_wakes_nobody() -> None:
    async def run() -> float:
        news, loop = News(), asyncio.get_running_loop()
        with news.watch_job("a") as watch:
            news.changed("b")
            start = loop.time()
            await watch.wait(0.05)
            return loop.time() - start

    assert asyncio.run(run()) >= 0.04


@pytest.fixture
def log_lines() -> io.StringIO:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    stream = io.StringIO()
    log_to(stream)
    yield stream
    root.handlers[:], level = kept
    root.setLevel(level)


def test_log_lines_are_json_and_carry_the_job(log_lines: io.StringIO) -> None:
    with bound_to_job("job-1"):
        logging.getLogger("serving.test").info("job.ended", extra={"status": "failed"})
    logging.getLogger("serving.test").info("later")
    first, second = (json.loads(line) for line in log_lines.getvalue().splitlines())
    assert (first["event"], first["job_id"], first["status"]) == ("job.ended", "job-1", "failed")
    assert "job_id" not in second


def test_timed_tells_also_what_failed() -> None:
    took: list[float] = []
    with pytest.raises(ZeroDivisionError), timed(took.append):
        raise ZeroDivisionError
    assert took[0] >= 0


def test_two_engines_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.running.labels("text").inc()
    assert b'ce_running_jobs{kind="text"} 1.0' in one.text()
    assert b'ce_running_jobs{kind="text"}' not in other.text()


CHEAP = [
    checks.python,
    checks.cores,
    checks.memory,
    checks.disk,
    checks.shared_memory,
    checks.writable,
    checks.clock,
    checks.keys,
    checks.chromium,
]


@pytest.mark.parametrize("check", CHEAP, ids=lambda check: check.__name__)
def test_no_check_leaves_a_person_without_a_mend(check, tmp_path: Path) -> None:
    finding = check(Settings(data_dir=tmp_path))
    assert finding.seen
    assert finding.mend or finding.health is Health.GOOD


def test_keys_that_others_can_read_are_broken(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "key.pem"
    key.parent.mkdir()
    key.write_text("-----BEGIN PRIVATE KEY-----")
    key.chmod(0o644)
    settings = Settings(data_dir=tmp_path)
    assert checks.keys(settings).mend == f"chmod 600 {key}"
    key.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert checks.keys(settings).health is Health.GOOD


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(data_dir=tmp_path, port=taken.getsockname()[1])
        assert checks.port(settings).health is Health.WEAK


@pytest.mark.parametrize(
    ("better", "value", "kept"), [("lower", 59, True), ("lower", 61, False), ("higher", 61, True)]
)
def test_a_promise_has_a_side(better: str, value: float, kept: bool) -> None:
    assert Measure(name="m", value=value, unit="", promised=60, better=better).kept is kept
