"""`content-engine backup` and `restore`: ledger, assets and keys into a folder, and back.

The ledger is copied first, while the service runs: assets are stored before the ledger names them,
so that the files copied after it hold all it names. Shoppers' photos are never copied: they must
vanish. A second backup into the same folder copies only the assets that are new.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.errors import BackendUnavailable, InvalidSettings
from content_engine.ledger import Ledger
from content_engine.ledger.sql import VERSION
from serving import fsck

_SQLITE = "sqlite:///"
_FILE, _DUMP, _ABOUT = "ledger.db", "ledger.dump", "backup.json"
_PAGES_AT_ONCE = 4096
"""16 MB between two looks at whether somebody wants to write: nobody waits longer than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a backup holds: when it was taken, of which schema, how many assets, how many new."""

    at: str
    schema: int
    ledger: str
    assets: int
    new_assets: int


def back_up(settings: Settings, folder: Path) -> About:
    """What now lies in the folder (made if absent, mode 0700): it holds the keys, guard it.

    Safe while the service runs. Raises InvalidSettings when there is no ledger yet,
    BackendUnavailable when Postgres's own programs are missing or fail.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = _keep_ledger(settings.ledger_place, folder)
    if settings.keys_path.is_dir():
        shutil.copytree(settings.keys_path, folder / "keys", dirs_exist_ok=True)
    found = AssetStore.open(settings.assets_url)
    assets, new = _copy(found, AssetStore.open(str(folder / "assets")))
    at = datetime.now(UTC).isoformat(timespec="seconds")
    about = About(at=at, schema=VERSION, ledger=name, assets=assets, new_assets=new)
    (folder / _ABOUT).write_text(json.dumps(asdict(about), indent=1) + "\n", encoding="utf-8")
    return about


def restore(settings: Settings, folder: Path) -> int:
    """The exit code of `fsck` over what was restored: 0 when ledger and store agree.

    Raises InvalidSettings for a folder that is no backup, or a ledger that holds something.
    """
    about = _about(folder)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _bring_ledger(folder / about.ledger, settings.ledger_place)
    if (folder / "keys").is_dir():
        shutil.copytree(folder / "keys", settings.keys_path, dirs_exist_ok=True)
        settings.keys_path.chmod(0o700)
    _copy(AssetStore.open(str(folder / "assets")), AssetStore.open(settings.assets_url))
    return fsck.run(settings, mend=False)


def _about(folder: Path) -> About:
    try:
        return About(**json.loads((folder / _ABOUT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSettings(f"{folder} is no backup: {_ABOUT} can't be read ({error})") from error


def _keep_ledger(place: str, folder: Path) -> str:
    if not place.startswith(_SQLITE):
        # Unfinished dumps must not stand in the place of the last whole one.
        part = folder / f"{_DUMP}.part"
        _run("pg_dump", ["--format=custom", "--file", str(part), "--dbname", place])
        part.replace(folder / _DUMP)
        return _DUMP
    source = Path(place.removeprefix(_SQLITE))
    if not source.is_file():
        raise InvalidSettings(f"there is no ledger at {source}: nothing to back up")
    part = folder / f"{_FILE}.part"
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as ledger, closing(sqlite3.connect(part)) as copy:
        ledger.backup(copy, pages=_PAGES_AT_ONCE)
        _check(copy, part)
    part.replace(folder / _FILE)
    return _FILE


def _bring_ledger(source: Path, place: str) -> None:
    if not place.startswith(_SQLITE):
        _check_empty(place)
        _run("pg_restore", ["--no-owner", "--clean", "--if-exists", "--dbname", place, str(source)])
        return
    target = Path(place.removeprefix(_SQLITE))
    if target.is_file():
        _check_empty(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    for rest in ("-wal", "-shm"):
        Path(f"{target}{rest}").unlink(missing_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.copyfile(source, part)
    part.replace(target)


def _check_empty(place: str) -> None:
    """Raises InvalidSettings when the ledger there holds a job or a product."""
    ledger = Ledger.open(place)
    try:
        standing = ledger.standing()
        if standing.jobs or standing.not_begun or ledger.products("default", limit=1):
            raise InvalidSettings(
                "the ledger holds work already: restore into an empty data_dir or database"
            )
    finally:
        ledger.close()


def _check(copy: sqlite3.Connection, file: Path) -> None:
    (said,) = copy.execute("PRAGMA quick_check").fetchone()
    if said != "ok":
        raise BackendUnavailable(f"the copy {file} is not sound ({said}): check the disk")


def _copy(source: AssetStore, target: AssetStore) -> tuple[int, int]:
    """Copies the assets that the target lacks: how many there are, how many were new."""
    assets = new = 0
    for stored in source.listed():
        if not stored.digest:
            continue
        assets += 1
        if not target.has(stored.digest):
            if target.put(source.get(stored.digest)) != stored.digest:
                raise BackendUnavailable(
                    f"asset {stored.digest} is damaged where it lies: see fsck"
                )
            new += 1
    return assets, new


def _run(program: str, arguments: Sequence[str]) -> None:
    path = shutil.which(program)
    if path is None:
        raise BackendUnavailable(f"{program} is not on the PATH: install Postgres's own programs")
    done = subprocess.run(  # noqa: S603 - Postgres's own program
        [path, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackendUnavailable(f"{program} failed: {done.stderr.strip()[-500:]}")
