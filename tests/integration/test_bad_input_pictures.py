"""Bad pictures in a real feed: each gets a clear error with SKU, line and source; none is lost.

The feed is read, the pictures are fetched from files, data URLs and a real server on this machine.
"""

import base64
import io
import json
import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assets.errors import FetchFailed, StoreUnavailable
from assets.fetch import Fetcher, FetchLimits
from assets.store import AssetStore
from content_engine.errors import ContentEngineError, InvalidBrief
from content_engine.feeds import FeedItem, read_feed
from content_engine.ingest import ingest_photos
from content_engine.types import PhotoRole, Product

LIMITS = FetchLimits(max_bytes=3_000_000, total_s=1.0, idle_s=0.5, grace_s=0.2)


def encoded(form: str, *, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    y, x = np.mgrid[0:120, 0:160]
    rgb = np.stack((x, y * 2, 255 - x), axis=-1).astype(np.uint8)
    Image.fromarray(rgb).convert(mode).save(out, form, **options)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 px in 90 bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("JPEG", exif=exif)


def animated() -> bytes:
    frames = [Image.new("RGB", (160, 120), color) for color in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def sixteen_bit() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.arange(160 * 120, dtype=np.uint16).reshape(120, 160) * 3).save(out, "PNG")
    return out.getvalue()


GOOD = {
    "cmyk.jpg": encoded("JPEG", mode="CMYK"),
    "sixteen.png": sixteen_bit(),
    "rotated.jpg": rotated(),
    "grey.png": encoded("PNG", mode="L"),
    "palette.gif": encoded("GIF", mode="P"),
    "wrong-name.png": encoded("WEBP"),
}

BAD = {
    "truncated.jpg": (encoded("JPEG")[:900], "damaged or cut short"),
    "empty.jpg": (b"", "empty (0 bytes)"),
    "bomb.png": (bomb(), "over 64,000,000 pixels"),
    "animated.gif": (animated(), "animated or has several pages"),
    "page.jpg": (b"<!doctype html><h1>Sold out</h1>", "an HTML page"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
    "tiny.png": (
        base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"
        ),
        "1 × 1 px; each side needs 100 px",
    ),
    "huge.jpg": (encoded("JPEG") + bytes(3_000_000), "3,000,000 are allowed"),
    "noise.jpg": (b"\xff\xd8\xff" + bytes(range(256)) * 8, "damaged or cut short"),
}


class Shop(BaseHTTPRequestHandler):
    """Serves one good picture, and several traps."""

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        try:
            self.reply()
        except OSError:
            return  # the client hung up, as it should

    def reply(self) -> None:
        body = {"/good.jpg": encoded("JPEG"), "/mime.jpg": b"<html>"}.get(self.path, b"")
        locations = {
            "/metadata": "http://169.254.169.254/latest/meta-data/",
            "/inside": "http://10.0.0.7/photo.jpg",
        }
        status = 302 if self.path in locations else 404 if self.path == "/gone" else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", locations[self.path])
        self.send_header("Content-Type", "image/jpeg")
        self.end_headers()
        self.wfile.write(body)
        while self.path == "/endless":
            self.wfile.write(bytes(1 << 16))


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path) -> AssetStore:
    return AssetStore.open(str(tmp_path / "store"))


@pytest.fixture
def fetcher(tmp_path) -> Fetcher:
    return Fetcher(base_dir=tmp_path, limits=LIMITS, allow_networks=("127.0.0.1",))


def feed_of(folder: Path, sources: dict[str, list[str]]) -> list[FeedItem]:
    """The items of a real feed file: one product for each SKU, its pictures from the sources."""
    feed = folder / "feed.jsonl"
    records = [
        {
            "id": sku,
            "title": "Stoneware mug",
            "description": "A mug.",
            "image_link": links[0],
            "additional_image_link": links[1:],
        }
        for sku, links in sources.items()
    ]
    feed.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    items = list(read_feed(feed))
    assert all(isinstance(item, FeedItem) for item in items), items
    return items


def outcome(item: FeedItem, fetcher: Fetcher, store: AssetStore) -> Product | str:
    try:
        return ingest_photos(item, fetcher=fetcher, store=store)
    except InvalidBrief as error:
        return str(error)


def test_every_bad_picture_is_named_and_every_good_one_kept(tmp_path, fetcher, store):
    for name, data in {**GOOD, **{name: bad[0] for name, bad in BAD.items()}}.items():
        (tmp_path / name).write_bytes(data)
    names = [name for pair in zip(BAD, [*GOOD, *GOOD], strict=False) for name in pair]
    items = feed_of(tmp_path, {f"SKU-{name}": [name] for name in dict.fromkeys(names)})
    assert len(items) == len(GOOD) + len(BAD)
    for item in items:
        told, name = outcome(item, fetcher, store), item.photos[0].source
        if name in GOOD:
            assert isinstance(told, Product), told
            assert store.get(told.photos[0].digest) == GOOD[name], "the original bytes are kept"
        else:
            assert isinstance(told, str), f"{name} was accepted"
            assert told.startswith(f"product 'SKU-{name}' (feed line {item.line}): '{name}': ")
            assert BAD[name][1] in told


