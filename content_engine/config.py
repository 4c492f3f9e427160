"""Settings: read once at start, typed, handed down as arguments. The only reader of `CE_*`.

Order: defaults < TOML file < environment (`CE_PORT=8080`). An unknown key refuses to start.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from content_engine.errors import InvalidSettings

ENV_PREFIX = "CE_"
_AT_LEAST_ONE = (
    "text_replicas",
    "image_replicas",
    "video_replicas",
    "inspector_replicas",
    "jobs_in_flight",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can set. Sizes in bytes, times in seconds, paths as given.

    data_dir: ledger, assets and keys live under it; made at first start, mode 0700.
    host, port: where the HTTP door listens; other than loopback is refused (the door has no keys).
    store_url: where assets live; empty: `data_dir/assets`. `s3://bucket/prefix` works too.
    key_dir: signing keys; empty: `data_dir/keys`. Operators put `chain.pem` and `key.pem` there.
    body_max_bytes: the largest request body. fetch_max_bytes, fetch_timeout_s: per picture.
    text_replicas, image_replicas, video_replicas, inspector_replicas: Ray Serve replicas of each.
    cpu_per_replica: cores that Ray reserves for each.
    lease_s: how long a claimed job may be silent before another worker takes it.
    jobs_in_flight: how many jobs one dispatcher carries at once.
    fetch_allow_networks: private networks that product pictures may be fetched from (CIDR).
    spoilt_share: share of the clips (0 to 1) that is spoilt on purpose, so that a rehearsal of the
    reviewers' queue has faults to find; 0 in production.
    """

    data_dir: Path = Path("content-engine-data")
    host: str = "127.0.0.1"
    port: int = 8484
    store_url: str = ""
    key_dir: str = ""
    body_max_bytes: int = 32_000_000
    fetch_max_bytes: int = 32_000_000
    fetch_timeout_s: float = 20.0
    fetch_allow_networks: tuple[str, ...] = ()
    text_replicas: int = 1
    image_replicas: int = 2
    video_replicas: int = 1
    inspector_replicas: int = 1
    cpu_per_replica: float = 0.25
    lease_s: float = 60.0
    jobs_in_flight: int = 8
    spoilt_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuses values that cannot work. Raises InvalidSettings."""
        _require_loopback(self.host)
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise InvalidSettings(f"{name} must be 1 or more, not {getattr(self, name)}")
        if not 0 <= self.spoilt_share <= 1:
            raise InvalidSettings(f"spoilt_share is a share from 0 to 1, not {self.spoilt_share}")
        if self.lease_s <= 0 or self.fetch_timeout_s <= 0:
            raise InvalidSettings("lease_s and fetch_timeout_s must be greater than 0")

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return f"sqlite:///{self.data_dir / 'ledger.db'}"

    @property
    def assets_url(self) -> str:
        """URL or path of the asset store."""
        return self.store_url or str(self.data_dir / "assets")

    @property
    def keys_path(self) -> Path:
        """Folder of the signing keys."""
        return Path(self.key_dir) if self.key_dir else self.data_dir / "keys"


def _require_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InvalidSettings(
            f"host {host!r} is not a loopback address: the door knows no keys yet, so put a "
            "reverse proxy that does in front of it"
        )


def load_settings(
    file: Path | None = None, *, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings of a TOML file and the environment (`os.environ` unless one is given).

    Raises InvalidSettings naming the key, the value and where it stood.
    """
    values: dict[str, Any] = {}
    if file is not None:
        values |= _checked(_read_file(file), where=str(file))
    given = os.environ if environ is None else environ
    from_environ = {
        name.removeprefix(ENV_PREFIX).lower(): _listed(name, text)
        for name, text in given.items()
        if name.startswith(ENV_PREFIX)
    }
    values |= _checked(from_environ, where=f"the environment ({ENV_PREFIX}…)")
    try:
        return TypeAdapter(Settings).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InvalidSettings(f"setting {key}: {first['msg']}, got {first['input']!r}") from error


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(f"cannot read settings from {file}: {error}") from error


def _listed(name: str, text: str) -> Any:
    """Comma lists for the one setting that is a list; everything else as it stands."""
    if name == f"{ENV_PREFIX}FETCH_ALLOW_NETWORKS":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _checked(values: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    known = {field.name for field in fields(Settings)}
    if unknown := sorted(set(values) - known):
        raise InvalidSettings(
            f"unknown setting {unknown[0]!r} in {where}; known: {', '.join(sorted(known))}"
        )
    return dict(values)
