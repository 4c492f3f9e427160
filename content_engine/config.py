"""Settings: read once at start, typed, handed down as arguments. The only reader of `CE_*`.

Order: defaults < TOML file < environment (`CE_PORT=8080`). An unknown key refuses to start.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from content_engine.errors import InvalidSettings

ENV_PREFIX = "CE_"
_NETWORKS = frozenset({f"{ENV_PREFIX}FETCH_ALLOW_NETWORKS", f"{ENV_PREFIX}WEBHOOK_ALLOW_NETWORKS"})
_AT_LEAST_ONE = (
    "text_replicas",
    "image_replicas",
    "video_replicas",
    "tryon_replicas",
    "inspector_replicas",
    "jobs_in_flight",
)


_SHA256 = re.compile(r"[0-9a-f]{64}")
_DEVICE = re.compile(r"auto|none|cpu|cuda(:\d+)?")
_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a name of its own there, checked for its owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A web shop that may ask for try-ons, and for nothing else, with the key it was given.

    key_sha256: of its key; `content-engine keys new` makes both. origins: the pages that may use
    it (`https://shop.example`). photo_ttl_s: how long a shopper's photo lives, 0: as in Settings.
    cache_results: lets browsers keep results; else they are told not to store them.
    tenant: whose products it sells.
    """

    name: str
    key_sha256: str
    origins: tuple[str, ...] = ()
    tryons_per_minute: int = 60
    photo_ttl_s: float = 0.0
    cache_results: bool = False
    tenant: str = "default"

    def __post_init__(self) -> None:
        """Refuses values that cannot work. Raises InvalidSettings."""
        if not _SHA256.fullmatch(self.key_sha256):
            raise InvalidSettings(f"key_sha256 of shop {self.name!r} must be 64 hex digits")
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise InvalidSettings(
                    f"origin {origin!r} of shop {self.name!r}: write it as browsers do, "
                    "lower case, without a path: https://shop.example"
                )
        if self.tryons_per_minute < 1 or self.photo_ttl_s < 0:
            raise InvalidSettings(
                f"shop {self.name!r}: tryons_per_minute is 1 or more, photo_ttl_s not negative"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can set. Sizes in bytes, times in seconds, paths as given.

    data_dir: ledger, assets and keys live under it; made at first start, mode 0700.
    host, port: where the HTTP door listens; beyond loopback only with keys (`content-engine keys`).
    ledger_url: the ledger's database; empty: SQLite in `data_dir/ledger.db`. A server's:
    `postgresql://user@host/name`, for several doors and dispatchers.
    store_url: where assets live; empty: `data_dir/assets`. `s3://bucket/prefix` works too.
    key_dir: signing keys; empty: `data_dir/keys`. Operators put `chain.pem` and `key.pem` there.
    body_max_bytes: the largest request body. fetch_max_bytes, fetch_timeout_s: per picture.
    text_replicas, image_replicas, video_replicas, tryon_replicas, inspector_replicas: Ray Serve
    replicas of each.
    cpu_per_replica: cores that Ray reserves for each.
    lease_s: how long a claimed job may be silent before another worker takes it.
    jobs_in_flight: how many jobs one dispatcher carries at once.
    fetch_allow_networks: private networks that product pictures may be fetched from (CIDR).
    webhook_allow_networks: private networks that webhooks may be sent to, by http too (CIDR).
    spoilt_share: share of the clips (0 to 1) that is spoilt on purpose, so that reviewers have
    faults to find whose answer is known; what was spoilt never ships. 0.01 keeps them measured.
    vault_dir: shoppers' photos and what is made of them, encrypted; empty: `data_dir/vault`.
    vault_key_dir: their keys, a folder in memory; empty: one in /dev/shm named after `vault_dir`.
    photo_ttl_s: how long they live unless the shop says otherwise.
    shops: who may ask for try-ons with a key; none: the door asks for no key.
    device: what generative models run on: `auto` (a CUDA device if there is one), `cuda:0`, `cpu`,
    or `none`. models_dir: folder of their weights, a folder a model; empty: the hub's cache.
    allow_noncommercial: lets models be used whose licence forbids commercial use.
    max_batch_tokens: the longest sequence of one model step. canvas_max_pixels: the most pixels
    that a model is asked to paint, 0: the model's own sizes. checkpoint_every_s: how much
    denoising a crash may cost; 0: all of it. calibrate_s: how long the start may take to measure
    which batches pay on the device; 0: the loop learns it while it works. compile_s: how long it
    may take to compile each model and see where that wins; 0: none is compiled. strict: a recipe
    gives the same bytes alone or in company, at the price of stepping alone.
    brand_loras: the adapter of each brand's style, by the brand's name in the feed.
    device_prices: what a second costs by device (`cuda`, or one of them: `cuda:1`; `cpu`), in
    `currency`; CE_DEVICE_PRICES=cuda=0.0007,cpu=0.00001 in the environment.
    trace_to: where spans go: `http://collector:4318`, `file:PATH` (a line each), empty: nowhere.
    """

    data_dir: Path = Path("content-engine-data")
    host: str = "127.0.0.1"
    port: int = 8484
    ledger_url: str = ""
    store_url: str = ""
    key_dir: str = ""
    body_max_bytes: int = 32_000_000
    fetch_max_bytes: int = 32_000_000
    fetch_timeout_s: float = 20.0
    fetch_allow_networks: tuple[str, ...] = ()
    webhook_allow_networks: tuple[str, ...] = ()
    text_replicas: int = 1
    image_replicas: int = 2
    video_replicas: int = 1
    tryon_replicas: int = 1
    inspector_replicas: int = 1
    cpu_per_replica: float = 0.25
    lease_s: float = 60.0
    jobs_in_flight: int = 8
    spoilt_share: float = 0.0
    vault_dir: str = ""
    vault_key_dir: str = ""
    photo_ttl_s: float = 900.0
    shops: tuple[Shop, ...] = ()
    device: str = "auto"
    models_dir: str = ""
    allow_noncommercial: bool = False
    max_batch_tokens: int = 32_768
    canvas_max_pixels: int = 0
    checkpoint_every_s: float = 2.0
    calibrate_s: float = 45.0
    compile_s: float = 0.0
    strict: bool = False
    brand_loras: Mapping[str, str] = field(default_factory=dict[str, str])
    device_prices: Mapping[str, float] = field(default_factory=dict[str, float])
    currency: str = "EUR"
    trace_to: str = ""

    def __post_init__(self) -> None:
        """Refuses values that cannot work. Raises InvalidSettings."""
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise InvalidSettings(f"{name} must be 1 or more, not {getattr(self, name)}")
        if not 0 <= self.spoilt_share <= 1:
            raise InvalidSettings(f"spoilt_share is a share from 0 to 1, not {self.spoilt_share}")
        self._check_device()
        self._check_operating()
        if min(self.lease_s, self.fetch_timeout_s, self.photo_ttl_s) <= 0:
            raise InvalidSettings("lease_s, fetch_timeout_s and photo_ttl_s must be greater than 0")
        for name in ("name", "key_sha256"):
            said = [getattr(shop, name) for shop in self.shops]
            if twice := {each for each in said if said.count(each) > 1}:
                raise InvalidSettings(f"two shops have the same {name}: {min(twice)}")

    def _check_device(self) -> None:
        if not _DEVICE.fullmatch(self.device):
            raise InvalidSettings(f"device {self.device!r}: give auto, none, cpu, cuda or cuda:0")
        if self.max_batch_tokens < 1:
            raise InvalidSettings(f"max_batch_tokens is 1 or more, not {self.max_batch_tokens}")
        for name in ("canvas_max_pixels", "checkpoint_every_s", "calibrate_s", "compile_s"):
            if getattr(self, name) < 0:
                raise InvalidSettings(f"{name} is 0 or more, not {getattr(self, name)}")

    def _check_operating(self) -> None:
        for device, price in self.device_prices.items():
            if not 0 <= price < float("inf"):
                raise InvalidSettings(f"device_prices: a second on {device} costs 0 or more")
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise InvalidSettings(f"currency {self.currency!r}: give its ISO 4217 code, like EUR")
        if self.trace_to and not self.trace_to.startswith(("http://", "https://", "file:")):
            raise InvalidSettings(f"trace_to {self.trace_to!r}: give http://…, https://… or file:…")

    @property
    def ledger_place(self) -> str:
        """URL of the ledger's database."""
        return self.ledger_url or f"sqlite:///{self.data_dir / 'ledger.db'}"

    @property
    def assets_url(self) -> str:
        """URL or path of the asset store."""
        return self.store_url or str(self.data_dir / "assets")

    @property
    def models_path(self) -> Path | None:
        """Folder of the models' weights; None: they lie in the hub's cache."""
        return Path(self.models_dir) if self.models_dir else None

    @property
    def keys_path(self) -> Path:
        """Folder of the signing keys."""
        return Path(self.key_dir) if self.key_dir else self.data_dir / "keys"

    @property
    def access_path(self) -> Path:
        """File of the access keys' digests."""
        return self.keys_path / "access.toml"

    @property
    def is_loopback(self) -> bool:
        """True when only this machine can reach the door."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants that shops sell for, and the one of whoever needs no key."""
        return frozenset({"default", *(shop.tenant for shop in self.shops)})

    @property
    def vault_path(self) -> Path:
        """Folder of the encrypted uploads."""
        return Path(self.vault_dir) if self.vault_dir else self.data_dir / "vault"

    @property
    def vault_keys_path(self) -> Path:
        """Folder of the uploads' keys: in memory, so that a power cut erases them."""
        if self.vault_key_dir:
            return Path(self.vault_key_dir)
        place = self.vault_path.resolve()
        if not _IN_MEMORY.is_dir():
            return place.with_name(f"{place.name}-keys")
        return _IN_MEMORY / f"content-engine-{hashlib.sha256(bytes(place)).hexdigest()[:16]}"


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
    """Comma lists where a setting is a list or a table; everything else as it stands."""
    if name in _NETWORKS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if name == f"{ENV_PREFIX}DEVICE_PRICES":
        pairs = (part.partition("=") for part in text.split(",") if part.strip())
        return {device.strip(): price.strip() for device, _, price in pairs}
    return text


def _checked(values: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    _require_known(values, of=Settings, where=where)
    for shop in values.get("shops", ()):
        if isinstance(shop, Mapping):
            _require_known(shop, of=Shop, where=f"[[shops]] of {where}")
    return dict(values)


def _require_known(values: Mapping[str, Any], *, of: type[Settings | Shop], where: str) -> None:
    known = {field.name for field in fields(of)}
    if unknown := sorted(set(values) - known):
        raise InvalidSettings(
            f"unknown setting {unknown[0]!r} in {where}; known: {', '.join(sorted(known))}"
        )
