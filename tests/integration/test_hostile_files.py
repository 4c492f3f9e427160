"""Hostile files at the door and the decoders: bombs, polyglots, scripts, players' tricks, names."""

import asyncio
import gzip
import io
import json
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image, PngImagePlugin

from assets.clipfacts import VideoLimits
from assets.errors import AssetError, CorruptMedia, TooLarge, UnsupportedMedia
from assets.fetch import Fetcher
from assets.looks import LOOKS
from assets.media import decode_picture
from assets.store import AssetStore
from assets.vault import Vault
from assets.video import probe_video
from content_engine.errors import InvalidFeed
from content_engine.feeds import feed_lines
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from serving.api import Door, create_app
from serving.news import News
from tests.ledgers import empty_ledger
from tests.unit.assets.clips import foreign, moving, tone, written

MOST = 2_000_000


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder = tmp_path_factory.mktemp("door")
    ledger = Ledger.open(empty_ledger(folder))
    (folder / "secret.jpg").write_bytes(b"not below the feed")
    (folder / "feed").mkdir()
    door = Door(
        ledger=ledger,
        store=AssetStore.open(str(folder / "assets")),
        vault=Vault.open(folder / "vault", keys=folder / "vault-keys"),
        fetcher=Fetcher(base_dir=folder / "feed"),
        news=News(),
        metrics=Metrics(),
        body_max_bytes=MOST,
        locales=("en",),
        check=lambda brief: None,
        check_correction=lambda brief, attempt, correction: attempt.candidate.recipe,
    )
    yield create_app(door)
    ledger.close()