def test_sizes_are_those_of_the_upright_picture(tmp_path, fetcher, store):
    (tmp_path / "rotated.jpg").write_bytes(rotated())
    (item,) = feed_of(tmp_path, {"R": ["rotated.jpg"]})
    (photo,) = ingest_photos(item, fetcher=fetcher, store=store).photos
    assert (photo.width_px, photo.height_px, photo.role) == (120, 160, PhotoRole.MAIN)


def test_every_fault_of_a_product_is_told_at_once(tmp_path, fetcher, store):
    (tmp_path / "empty.jpg").write_bytes(b"")
    links = ["none.jpg", "empty.jpg", "../../etc/passwd", "data:image/png;base64,@@@@"]
    (item,) = feed_of(tmp_path, {"MUG-1": links})
    with pytest.raises(InvalidBrief) as caught:
        ingest_photos(item, fetcher=fetcher, store=store)
    told = str(caught.value)
    assert told.startswith("product 'MUG-1' (feed line 1): ")
    for link in links:
        assert repr(link) in told


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/metadata", "169.254.169.254, which is not a public address"),
        ("/inside", "10.0.0.7, which is not a public address"),
        ("/endless", "more than 3,000,000 bytes"),
        ("/mime.jpg", "an HTML page"),
        ("/gone", "answered 404"),
    ],
)
def test_bad_servers_cost_one_product_only(path, words, tmp_path, fetcher, store, shop):
    bad, good = feed_of(tmp_path, {"BAD": [shop + path], "GOOD": [f"{shop}/good.jpg"]})
    told = outcome(bad, fetcher, store)
    assert isinstance(told, str)
    assert words in told
    assert shop + path in told
    assert isinstance(outcome(good, fetcher, store), Product)


def test_this_machine_is_out_of_reach_unless_allowed(tmp_path, store, shop):
    (item,) = feed_of(tmp_path, {"X": [f"{shop}/good.jpg"]})
    told = outcome(item, Fetcher(base_dir=tmp_path, limits=LIMITS), store)
    assert "127.0.0.1, which is not a public address" in str(told)


def test_a_server_that_is_down_may_be_asked_again(tmp_path, fetcher, store):
    (item,) = feed_of(tmp_path, {"X": ["http://127.0.0.1:9/photo.jpg"]})
    with pytest.raises(FetchFailed, match=r"product 'X' \(feed line 1\).*photo\.jpg") as caught:
        ingest_photos(item, fetcher=fetcher, store=store)
    assert caught.value.retryable


def test_a_store_that_is_down_is_no_fault_of_the_picture(tmp_path, fetcher, store):
    (tmp_path / "good.jpg").write_bytes(GOOD["cmyk.jpg"])
    (item,) = feed_of(tmp_path, {"X": ["good.jpg"]})
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="product 'X'"):
        ingest_photos(item, fetcher=fetcher, store=store)


def test_a_data_url_is_ingested_and_not_kept_in_the_ledger(tmp_path, fetcher, store):
    link = "data:image/png;base64," + base64.b64encode(GOOD["grey.png"]).decode()
    (item,) = feed_of(tmp_path, {"X": [link]})
    (photo,) = ingest_photos(item, fetcher=fetcher, store=store).photos
    assert photo.source == "data:image/png;base64,…"
    assert store.get(photo.digest) == GOOD["grey.png"]


def test_all_samples_pass(samples, tmp_path):
    store = AssetStore.open(str(tmp_path))
    fetcher = Fetcher(base_dir=samples)
    items = [item for item in read_feed(samples / "products.jsonl") if isinstance(item, FeedItem)]
    assert items
    for item in items:
        product = ingest_photos(item, fetcher=fetcher, store=store)
        assert len(product.photos) == len(item.photos) > 0


def test_no_error_leaks_from_below(tmp_path, fetcher, store):
    """Whatever the source, the caller sees an error of the engine or a product."""
    links = ["", " ", "nul\0", "http://", "http://[", "x" * 5000, "file://elsewhere/x", "ftp://a/b"]
    for link in links:
        (item,) = feed_of(tmp_path, {"X": ["a.jpg"]})
        broken = type(item)(
            line=1,
            product=item.product,
            photos=(type(item.photos[0])(role=PhotoRole.MAIN, source=link),),
        )
        with pytest.raises((ContentEngineError, FetchFailed), match="product 'X'"):
            ingest_photos(broken, fetcher=fetcher, store=store)
