"""HTTPS to a pinned address: the certificate and the server name are still the URL's."""

import asyncio
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assets import pinned as module
from assets.errors import FetchFailed
from assets.fetch import Fetcher, FetchLimits
from serving.webhooks.post import Poster


def self_signed(folder: Path, name: x509.GeneralName) -> Path:
    """A key and a certificate for the name, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(pem, pkcs8, serialization.NoEncryption()) + certificate.public_bytes(pem)
    )
    return path


class Shop(BaseHTTPRequestHandler):
    """Answers with the host name it was asked for."""

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()


class QuietServer(ThreadingHTTPServer):
    """Does not print the handshakes that the client breaks off."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Says nothing."""


def serving(certificate: Path, asked: list[str]) -> QuietServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    server = QuietServer(("127.0.0.1", 0), Shop)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture
def fetcher(tmp_path, monkeypatch) -> Iterator[Fetcher]:
    """A fetcher that trusts `server.pem` in its folder."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    module.tls_context.cache_clear()
    limits = FetchLimits(total_s=5)
    yield Fetcher(base_dir=tmp_path, limits=limits, allow_networks=("127.0.0.1", "::1"))
    module.tls_context.cache_clear()


def test_the_certificate_is_checked_against_the_host_name(tmp_path, fetcher):
    asked: list[str] = []
    server = serving(self_signed(tmp_path, x509.DNSName("localhost")), asked)
    try:
        body = fetcher.fetch(f"https://localhost:{server.server_port}/x.jpg")
        assert body == f"localhost:{server.server_port}".encode()
        assert asked == ["localhost"], "TLS must name the host, not the pinned address"
        with pytest.raises(FetchFailed, match="certificate"):
            fetcher.fetch(f"https://127.0.0.1:{server.server_port}/x.jpg")
    finally:
        server.shutdown()
        server.server_close()


def test_a_certificate_for_the_address_does_not_serve_the_name(tmp_path, fetcher):
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    server = serving(self_signed(tmp_path, address), [])
    try:
        with pytest.raises(FetchFailed, match="certificate"):
            fetcher.fetch(f"https://localhost:{server.server_port}/x.jpg")
    finally:
        server.shutdown()
        server.server_close()


def test_a_webhook_s_certificate_is_checked_against_the_host_name(tmp_path, fetcher):
    asked: list[str] = []
    server = serving(self_signed(tmp_path, x509.DNSName("localhost")), asked)

    async def posted(host: str) -> int:
        async with Poster(allow_networks=fetcher.allow_networks).line() as line:
            url = f"https://{host}:{server.server_port}/hook"
            return (await line.post(url, body=b"{}", headers={})).status

    try:
        assert asyncio.run(posted("localhost")) == 204
        assert asked == ["localhost"]
        with pytest.raises(FetchFailed, match=r"(?i)certificate"):
            asyncio.run(posted("127.0.0.1"))
    finally:
        server.shutdown()
        server.server_close()
