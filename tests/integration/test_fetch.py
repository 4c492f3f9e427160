"""Sources: what may be read is read, whole; what must not be is refused, against a real server."""

import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from assets.addresses import is_public
from assets.dataurl import decode_data_url
from assets.errors import (
    AssetError,
    AssetMissing,
    CorruptMedia,
    FetchFailed,
    TooLarge,
    UnsafeSource,
    UnsupportedMedia,
)
from assets.fetch import Fetcher, FetchLimits
from assets.media import decode_picture

LOOPBACK = ("127.0.0.0/8", "::1")
PATIENT = FetchLimits(max_bytes=100_000, total_s=60, idle_s=60, grace_s=60, max_redirects=5)
HASTY = replace(PATIENT, total_s=1.2, idle_s=0.6, grace_s=0.2)
"""For servers that would take for ever. The patient limits are for all others: no matter how busy
the machine, they answer."""


class Shop(BaseHTTPRequestHandler):
    """A web server with every bad habit."""

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """Answers by the path's first word."""
        try:
            getattr(self, self.path.split("/")[1].split("?")[0].replace("-", "_"))()
        except OSError:
            return  # the client hung up, as it should

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def plain(self) -> None:
        self.answer(200, b"picture", Content_Type="text/html")

    def page(self) -> None:
        self.answer(200, b"<html>sold out</html>", Content_Type="image/jpeg")

    def host(self) -> None:
        self.answer(200, self.headers["Host"].encode())

    def absent(self) -> None:
        self.answer(404, b"")

    def busy(self) -> None:
        self.answer(503, b"")

    def to(self) -> None:
        self.answer(302, b"", Location=self.path.partition("?")[2])

    def gzip(self) -> None:
        self.answer(200, b"\x1f\x8b", Content_Encoding="gzip")

    def claims_too_much(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "999999999")
        self.end_headers()

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(bytes(65536))

    def drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x")
            time.sleep(0.02)

    def header_drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
        while True:
            self.wfile.write(b"x")
            time.sleep(0.02)

    def silence(self) -> None:
        time.sleep(1.2)

    def cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")


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
def fetch(tmp_path) -> Callable[[str], bytes]:
    return Fetcher(base_dir=tmp_path, limits=PATIENT, allow_networks=LOOPBACK).fetch


def test_the_body_is_returned_whatever_type_the_server_claims(fetch, shop):
    assert fetch(f"{shop}/plain") == b"picture"


def test_a_page_that_claims_to_be_a_picture_is_told_by_its_bytes(fetch, shop):
    with pytest.raises(UnsupportedMedia, match="an HTML page"):
        decode_picture(fetch(f"{shop}/page"))


def test_the_host_name_reaches_the_server_though_the_address_is_pinned(fetch, shop):
    port = shop.rpartition(":")[2]
    assert fetch(f"http://localhost:{port}/host") == f"localhost:{port}".encode()


def test_redirects_are_followed(fetch, shop):
    assert fetch(f"{shop}/to?/to?/plain") == b"picture"


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("/absent", AssetMissing, "answered 404"),
        ("/busy", FetchFailed, "answered 503"),
        ("/gzip", FetchFailed, "'gzip' encoding"),
        ("/endless", TooLarge, "more than 100,000 bytes"),
        ("/claims-too-much", TooLarge, "more than 100,000 bytes"),
        ("/cut", FetchFailed, "broke off"),
        ("/to?/to?/to?/to?/to?/to?/plain", FetchFailed, "more than 5 redirects"),
        ("/to?file:///etc/passwd", UnsafeSource, "no web address"),
        ("/to?http://169.254.169.254/latest/meta-data", UnsafeSource, "169.254.169.254"),
        ("/to?http://10.0.0.1/", UnsafeSource, "not a public address"),
        ("/to?//[::ffff:192.168.0.1]/", UnsafeSource, "not a public address"),
    ],
)
def test_bad_servers_are_told_by_name(path, error, words, fetch, shop):
    with pytest.raises(error, match=words) as caught:
        fetch(shop + path)
    assert str(caught.value).startswith(f"'{shop}"), "the message must name the source"
    assert caught.value.retryable == (error is FetchFailed)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/drip", "bytes/s; at least"),
        ("/header-drip", "not delivered within 1.2 s"),
        ("/silence", "broke off"),
    ],
)
def test_a_server_that_takes_for_ever_is_left(path, words, tmp_path, shop):
    hasty = Fetcher(base_dir=tmp_path, limits=HASTY, allow_networks=LOOPBACK)
    with pytest.raises(FetchFailed, match=words) as caught:
        hasty.fetch(shop + path)
    assert str(caught.value).startswith(f"'{shop}"), "the message must name the source"
    assert caught.value.retryable


