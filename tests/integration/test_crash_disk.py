"""A disk that is full or read-only: clear answers, and all goes on by itself once it is mended."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from assets.errors import StoreUnavailable
from assets.store import AssetStore
from content_engine.config import load_settings
from content_engine.errors import LedgerUnavailable
from content_engine.ledger import Ledger
from content_engine.types import JobStatus, Kind
from serving import app
from serving.executors import LocalExecutor, PlannerByKind

JOB = {"kind": "text", "sku": "mug", "locale": "en"}
PRODUCT = {"title": "Stoneware Mug", "facts": {"color": "blue", "material": "stoneware"}}


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount a small disk: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Leaves no byte free; returns the file to remove."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError:
                continue
    return filler


@asynccontextmanager
async def engine_on(disk: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Ledger]]:
    """The true door and dispatcher over ledger and store on that disk; texts alone are made."""
    keys = {"CE_KEY_DIR": str(disk.parent / "keys"), "CE_VAULT_KEY_DIR": str(disk.parent / "vault")}
    told = {"CE_DATA_DIR": str(disk), "CE_LEASE_S": "2", "CE_DEVICE": "none", **keys}
    settings = load_settings(environ=told)
    parts = app.open_parts(settings)
    makers = {Kind.TEXT: app.text_maker(settings)}
    with ThreadPoolExecutor(2) as pool:
        executor = LocalExecutor(makers, {Kind.TEXT: app.text_judge(settings)}, pool=pool)
        flow = app.engine(parts, executor, planner=PlannerByKind(makers))
        stop = asyncio.Event()
        work = app.dispatcher(parts, flow, drain_s=1.0)
        working = asyncio.create_task(work.run(stop, kinds=(Kind.TEXT,)))
        transport = httpx.ASGITransport(app=app.door(parts, checks={}))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                await http.put("/v1/products/mug", json=PRODUCT)
                yield http, parts.ledger
                assert not working.done(), "the dispatcher must outlive the disk's trouble"
        finally:
            stop.set()
            await working
            parts.ledger.close()


async def submitted(http: httpx.AsyncClient, number: int) -> httpx.Response:
    body = {**JOB, "seed": number}
    return await http.post("/v1/jobs", json=body, headers={"idempotency-key": str(number)})


async def succeeded(ledger: Ledger, jobs: list[str]) -> None:
    """Returns when all of them have; each ended once."""
    async with asyncio.timeout(25):
        while ledger.counts("default").get(JobStatus.SUCCEEDED, 0) < len(jobs):
            await asyncio.sleep(0.05)
    for job_id in jobs:
        names = [event.name for event in ledger.events(job_id, "default")]
        assert names.count("succeeded") == 1, names


def played(disk: Path, scene: Callable[[httpx.AsyncClient, Ledger], Awaitable[None]]) -> None:
    async def play() -> None:
        async with engine_on(disk) as (http, ledger):
            await scene(http, ledger)

    asyncio.run(play())


def test_a_full_disk_is_told_and_nothing_accepted_is_lost(disk: Path) -> None:
    async def scene(http: httpx.AsyncClient, ledger: Ledger) -> None:
        jobs = [(await submitted(http, 0)).json()["id"]]
        await succeeded(ledger, jobs)
        filler = fill(disk)
        refused = 0
        for number in range(1, 400):
            answer = await submitted(http, number)
            if answer.status_code == 202:  # the write-ahead log had room left
                jobs.append(answer.json()["id"])
                continue
            assert answer.status_code == 503, answer.text
            problem = answer.json()
            assert problem["type"].endswith(("ledger-unavailable", "store-unavailable"))
            assert "full" in problem["detail"], problem
            assert problem["retryable"]
            assert answer.headers["retry-after"] == "5"
            refused = number
            break
        assert refused, "a full disk must refuse at some point"
        assert (await http.get(f"/v1/jobs/{jobs[0]}")).json()["status"] == "succeeded"
        await asyncio.sleep(3)  # longer than a lease
        filler.unlink()
        answer = await submitted(http, refused)
        assert answer.status_code == 202, answer.text
        jobs.append(answer.json()["id"])
        await succeeded(ledger, jobs)

    played(disk, scene)


def test_a_read_only_store_is_told_and_its_jobs_wait(disk: Path) -> None:
    async def scene(http: httpx.AsyncClient, ledger: Ledger) -> None:
        assets = str(disk / "assets")
        mount("--bind", assets, assets)
        mount("-o", "remount,ro,bind", assets)
        try:
            answer = await submitted(http, 1)
            assert answer.status_code == 202, "what the ledger holds is accepted"
            store = AssetStore.open(assets)
            with pytest.raises(StoreUnavailable, match=r"[Rr]ead-only"):
                await asyncio.to_thread(store.put, b"new")
            await asyncio.sleep(3)  # longer than a lease
            assert ledger.counts("default")[JobStatus.RUNNING] == 1, "it waits for the store"
        finally:
            subprocess.run(["umount", assets], check=True)
        await succeeded(ledger, [answer.json()["id"]])

    played(disk, scene)


def test_a_ledger_on_a_read_only_disk_says_so_and_opens_when_that_is_mended(disk: Path) -> None:
    url = f"sqlite:///{disk / 'ledger.db'}"
    Ledger.open(url).close()
    mount("-o", "remount,ro", str(disk))
    with pytest.raises(LedgerUnavailable, match=r"readonly|unable to open"):
        Ledger.open(url)
    mount("-o", "remount,rw", str(disk))
    Ledger.open(url).close()
