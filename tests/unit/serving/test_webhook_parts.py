"""Webhooks' small parts: the schedule of tries, Retry-After, signatures, sealed secrets."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from content_engine.errors import InvalidSettings
from serving.webhooks.schedule import asked_s, schedule
from serving.webhooks.signing import Seal, new_secret, signature

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLAN = schedule()
CHANCE = st.floats(min_value=0, max_value=1)


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    assert sum(PLAN.delays_s) == 75 * 3600 + 35 * 60 + 5, "the last try comes after 75:35:05"
    assert PLAN.delays_s[:3] == (5, 300, 1800)
    assert PLAN.lease_s > PLAN.total_s


@given(tries=st.integers(1, 9), chance=CHANCE, asked=st.floats(0, 1e7))
def test_no_try_comes_sooner_than_planned_or_asked_for(
    tries: int, chance: float, asked: float
) -> None:
    delay_s = PLAN.next_in_s(tries, chance=chance, asked_s=asked)
    assert delay_s is not None
    planned_s = PLAN.delays_s[tries - 1]
    assert delay_s >= max(planned_s, min(asked, PLAN.retry_after_most_s))
    assert delay_s <= max(planned_s * (1 + PLAN.jitter_share), PLAN.retry_after_most_s)


@given(first=CHANCE, second=CHANCE, tries=st.integers(1, 8))
def test_waits_grow_from_try_to_try(first: float, second: float, tries: int) -> None:
    sooner, later = (
        PLAN.next_in_s(count, chance=chance)
        for count, chance in ((tries, first), (tries + 1, second))
    )
    assert sooner is not None
    assert later is not None
    # The last delays grow by a fifth only, which is what chance may add.
    assert later >= sooner * (1 if tries < 8 else 0.99)


@given(tries=st.integers(10, 1000), chance=CHANCE, asked=st.floats(0, 1e7))
def test_after_the_tenth_try_a_message_is_dead(tries: int, chance: float, asked: float) -> None:
    assert PLAN.next_in_s(tries, chance=chance, asked_s=asked) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("", 0),
        ("120", 120),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0),
        ("soon", 0),
        ("-5", 0),
        ("1e9", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float) -> None:
    assert asked_s(said, now=NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_is_too_strange(said: str) -> None:
    assert asked_s(said, now=NOW) >= 0


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5))
def test_the_standard_package_verifies_each_of_two_signatures(data: dict[str, str]) -> None:
    old, new = new_secret(), new_secret()
    body, at_s = json.dumps(data, ensure_ascii=False), int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at_s),
        "webhook-signature": signature([new, old], message_id="msg_1", at_s=at_s, body=body),
    }
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers) == data
    for other in (
        headers | {"webhook-id": "msg_2"},
        headers | {"webhook-timestamp": str(at_s - 1)},
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(new).verify(body, other)


def test_a_sealed_secret_opens_for_its_tenant_and_folder_only(tmp_path: Path) -> None:
    seal, secret = Seal.open(tmp_path), new_secret()
    sealed = seal.seal(secret, tenant="shop")
    assert secret not in sealed
    assert Seal.open(tmp_path).unseal(sealed, tenant="shop") == secret
    assert (tmp_path / "webhooks.secret").stat().st_mode & 0o777 == 0o600
    for other, tenant in ((seal, "hats"), (Seal.open(tmp_path / "other"), "shop")):
        with pytest.raises(InvalidSettings, match="another key"):
            other.unseal(sealed, tenant=tenant)
    with pytest.raises(InvalidSettings):
        seal.unseal("no seal", tenant="shop")
