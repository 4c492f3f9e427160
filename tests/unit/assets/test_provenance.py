"""Credentials: truthful, verifiable, incoming ones kept, keys private, races won by one."""

import io
import json
import pickle
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from assets.errors import CorruptMedia, SigningKeyInvalid, UnsupportedMedia
from assets.media import Picture, decode_picture, encode_jpeg, encode_png, encode_webp
from assets.provenance import ActionClaim, Claims, IngredientClaim, Signer, read_manifest
from assets.xmp import with_xmp

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
FORMS = {"image/png": encode_png, "image/jpeg": encode_jpeg, "image/webp": encode_webp}


@pytest.fixture(scope="module")
def signer(tmp_path_factory) -> Signer:
    return Signer.open(tmp_path_factory.mktemp("signer") / "keys")


@pytest.fixture(scope="module")
def picture(scene) -> Picture:
    return Picture(np.asarray(scene))


def claims(*ingredients, source_type="compositeCapture", actions=()):
    return Claims(
        title="Mug <№1> & “saucer”",
        digital_source_type=source_type,
        generator="content-engine studio",
        actions=actions,
        ingredients=ingredients,
    )


def active(store):
    return store["manifests"][store["active_manifest"]]


def xmp_of(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        info = image.info
    packet = info.get("xmp") or info["XML:com.adobe.xmp"].encode()
    return packet.decode()


@pytest.mark.parametrize("media_type", FORMS)
def test_signed_pictures_verify_and_keep_their_pixels(media_type, signer, picture):
    plain = FORMS[media_type](picture)
    cropped = ActionClaim(action="c2pa.cropped", description="to 1:1")
    signed = signer.sign(plain, media_type=media_type, claims=claims(actions=(cropped,)))
    assert (decode_picture(signed).rgb == decode_picture(plain).rgb).all()
    store = read_manifest(signed, media_type, trust_anchors_pem=signer.trust_anchor_pem)
    assert store["validation_state"] == "Trusted"
    assert active(store)["title"] == "Mug <№1> & “saucer”"
    assert "thumbnail" not in json.dumps(store)
    created, *others = active(store)["assertions"][0]["data"]["actions"]
    assert created["action"] == "c2pa.created"
    assert created["digitalSourceType"] == IPTC + "compositeCapture"
    assert [action["action"] for action in others] == ["c2pa.cropped"]


@pytest.mark.parametrize("media_type", FORMS)
def test_the_iptc_source_type_also_stands_in_xmp(media_type, signer, picture):
    plain = FORMS[media_type](picture)
    signed = signer.sign(
        plain, media_type=media_type, claims=claims(source_type="trainedAlgorithmicMedia")
    )
    packet = xmp_of(signed)
    assert f'Iptc4xmpExt:DigitalSourceType="{IPTC}trainedAlgorithmicMedia"' in packet
    assert "Mug &lt;№1&gt; &amp; “saucer”" in packet


@pytest.mark.parametrize("media_type", FORMS)
def test_older_xmp_gives_way(media_type, picture):
    first = with_xmp(FORMS[media_type](picture), media_type=media_type, packet=b"<old/>")
    second = with_xmp(first, media_type=media_type, packet=b"<new-one/>")
    assert xmp_of(second) == "<new-one/>"
    assert b"<old/>" not in second


def test_webp_with_alpha_keeps_it_beside_xmp(picture):
    alpha = np.full(picture.rgb.shape[:2], 99, np.uint8)
    data = encode_webp(Picture(picture.rgb, alpha))
    assert decode_picture(with_xmp(data, media_type="image/webp", packet=b"<x/>")).alpha[0, 0] == 99


def test_lossless_webp_takes_xmp(encode, scene):
    data = with_xmp(encode(scene, "WEBP", lossless=True), media_type="image/webp", packet=b"<odd/>")
    assert (decode_picture(data).rgb == np.asarray(scene)).all()
    assert xmp_of(data) == "<odd/>"


def test_other_files_take_no_xmp():
    with pytest.raises(UnsupportedMedia, match="not into image/gif"):
        with_xmp(b"GIF89a", media_type="image/gif", packet=b"")
    with pytest.raises(CorruptMedia, match="cut short"):
        with_xmp(b"\xff\xd8\xff\xe0\x00", media_type="image/jpeg", packet=b"")


@pytest.mark.parametrize("media_type", FORMS)
def test_a_changed_byte_shows(media_type, signer, picture):
    plain = FORMS[media_type](picture)
    signed = bytearray(signer.sign(plain, media_type=media_type, claims=claims()))
    place = len(signed) - 40 if media_type != "image/webp" else 60
    signed[place] ^= 0xFF
    assert read_manifest(bytes(signed), media_type)["validation_state"] == "Invalid"


@pytest.mark.parametrize(
    ("relationship", "actions"),
    [
        ("componentOf", ["c2pa.created", "c2pa.placed"]),
        ("parentOf", ["c2pa.opened", "c2pa.edited"]),
        ("inputTo", ["c2pa.created"]),
    ],
)
def test_incoming_credentials_are_kept(relationship, actions, signer, picture):
    camera = claims(source_type="digitalCapture")
    photo = signer.sign(encode_jpeg(picture), media_type="image/jpeg", claims=camera)
    taken = active(read_manifest(photo, "image/jpeg"))["label"]
    item = IngredientClaim(
        title="photo", data=photo, media_type="image/jpeg", relationship=relationship
    )
    signed = signer.sign(encode_png(picture), media_type="image/png", claims=claims(item))
    store = read_manifest(signed, "image/png")
    assert store["validation_state"] == "Valid"
    (listed,) = active(store)["ingredients"]
    assert listed["active_manifest"] == taken
    assert listed["relationship"] == relationship
    assert listed["instance_id"] == item.instance_id
    nested = store["manifests"][taken]["assertions"][0]["data"]["actions"][0]
    assert nested["digitalSourceType"] == IPTC + "digitalCapture"
    told = active(store)["assertions"][0]["data"]["actions"]
    assert [action["action"] for action in told] == actions


def test_an_ingredient_with_broken_credentials_is_still_listed(signer, picture):
    photo = signer.sign(encode_jpeg(picture), media_type="image/jpeg", claims=claims())
    broken = photo.replace(b"jumbjumd", b"jumbjunk", 1).replace(b"jumb", b"junk", 1)
    item = IngredientClaim(title="photo", data=broken, media_type="image/jpeg")
    signed = signer.sign(encode_png(picture), media_type="image/png", claims=claims(item))
    store = read_manifest(signed, "image/png")
    assert store["validation_state"] == "Valid"
    assert [entry["instance_id"] for entry in active(store)["ingredients"]] == [item.instance_id]


def test_a_picture_without_credentials_has_none(picture):
    assert read_manifest(encode_png(picture), "image/png") is None


def test_keys_are_private(signer):
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in signer.key_dir.iterdir()}
    assert modes == {"self-made.pem": 0o600}
    assert stat.S_IMODE(signer.key_dir.stat().st_mode) == 0o700
    assert b"PRIVATE" not in pickle.dumps(signer), "the key must not travel between processes"
    assert "PRIVATE" not in repr(vars(signer))


