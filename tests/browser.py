"""Finds the Chromium that the page tests drive; `tests/install_chromium.sh` installs one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The path of an installed Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def launched(*flags: str) -> Iterator[Any]:
    """A running browser; skips the test where there is none, saying how to get one."""
    path = chromium()
    if path is None:
        pytest.skip("needs a Chromium: sh tests/install_chromium.sh")
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=["--no-sandbox", *flags])
        yield browser
        browser.close()


def listened(page: Any) -> Any:
    """The page, its `complaints` holding whatever the console or a script complained about."""
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page
