"""A signed clip: credentials verify, photos are listed, the file plays as it did."""

import pytest

from assets.boxes import top_boxes
from assets.media import Picture, encode_jpeg
from assets.provenance import Claims, IngredientClaim, Signer, read_manifest
from assets.video import probe_video, read_frames
from tests.unit.assets.clips import moving, tone, written

IPTC = b"http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"


@pytest.fixture(scope="module")
def signer(tmp_path_factory) -> Signer:
    return Signer.open(tmp_path_factory.mktemp("signer") / "keys")


@pytest.fixture(scope="module")
def clip() -> bytes:
    return written(moving(12), sound=tone(0.4))


@pytest.fixture(scope="module")
def signed(signer, clip) -> bytes:
    photo = encode_jpeg(Picture(moving(1)[0]))
    claims = Claims(
        title="Mug",
        digital_source_type="compositeSynthetic",
        generator="studio-motion",
        ingredients=(IngredientClaim(title="mug.jpg", data=photo, media_type="image/jpeg"),),
    )
    return signer.sign(clip, media_type="video/mp4", claims=claims)


def test_the_credentials_verify_and_list_the_photo(signer, signed) -> None:
    store = read_manifest(signed, "video/mp4", trust_anchors_pem=signer.trust_anchor_pem)
    assert store is not None
    assert store["validation_state"] == "Trusted"
    (ingredient,) = store["manifests"][store["active_manifest"]]["ingredients"]
    assert (ingredient["title"], ingredient["relationship"]) == ("mug.jpg", "componentOf")


def test_frames_facts_and_order_survive_signing(clip, signed) -> None:
    before, after = probe_video(clip), probe_video(signed)
    assert after.faststart
    assert after.bit_rate > before.bit_rate
    kept = ("frames", "fps", "duration_s", "audio", "longest_gop_s", "color_matrix")
    assert all(getattr(before, name) == getattr(after, name) for name in kept)
    pairs = zip(read_frames(clip), read_frames(signed), strict=True)
    assert all(bytes(a.frame.planes[0]) == bytes(b.frame.planes[0]) for a, b in pairs)


def test_the_source_type_stands_in_xmp_once(signer, signed) -> None:
    assert signed.count(IPTC) >= 1
    again = signer.sign(
        signed,
        media_type="video/mp4",
        claims=Claims(title="t", digital_source_type="composite", generator="timeline"),
    )
    xmp = [box for box in top_boxes(again) if again.startswith(b"<?xpacket", box.body + 16)]
    assert len(xmp) == 1, "two XMP packets disagree"


def test_a_changed_clip_is_invalid(signed) -> None:
    at = next(box for box in top_boxes(signed) if box.kind == b"mdat").body + 100
    changed = signed[:at] + bytes([signed[at] ^ 255]) + signed[at + 1 :]
    store = read_manifest(changed, "video/mp4")
    assert store is not None
    assert store["validation_state"] == "Invalid"