def test_signers_opened_at_once_get_one_key(tmp_path):
    """The race runs through the file system alone: threads meet it as processes do."""
    start = threading.Barrier(8)

    def anchor(_: int) -> str:
        start.wait()
        return Signer.open(tmp_path / "keys").trust_anchor_pem

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(anchor, range(8)))) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["self-made.pem"]


def own_chain(folder, key, *, other_key=None):
    """An operator's own key with a certificate, as files."""
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Shop")])
    public, now = (other_key or key).public_key(), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(other_key or key, hashes.SHA256())
    )
    (folder / "chain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.TraditionalOpenSSL
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(text)


@pytest.mark.parametrize(("curve", "algorithm"), [(ec.SECP384R1, "Es384"), (ec.SECP256R1, "Es256")])
def test_an_operators_own_chain_signs(curve, algorithm, tmp_path, picture):
    own_chain(tmp_path, ec.generate_private_key(curve()))
    signer = Signer.open(tmp_path)
    signed = signer.sign(encode_png(picture), media_type="image/png", claims=claims())
    assert active(read_manifest(signed, "image/png"))["signature_info"]["alg"] == algorithm


def test_a_key_without_its_chain_is_told(tmp_path):
    (tmp_path / "key.pem").write_text("x")
    with pytest.raises(SigningKeyInvalid, match="needs both"):
        Signer.open(tmp_path)


def test_a_strange_key_is_told(tmp_path):
    own_chain(
        tmp_path,
        ec.generate_private_key(ec.SECP256R1()),
        other_key=ec.generate_private_key(ec.SECP256R1()),
    )
    with pytest.raises(SigningKeyInvalid, match="not the key of the first certificate"):
        Signer.open(tmp_path)
    own_chain(tmp_path, rsa.generate_private_key(65537, 1024))
    with pytest.raises(SigningKeyInvalid, match="2048 bits"):
        Signer.open(tmp_path)
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(SigningKeyInvalid, match="unencrypted PEM"):
        Signer.open(tmp_path)
