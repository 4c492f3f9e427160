"""Shares of tenants by the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from content_engine.errors import InvalidSettings
from serving.shares import shares
from tests.ledgers import empty_ledger


def test_shares_are_set_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_ledger(tmp_path)
    monkeypatch.setenv("CE_DATA_DIR", str(tmp_path))
    runner = CliRunner()
    for tenant, limits in (("b", ["--running", "4"]), ("a", ["--weight", "2.5"])):
        assert runner.invoke(shares, ["set", tenant, *limits]).exit_code == 0
    assert runner.invoke(shares, ["list"]).stdout.splitlines() == [
        "a weight 2.5, at most any running and any waiting",
        "b weight 1, at most 4 running and any waiting",
    ]
    refused = runner.invoke(shares, ["set", "c", "--weight", "0"])
    assert isinstance(refused.exception, InvalidSettings)
