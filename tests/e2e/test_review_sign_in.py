"""Signing in at the reviewer page, in a real browser, over the real door."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from content_engine.access import AccessKey, Scope
from serving.keyfile import KeyFile
from tests.browser import launched, listened
from tests.e2e.review_kit import Shop, opened_shop, opened_workshop

pytestmark = pytest.mark.browser
KEY = "ce_ruths"
RUTH = AccessKey(name="Ruth", sha256=hashlib.sha256(KEY.encode()).hexdigest(), scope=Scope.REVIEWER)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    file = KeyFile(tmp_path / "access.toml")
    file.write([RUTH])
    return file


@pytest.fixture
def shop(tmp_path: Path, keys: KeyFile) -> Iterator[Shop]:
    with (
        opened_workshop(tmp_path / "workshop") as workshop,
        opened_shop(workshop, tmp_path, keys=keys) as shop,
    ):
        yield shop


@pytest.fixture
def page() -> Iterator[Any]:
    with launched() as browser:
        yield listened(browser.new_page())


def sign_in(page: Any, key: str) -> None:
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_a_reviewer_signs_in_answers_and_signs_out(shop: Shop, keys: KeyFile, page: Any) -> None:
    job = shop.copy_case("10-A", "en", changes={"title": "A wrong title"})
    page.goto(f"{shop.url}/review")
    assert page.url.endswith("/review/sign-in"), "without a session the form comes first"
    sign_in(page, "ce_guessed")
    page.get_by_text("This key is unknown").wait_for()
    sign_in(page, KEY)
    page.locator(".case:not(.waiting)").wait_for()
    assert page.locator("#reviewer").inner_text() == "Sign out Ruth"
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.locator("#empty").wait_for()
    told = [event.words for event in shop.ledger.job_history(job.id, "default")]
    assert any("by Ruth" in text for text in told), told
    page.locator("#rename").click()
    page.wait_for_url("**/review/sign-in")
    assert not page.context.cookies()
    sign_in(page, KEY)
    page.locator("#empty").wait_for()
    keys.write([])
    page.wait_for_timeout(1100)
    page.locator("#look-again").click()
    page.wait_for_url("**/review/sign-in")
    assert all("401" in each for each in page.complaints), page.complaints