def ask(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
            return await http.request(method, path, **options)

    return asyncio.run(once())


def problem(answer: httpx.Response) -> str:
    return answer.json()["type"].rpartition(":")[2]


def saved(form: str, size_px: tuple[int, int] = (120, 100), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size_px, "teal").save(out, form, **options)
    return out.getvalue()


# Bombs


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(kind: bytes, head: bytes, unpacked_bytes: int) -> bytes:
    """A PNG with a chunk before its pixels that unpacks to very much."""
    png = saved("PNG")
    return png[:33] + chunk(kind, head + zlib.compress(bytes(unpacked_bytes), 9)) + png[33:]


def still_gif(frames: int, size_px: tuple[int, int]) -> bytes:
    """A GIF of frames of one pixel on a large canvas: 30 bytes each."""
    head = b"GIF89a" + struct.pack("<HH", *size_px) + b"\x80\0\0" + bytes(3) + b"\xff" * 3
    frame = b"!\xf9\x04\0\x05\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return head + frame * frames + b";"


BOMBS: Mapping[str, tuple[bytes, str]] = {
    "words": (with_chunk(b"zTXt", b"Comment\0\0", 200_000_000), "Decompressed data too large"),
    "GIF of a large canvas": (still_gif(2, (65_000, 65_000)), "pixels"),
    "WebP canvas": (
        b"RIFF\x22\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\xff\xff\xff\xff\xff\xffANIM" + bytes(10),
        "at most 64,000,000 pixels",
    ),
    "TIFF side": (
        saved("TIFF").replace(
            struct.pack("<HHII", 256, 4, 1, 120), struct.pack("<HHII", 256, 4, 1, 0x7FFFFFF0)
        ),
        "",
    ),
    "BMP side": (
        b"BM" + bytes(12) + struct.pack("<IiiHHI", 40, 60_000, 60_000, 1, 24, 0) + bytes(20),
        "pixels",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_go_off(app: FastAPI, name: str) -> None:
    data, words = BOMBS[name]
    began = time.process_time()
    answer = ask(app, "POST", "/v1/uploads", content=data)
    assert time.process_time() - began < 2.0, "it went off"
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


def test_a_packed_profile_is_not_unpacked_without_end() -> None:
    """Pillow stops at 1 MB of profile (as of words); the picture itself is fine or refused."""
    began = time.process_time()
    data = with_chunk(b"iCCP", b"p\0\0", 200_000_000)
    with suppress(CorruptMedia):
        assert decode_picture(data).width_px == 120
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (still_gif(3000, (4096, 2304)), "pixels in all frames"),
        (still_gif(12_500, (64, 64)), "over 12,000 frames"),
        (still_gif(3, (16_000, 16_000)), "pixels are allowed"),
    ],
)
def test_a_moving_bomb_is_refused_before_it_is_played(data: bytes, words: str) -> None:
    began = time.process_time()
    with pytest.raises(TooLarge, match=words):
        probe_video(data)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("plain", "words"),
    [(b"\n", "empty lines"), (b"a", "250 times its size")],
)
def test_a_gzip_bomb_is_no_feed(plain: bytes, words: str) -> None:
    header = b"id,title,image_link\nA,Mug,a.jpg\n"
    packed = gzip.compress(header + plain * (40_000_000 // len(plain)))
    began = time.process_time()
    with pytest.raises(InvalidFeed, match=words):
        for _ in feed_lines(io.BytesIO(packed), name="feed.csv.gz"):
            pass
    assert time.process_time() - began < 5.0


def test_an_honest_gzip_is_read() -> None:
    rows = "".join(f"SKU-{number},Stoneware mug {number},a.jpg\n" for number in range(3_000))
    packed = gzip.compress(f"id,title,image_link\n{rows}".encode())
    assert sum(1 for _ in feed_lines(io.BytesIO(packed), name="feed.csv.gz")) == 3_000


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def changed(data: bytes, bodies: Mapping[bytes, bytes]) -> bytes:
    """The MP4 (or a box's inside) with other bodies for some kinds of boxes."""
    parts, start = [], 0
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        body = data[start + 8 : start + size]
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf"):
            body = changed(body, bodies)
        parts.append(box(kind, bodies.get(kind, body)))
        start += size
    return b"".join(parts)


@pytest.fixture(scope="module")
def clip() -> bytes:
    """30 frames as another program writes them, the index last."""
    return foreign("mp4", "mpeg4")


def test_frames_that_share_their_bytes_are_counted_apart(clip: bytes) -> None:
    """30 frames on the same 400 KB: a 12,000-frame clip of 30 MB would take 360 GB of memory."""
    start = clip.index(b"mdat") + 4
    size = 400_000
    sizes = struct.pack(">III", 0, size, 30)
    offsets = struct.pack(">II", 0, 30) + struct.pack(">I", start) * 30
    chunks = struct.pack(">IIIII", 0, 1, 1, 1, 1)
    padded = clip[start : clip.index(b"moov") - 4].ljust(size, b"\0")
    bodies = {b"mdat": padded, b"stsz": sizes, b"stco": offsets, b"stsc": chunks}
    bomb = changed(clip, bodies)
    assert len(bomb) < 500_000
    with pytest.raises(TooLarge, match="frames hold over"):
        probe_video(bomb, limits=VideoLimits(max_bytes=2_000_000))


@pytest.mark.parametrize(
    ("bodies", "kind", "words"),
    [
        ({b"stsz": struct.pack(">III", 0, 1, 0x7FFFFFFF)}, TooLarge, "2,147,483,647 samples"),
        ({b"udta": box(b"stsz", struct.pack(">III", 0, 1, 1 << 30))}, TooLarge, "samples"),
        ({b"udta": box(b"cmov", bytes(12))}, UnsupportedMedia, "cmov"),
        (
            {b"dref": struct.pack(">II", 0, 1) + box(b"url ", bytes(4) + b"http://10.0.0.7/x\0")},
            UnsupportedMedia,
            "another file",
        ),
        (
            {b"dref": struct.pack(">II", 0, 1) + box(b"alis", bytes(4) + b"/etc/passwd")},
            UnsupportedMedia,
            "another file",
        ),
    ],
)
def test_an_index_that_lies_or_leads_away(
    clip: bytes, bodies: Mapping[bytes, bytes], kind: type[AssetError], words: str
) -> None:
    whole = clip
    if b"udta" in bodies and b"udta" not in clip:
        at = clip.index(b"moov") - 4
        size = struct.unpack_from(">I", clip, at)[0]
        extra = box(b"udta", b"")
        whole = clip[:at] + struct.pack(">I", size + 8) + clip[at + 4 : at + size] + extra
    with pytest.raises(kind, match=words):
        probe_video(changed(whole, bodies))


def test_sound_that_nobody_knows_is_refused() -> None:
    """Found by fuzzing: a track without a description had no decoder, and no name either."""
    heard = written(moving(6), sound=tone(0.2))
    at = heard.rindex(b"stbl")
    with pytest.raises(UnsupportedMedia, match="sound is of a kind"):
        probe_video(heard[:at] + b"free" + heard[at + 4 :])


PLAYLISTS = {
    "hls": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "hls over http": b"#EXTM3U\n#EXTINF:1,\nhttp://169.254.169.254/latest\n",
    "concat": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "dash": b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>",
    "avi": b"RIFF\0\0\0\0AVI LIST" + b"GAB2#EXTM3U\nfile:///etc/passwd",
    "hls named mp4": b"\0\0\0\x14ftypisom\0\0\0\0isom#EXTM3U\nfile:///etc/passwd\n",
    "hls in webm": b"\x1aE\xdf\xa3\x80#EXTM3U\nfile:///etc/passwd\n",
    "concat: as a name": b"concat:/etc/passwd|/etc/hosts",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlists_and_protocols_are_no_clips(app: FastAPI, name: str) -> None:
    answer = ask(app, "POST", "/v1/uploads", content=PLAYLISTS[name])
    assert problem(answer) in ("unsupported-media", "corrupt-media"), answer.text
    assert "root:" not in answer.text


# Polyglots and scripts


def zipped(data: bytes = b"<script>alert(1)</script>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", data)
    return out.getvalue()


def gif_script() -> bytes:
    """A GIF that is a script, too: its size reads `/*`, its tail closes the comment."""
    gif = saved("GIF")
    return gif[:-1] + b"!\xfe\x10*/=1;alert(1)//\n\0;"


def png_words() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "<script>alert(1)</script>")
    return saved("PNG", pnginfo=words)


POLYGLOTS = {
    "image/gif": gif_script(),
    "image/png": png_words() + zipped(),
    "image/jpeg": saved("JPEG", comment=b"<html><script>alert(1)</script></html>"),
    "application/json": json.dumps({"title": "<script>alert(1)</script>"}).encode(),
}


@pytest.mark.parametrize("media_type", POLYGLOTS)
def test_a_polyglot_is_served_as_what_it_was_taken_for(app: FastAPI, media_type: str) -> None:
    served_as(app, POLYGLOTS[media_type], media_type)


def test_a_clip_that_is_a_page_and_an_archive_is_served_as_a_clip(
    app: FastAPI, clip: bytes
) -> None:
    page = box(b"free", b"<html><script>alert(1)</script></html>")
    served_as(app, clip + page + box(b"skip", zipped()), "video/mp4")


def served_as(app: FastAPI, data: bytes, media_type: str) -> None:
    kept = ask(app, "POST", "/v1/uploads", content=data)
    assert kept.status_code == 201, kept.text
    answer = ask(app, "GET", kept.json()["url"], headers={"accept": "text/html"})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("media_type", ["image/gif", "image/png", "image/jpeg"])
def test_nothing_of_a_shoppers_file_but_its_pixels_is_kept(media_type: str) -> None:
    for look in ("person", "garment"):
        clean = LOOKS[look](POLYGLOTS[media_type], MOST).data
        assert b"alert" not in clean
        assert b"PK" not in clean[-64:]


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
        b"\xef\xbb\xbf<svg/>",
        b"   \n<SVG></SVG>",
        b"<!-- x --><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        gzip.compress(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        b"%PDF-1.7 /JS (app.alert(1))",
        b"%!PS (/etc/passwd) (r) file",
        zipped(),
        zipped(bytes(20_000_000)),
        b"#!/bin/sh\nid",
        b"push graphic-context\nfill 'url(https://127.0.0.1/x.jpg\"|id)'",
    ],
)
def test_drawings_documents_and_programs_are_refused(app: FastAPI, data: bytes) -> None:
    assert problem(ask(app, "POST", "/v1/uploads", content=data)) == "unsupported-media"


