"""What every asset store promises, on each kind of store that this machine can run."""

import hashlib
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.errors import AssetMissing, StoreUnavailable
from assets.store import AssetStore

ABSENT = "0" * 64


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path) -> AssetStore:
    if request.param == "folder":
        return AssetStore.open(str(tmp_path / "assets"))
    url = os.environ.get("CONTENT_ENGINE_TEST_S3_URL", "")
    if not url:
        pytest.skip(
            "needs CONTENT_ENGINE_TEST_S3_URL (s3://bucket/path) and AWS_… of a test server"
        )
    return AssetStore.open(url)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_a_full_disk_is_the_operators_matter():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(StoreUnavailable, match="asset folder /dev/full/assets"):
        AssetStore.open("/dev/full/assets")


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
