"""The bench of the queue measures what it says, on a ledger small enough for a test."""

from pathlib import Path

from serving.bench import queue
from tests.ledgers import empty_ledger


def test_claims_are_measured_at_every_depth(tmp_path: Path) -> None:
    found = list(queue.claim_times(empty_ledger(tmp_path), (1_000, 2_000), claims=10))
    assert [claims.behind for claims in found] == [1_000, 2_000]
    for claims in found:
        assert 0 < claims.p50_ms <= claims.p95_ms
        assert claims.cpu_ms == claims.client_ms + claims.server_ms
        assert claims.server_ms == 0, "SQLite has no server: nobody else's seconds may be counted"
