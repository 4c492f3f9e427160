"""The signing identity: an operator's own key and chain, or a pair made at the first start."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from assets.errors import SigningKeyInvalid

OWN_CHAIN = "chain.pem"
OWN_KEY = "key.pem"
MADE = "self-made.pem"

_VALID = timedelta(days=3650)
"""Long, because without a time stamp a credential ends with its certificate."""

_CURVE_ALGORITHMS = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A private key (PKCS#8 PEM) with its certificates, leaf first (PEM), and its algorithm.

    `algorithm` is a C2PA name: es256 es384 es512 ps256 ed25519. Kept out of `repr` and logs.
    """

    chain_pem: bytes
    key_pem: bytes
    algorithm: str

    def __repr__(self) -> str:
        return f"Identity(algorithm={self.algorithm!r})"


def open_identity(key_dir: Path) -> Identity:
    """The operator's `chain.pem` and `key.pem` in the folder, else the pair made at first start.

    Any number of processes may call this at once on an empty folder: one pair is made and all get
    it. Raises SigningKeyInvalid when the files are unreadable, incomplete or don't fit each other.
    """
    own_chain, own_key = key_dir / OWN_CHAIN, key_dir / OWN_KEY
    try:
        key_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if own_chain.exists() or own_key.exists():
            return _loaded(own_chain.read_bytes(), own_key.read_bytes(), place=own_key)
        made = key_dir / MADE
        if not made.exists():
            _write_once(made, _new_identity_pem())
        text = made.read_bytes()
        return _loaded(text, text, place=made)
    except OSError as error:
        raise SigningKeyInvalid(
            f"cannot use the key folder {key_dir}: {error}. It needs both {OWN_CHAIN} and "
            f"{OWN_KEY}, or neither and the right to write there"
        ) from error


def root_pem(identity: Identity) -> bytes:
    """The last certificate of the chain: what a verifier must trust."""
    return _pem(x509.load_pem_x509_certificates(identity.chain_pem)[-1])


def _write_once(path: Path, content: bytes) -> None:
    """Puts the file there whole, readable by its owner only, unless another process was first."""
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()


def _new_identity_pem() -> bytes:
    """A new ES256 key with leaf and root certificates; the root's own key is thrown away.

    Nothing else can ever be signed in the root's name. Source: C2PA 2.2, section 14.5 (certificate
    profile: digitalSignature, an allowed extended key usage, subject and authority key ids).
    """
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _name("content-engine root")
    root = (
        _certificate(root_name, root_name, root_key.public_key(), root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    email = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    leaf = (
        _certificate(
            _name("content-engine"), root_name, leaf_key.public_key(), root_key.public_key()
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(email, critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return _key_pem(leaf_key) + _pem(leaf) + _pem(root)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of other machines may be behind
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(authority, critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "content-engine, self-made"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _loaded(chain_pem: bytes, key_pem: bytes, *, place: Path) -> Identity:
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
        certificates = x509.load_pem_x509_certificates(chain_pem)
    except (ValueError, TypeError) as error:
        raise SigningKeyInvalid(
            f"{place} and its chain must be an unencrypted PEM key and PEM certificates: {error}"
        ) from error
    if certificates[0].public_key() != key.public_key():
        raise SigningKeyInvalid(
            f"{place} is not the key of the first certificate in {place.parent / OWN_CHAIN}: "
            "the chain must begin with the signer's own certificate"
        )
    return Identity(
        chain_pem=b"".join(_pem(certificate) for certificate in certificates),
        key_pem=_key_pem(key),
        algorithm=_algorithm(key, place),
    )


def _algorithm(key: PrivateKeyTypes, place: Path) -> str:
    """The C2PA algorithm of a key. Source: C2PA 2.2, section 13.2 (digital signatures)."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVE_ALGORITHMS:
        return _CURVE_ALGORITHMS[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise SigningKeyInvalid(
        f"{place} is of a kind that C2PA does not sign with: give an EC key on P-256, P-384 or "
        "P-521, an Ed25519 key or an RSA key of 2048 bits or more"
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