def test_a_redirect_into_loopback_is_refused_unless_allowed(tmp_path, shop):
    port = int(shop.rpartition(":")[2])
    fetcher = Fetcher(base_dir=tmp_path, limits=PATIENT, allow_networks=("127.0.0.1",))
    with pytest.raises(UnsafeSource, match=r"leads to 127\.0\.0\.2"):
        fetcher.fetch(f"{shop}/to?http://127.0.0.2:{port}/plain")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0", "[::1]"])
def test_this_machine_is_refused_in_every_spelling(host, tmp_path):
    with pytest.raises(UnsafeSource, match="not a public address"):
        Fetcher(base_dir=tmp_path).fetch(f"http://{host}/")


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
        "fec0::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_no_special_address_is_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_public(address):
    assert is_public(ip_address(address))


def test_files_below_the_folder_are_read(fetch, tmp_path):
    (tmp_path / "a b.jpg").write_bytes(b"here")
    assert fetch("a b.jpg") == b"here"
    assert fetch(str(tmp_path / "a b.jpg")) == b"here"
    assert fetch(f"file://{tmp_path}/a%20b.jpg") == b"here"


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "link", "file:///etc/passwd", "a/../.."]
)
def test_no_path_leads_out_of_the_folder(path, fetch, tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeSource, match="leads out of"):
        fetch(path)


@pytest.mark.parametrize("path", ["none.jpg", "", ".", "loop", "pipe", "nul\0", "x" * 300])
def test_what_is_no_file_is_missing(path, fetch, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AssetMissing):
        fetch(path)


def test_a_huge_file_is_refused_unread(fetch, tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooLarge, match="1,099,511,627,776 bytes"):
        fetch("huge")


@pytest.mark.parametrize("source", ["ftp://shop/x.jpg", "gopher://x", "javascript:alert(1)"])
def test_other_schemes_are_refused(source, fetch):
    with pytest.raises(UnsafeSource, match="pictures come by"):
        fetch(source)


@pytest.mark.parametrize("source", ["http://", "http:///x", "http://[::1", "http://a:99999999/"])
def test_malformed_addresses_are_refused(source, fetch):
    with pytest.raises(AssetError):
        fetch(source)


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("data:image/png;base64,aGVsbG8=", b"hello"),
        ("data:image/png;base64,aGVs bG8", b"hello"),
        ("data:image/png;base64,aGVsbG8%3D", b"hello"),
        ("DATA:,a%20b", b"a b"),
    ],
)
def test_data_urls(url, data, fetch):
    assert fetch(url) == data


def test_bad_data_urls():
    with pytest.raises(CorruptMedia, match="base64"):
        decode_data_url("data:;base64,@@@", max_bytes=100)
    with pytest.raises(CorruptMedia, match="comma"):
        decode_data_url("data:image/png", max_bytes=100)
    with pytest.raises(TooLarge):
        decode_data_url("data:," + "x" * 101, max_bytes=100)
    with pytest.raises(TooLarge):
        decode_data_url("data:," + "x" * 10_000, max_bytes=100)


def test_long_sources_are_shortened_in_messages(fetch):
    with pytest.raises(CorruptMedia) as caught:
        fetch("data:;base64,@" + "A" * 5000)
    assert len(str(caught.value)) < 300


def test_a_fetcher_crosses_processes(tmp_path):
    fetcher = Fetcher(base_dir=tmp_path, allow_networks=LOOPBACK)
    assert pickle.loads(pickle.dumps(fetcher)) == fetcher


def test_a_mistyped_network_is_told_at_once(tmp_path):
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8 has host bits set"):
        Fetcher(base_dir=tmp_path, allow_networks=("10.0.0.1/8",))