# Names and numbers


@pytest.mark.parametrize(
    "sku",
    [
        "a\r\nset-cookie: x=1",
        "a\nb",
        "Größe ü",
        "商品",
        "\u202e",
        "..",
        "a/../b",
        "%0d%0a",
        "a\0b",
        "'",
    ],
)
def test_no_name_leaves_its_header(app: FastAPI, sku: str) -> None:
    from urllib.parse import quote, unquote

    answer = ask(app, "PUT", f"/v1/products/{quote(sku, safe='')}", json={"title": "Mug"})
    assert answer.status_code < 500, answer.text
    location = answer.headers.get("location", "")
    assert location.isprintable()
    assert location.isascii()
    if answer.status_code == 201:
        kept = unquote(location.removeprefix("/v1/products/"))
        assert kept.isprintable()
        assert ask(app, "GET", location).json()["sku"] == kept
    assert "set-cookie" not in answer.headers


def test_no_key_and_no_name_of_a_file_leaves_its_header(app: FastAPI) -> None:
    """Nothing that a client names comes back in a header, whatever it holds."""
    body = {"kind": "text", "sku": "M", "locale": "en"}
    names = {"Idempotency-Key": "a%0d%0aset-cookie: x=1", "Prefer": "wait=0; x"}
    ask(app, "PUT", "/v1/products/M", json={"title": "Mug"})
    answer = ask(app, "POST", "/v1/jobs", json=body, headers=names)
    assert answer.status_code == 202, answer.text
    named = {"person": ("a\r\nset-cookie: x=1.jpg", saved("JPEG"), "image/jpeg\r\nx-y: z")}
    formed = ask(app, "POST", "/v1/tryon", files=named, data={"garments": "[]"})
    assert formed.status_code == 422, formed.text
    for each in (answer, formed):
        assert "set-cookie" not in each.headers
        assert all(value.isprintable() for value in each.headers.values())


