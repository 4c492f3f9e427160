"""The stage of the true service: `content-engine serve` with Ray, killed with its replicas."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from assets.store import AssetStore
from content_engine.config import Settings, load_settings
from serving.bench.crash.clients import Client
from serving.bench.crash.servers import free_port
from serving.bench.crash.stage import Ledgered, Report, reported

SHARE = 0.08
"""Of the kills: Ray needs 9 s for a replica, the service 10 to 40 s for itself."""
_SERVICE_SHARE = 0.1
_REPLICAS = ("ServeReplica:text", "ServeReplica:inspector", "ServeReplica:image")
_READY_S = 240.0
_LEASE_S = 5.0
_TOP = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class RealPlan:
    """How many kills, and from which seed."""

    kills: int
    seed: int
    between_s: float = 2.0

    @property
    def name(self) -> str:
        """For people."""
        return "the service with Ray, sqlite + folder"


class Service:
    """A service as its operator starts it; it can be killed and started again."""

    def __init__(self, settings: Settings, *, told: dict[str, str], log: Path) -> None:
        self._settings = settings
        said = [f"{name}={value}" for name, value in told.items()]
        self._command = ["/usr/bin/env", *said, sys.executable, "-m", "serving.cli", "serve"]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._family: list[psutil.Process] = []

    def start(self) -> None:
        """Starts it."""
        with self._log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command, stdout=sink, stderr=sink, cwd=_TOP
            )

    def wait_ready(self) -> None:
        """Returns when it is ready. Raises TimeoutError."""
        end = time.monotonic() + _READY_S
        place = f"http://127.0.0.1:{self._settings.port}/readyz"
        while time.monotonic() < end:
            with suppress(httpx.HTTPError):
                if httpx.get(place, trust_env=False, timeout=5).is_success:
                    return
            time.sleep(0.2)
        raise TimeoutError(f"the service was not ready in {_READY_S:.0f} s: see {self._log}")

    def replicas(self) -> list[psutil.Process]:
        """Its replicas' processes."""
        return [each for each in self._children() if _title(each).startswith(_RAY_TITLES)]

    def kill(self) -> None:
        """SIGKILL to the service alone; what Ray left of its family must end by itself."""
        if self._process is None:
            return
        self._family = self._children()
        self._process.kill()
        self._process.wait()
        _, left = psutil.wait_procs(self._family, timeout=30)
        for each in left:
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def close(self) -> None:
        """Stops it as an operator does."""
        if self._process is not None and self._process.poll() is None:
            family = self._children()
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(60)
            for each in [psutil.Process(self._process.pid)] if self._process.poll() is None else []:
                each.kill()
            for each in psutil.wait_procs(family, timeout=10)[1]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()

    def _children(self) -> list[psutil.Process]:
        if self._process is None or self._process.poll() is not None:
            return []
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self._process.pid).children(recursive=True)
        return []


_RAY_TITLES = tuple(f"ray::{name}" for name in _REPLICAS)


def play(plan: RealPlan) -> Report:
    """Plays the stage. Raises TimeoutError when the service does not come (back) up."""
    began = time.monotonic()
    kills: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="ce-crash-") as folder, ExitStack() as undo:
        told = {
            "CE_DATA_DIR": f"{folder}/data",
            "CE_VAULT_KEY_DIR": f"{folder}/vault-keys",
            "CE_PORT": str(free_port()),
            "CE_LEASE_S": str(_LEASE_S),
            "CE_DEVICE": "none",
            "CE_IMAGE_REPLICAS": "1",
        }
        settings = load_settings(environ=told)
        service = Service(settings, told=told, log=Path(folder) / "log")
        undo.callback(service.close)
        service.start()
        service.wait_ready()
        clients = [Client(settings.port, name="r0", seed=plan.seed, pause_s=0.3)]
        for client in clients:
            client.start()
        _kill(service, plan, kills)
        service.wait_ready()
        for client in clients:
            client.ask_to_end()
            client.join()
            client.close()
        kept = [client.kept for client in clients]
        end = Ledgered(settings=settings, store=AssetStore.open(settings.assets_url), kept=kept)
        return reported(plan.name, end, kills=kills, began=began)


def _kill(service: Service, plan: RealPlan, kills: Counter[str]) -> None:
    rng = random.Random(f"{plan.seed}/{plan.name}")
    while kills.total() < plan.kills:
        time.sleep(rng.uniform(0.0, 2 * plan.between_s))
        if rng.random() < _SERVICE_SHARE:
            service.kill()
            kills["service"] += 1
            service.start()
            service.wait_ready()
            continue
        replicas = service.replicas()
        if replicas:
            with suppress(psutil.NoSuchProcess):
                rng.choice(replicas).kill()
                kills["replica of Ray"] += 1


def _title(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return " ".join(process.cmdline())
    return ""
