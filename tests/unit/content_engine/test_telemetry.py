"""What the log says, and what it never says."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from content_engine.telemetry import JsonLines, bound_to_job

WORDS = "a prompt of a shopper"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("serving.test_telemetry")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, out
    logger.removeHandler(handler)


def fail() -> None:
    raise KeyError(WORDS)


def test_an_error_s_words_stay_out_of_the_log(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, out = log
    try:
        try:
            fail()
        except KeyError as error:
            raise ValueError(f"cannot do {WORDS}") from error
    except ValueError:
        with bound_to_job("job-7"):
            logger.exception("job.bug")
    line = json.loads(out.getvalue())
    assert WORDS not in out.getvalue(), "an exception's message was logged"
    assert (line["event"], line["job_id"]) == ("job.bug", "job-7")
    assert "test_telemetry.py" in line["error"]
    assert "KeyError\n" in line["error"]