@pytest.mark.parametrize(
    "path",
    [
        "/review/static/../../../etc/passwd",
        "/review/static/%2e%2e/%2e%2e/routes.py",
        "/review/static/..%2froutes.py",
        "/review/static//etc/passwd",
        "/storefront/..%2f..%2fcli.py",
        "/storefront/%2e%2e%5c%2e%2e%5ccli.py",
        "/v1/assets/..%2f..%2fledger.db",
        "/v1/assets/%2e%2e",
        "/v1/uploads/..%2f..%2fsecret",
        "/v1/batches/..%2f..%2fx",
        "/v1/jobs/%00",
    ],
)
def test_no_path_leads_out(app: FastAPI, path: str) -> None:
    answer = ask(app, "GET", path)
    assert answer.status_code in (404, 405, 422), (answer.status_code, answer.text)
    assert b"import" not in answer.content


@pytest.mark.parametrize(
    "source",
    ["../secret.jpg", "/etc/passwd", "file:///etc/passwd", "feed/../../secret.jpg", "gopher://x/"],
)
def test_no_picture_is_read_from_elsewhere(app: FastAPI, source: str) -> None:
    body = {"title": "Mug", "photos": [{"source": source}]}
    answer = ask(app, "PUT", "/v1/products/M", json=body)
    assert answer.status_code == 422, answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 900_000,
        b'{"a":' * 200_000,
        b'{"title": ' + b"9" * 900_000 + b"}",
        b'{"title": 1e999999}',
        b'{"title": "\\ud800"}',
        b'{"title": "' + b"\\u0000" * 1000 + b'"}',
        b"\xff\xfe\x00",
        b'{"title": "Mug", "title": ' + b"[{}]" * 1000 + b"}",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/products/M"),
        ("POST", "/v1/jobs"),
        ("POST", "/v1/tryon"),
        ("POST", "/mcp"),
        ("POST", "/v1/images/generations"),
    ],
)
def test_strange_json_is_the_callers_fault(
    app: FastAPI, method: str, path: str, body: bytes
) -> None:
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    answer = ask(app, method, path, content=body, headers=headers)
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])


FORM = {"content-type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n" + b"X-A: " + b"a" * 1_000_000,
        b"--b\r\n" + b"X-A: b\r\n" * 100_000,
        (HEAD + b"1\r\n") * 10_000,
        HEAD.replace(b'"x"', b'"' + b"x" * 1_000_000 + b'"') + b"1\r\n--b--",
        HEAD + b"1" * 1_500_000 + b"\r\n--b--",
        b"no form at all",
        b"",
    ],
)
@pytest.mark.parametrize("path", ["/v1/batches", "/v1/uploads", "/v1/tryon", "/v1/images/edits"])
def test_strange_forms_are_the_callers_fault(app: FastAPI, path: str, body: bytes) -> None:
    answer = ask(app, "POST", path, content=body, headers=FORM)
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])


@pytest.mark.parametrize("size", [1, 2, 7, 50])
def test_a_form_is_the_same_however_it_is_cut(app: FastAPI, size: int, tmp_path: Path) -> None:
    """A head that stands across two pieces lost its beginning once."""
    briefs = b'[{"kind": "text", "locale": "en"}]'
    body = HEAD.replace(b'"x"', b'"briefs"') + briefs + b"\r\n"
    body += HEAD.replace(b'"x"', b'"feed"; filename="f.csv"')
    body += b"id,title,image_link\nA,Mug,a.jpg\n\r\n--b--\r\n"

    async def pieces():
        for start in range(0, len(body), size):
            yield body[start : start + size]

    answer = ask(app, "POST", "/v1/batches", content=pieces(), headers=FORM)
    assert answer.status_code == 202, answer.text
    assert answer.json()["lines"] == 1
