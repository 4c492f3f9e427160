"""Provenance: what made a picture or clip, from what, signed into it (C2PA), stated in XMP."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import c2pa

from assets.errors import CorruptMedia, SigningFailed, SigningKeyInvalid
from assets.keys import Identity, open_identity, root_pem
from assets.xmp import SOURCE_TYPE_PREFIX, with_xmp, xmp_packet

SourceType = Literal[
    "algorithmicMedia",
    "algorithmicallyEnhanced",
    "composite",
    "compositeCapture",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "digitalCapture",
    "digitalCreation",
    "humanEdits",
    "trainedAlgorithmicMedia",
]
"""How a picture or clip came to be. Source: IPTC NewsCodes, Digital Source Type.

`compositeCapture`: parts of real photographs put together; `compositeSynthetic`: at least one part
is rendered; `algorithmicallyEnhanced`: one photograph, improved; `trainedAlgorithmicMedia`: made
by a generative model; `compositeWithTrainedAlgorithmicMedia`: a photograph edited by one.
"""

Relationship = Literal["parentOf", "componentOf", "inputTo"]
"""What an ingredient is to the picture: its earlier state, a part of it, or an input of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientClaim:
    """A picture that went into the signed one: its own bytes, so that its credentials are kept.

    `media_type` is what `sniff` tells: under a wrong one its credentials are not found.
    """

    title: str
    data: bytes = field(repr=False)
    media_type: str
    relationship: Relationship = "componentOf"

    @property
    def instance_id(self) -> str:
        """The ingredient's name in the manifest: the digest it has in the asset store."""
        return f"urn:sha256:{hashlib.sha256(self.data).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionClaim:
    """Something done to the picture: a C2PA action (`c2pa.cropped`) and, in words, how.

    Source of the names: C2PA 2.2, section 18.14.2. `c2pa.created`, `c2pa.opened` and `c2pa.placed`
    are not given here: they follow from the source type and the ingredients.
    """

    action: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is claimed about a picture. `generator` is the maker's name, `studio` for example."""

    title: str
    digital_source_type: SourceType
    generator: str
    actions: tuple[ActionClaim, ...] = ()
    ingredients: tuple[IngredientClaim, ...] = ()
    generator_version: str = "0.1.0"


_PLAIN_BYTES = "application/octet-stream"


class Signer:
    """Signs pictures with one identity. Any thread may use it; pickles as its key folder.

    No network is used: no time stamp, no certificate status, no remote manifest.
    """

    def __init__(self, key_dir: Path, identity: Identity) -> None:
        self._key_dir = key_dir
        self._identity = identity

    @classmethod
    def open(cls, key_dir: str | Path) -> Signer:
        """The signer of a key folder: the operator's `chain.pem` and `key.pem`, else its own pair.

        The own pair is made at the first start, readable by its owner only; processes that start
        at once get the same one. Raises SigningKeyInvalid.
        """
        folder = Path(key_dir).absolute()
        signer = cls(folder, open_identity(folder))
        signer._native().close()  # a chain that C2PA refuses shall be told of now
        return signer

    @property
    def key_dir(self) -> Path:
        """What `open` takes, in any process, to get this signer."""
        return self._key_dir

    @property
    def trust_anchor_pem(self) -> str:
        """The root certificate: what a verifier must trust to call the signature trusted."""
        return root_pem(self._identity).decode()

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Signer.open, (str(self._key_dir),)

    def sign(self, data: bytes, *, media_type: str, claims: Claims) -> bytes:
        """The file with XMP and a signed C2PA manifest; the very last step, pixels untouched.

        Takes PNG, JPEG, WebP and MP4 (its index stays before the pictures). Ingredients bring
        their own manifests along. Two signatures of one file differ (C2PA salts them); its pixels
        do not. Raises SigningFailed, UnsupportedMedia, CorruptMedia.
        """
        packet = xmp_packet(
            title=claims.title,
            source_type=claims.digital_source_type,
            tool=f"{claims.generator} {claims.generator_version}",
        )
        stated = with_xmp(data, media_type=media_type, packet=packet)
        try:
            return self._signed(stated, media_type, claims)
        except c2pa.C2paError as error:
            raise SigningFailed(f"cannot sign {claims.title!r} ({media_type}): {error}") from error

    def _signed(self, data: bytes, media_type: str, claims: Claims) -> bytes:
        signed = io.BytesIO()
        with (
            _context() as context,
            self._native() as native,
            c2pa.Builder(json.dumps(_manifest(claims)), context=context) as builder,
        ):
            for ingredient in claims.ingredients:
                _add_ingredient(builder, ingredient)
            builder.sign(native, media_type, io.BytesIO(data), signed)
        return signed.getvalue()

    def _native(self) -> c2pa.Signer:
        algorithm = c2pa.C2paSigningAlg[self._identity.algorithm.upper()]
        info = c2pa.C2paSignerInfo(
            algorithm, self._identity.chain_pem, self._identity.key_pem, None
        )
        try:
            return c2pa.Signer.from_info(info)
        except c2pa.C2paError as error:
            raise SigningKeyInvalid(
                f"the key in {self._key_dir} cannot sign C2PA manifests: {error}"
            ) from error


def read_manifest(
    data: bytes, media_type: str, *, trust_anchors_pem: str = ""
) -> dict[str, Any] | None:
    """The picture's C2PA manifest store as plain JSON, None when it has none.

    `validation_state` is `Valid`, `Invalid` (changed since it was signed) or, when anchors are
    given and the signer's root is one of them, `Trusted`. Raises CorruptMedia.
    """
    try:
        with (
            _context(trust_anchors_pem) as context,
            c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            return json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:  # pyright: ignore[reportAttributeAccessIssue]
        return None
    except c2pa.C2paError as error:
        raise CorruptMedia(
            f"the credentials in the {media_type} file are broken: {error}"
        ) from error


def _add_ingredient(builder: c2pa.Builder, ingredient: IngredientClaim) -> None:
    stated = {
        "title": ingredient.title,
        "relationship": ingredient.relationship,
        "instance_id": ingredient.instance_id,
    }
    try:
        builder.add_ingredient(
            json.dumps(stated), ingredient.media_type, io.BytesIO(ingredient.data)
        )
    except c2pa.C2paError:
        # Its own credentials are unreadable: it is still listed, by digest, as plain bytes.
        builder.add_ingredient(json.dumps(stated), _PLAIN_BYTES, io.BytesIO(ingredient.data))


def _manifest(claims: Claims) -> dict[str, Any]:
    agent = {"name": claims.generator, "version": claims.generator_version}
    actions = [*_origin(claims), *_placed(claims)]
    for claim in claims.actions:
        described = {"description": claim.description} if claim.description else {}
        actions.append({"action": claim.action, **described})
    assertion = {
        "label": "c2pa.actions.v2",
        "data": {"actions": [{**action, "softwareAgent": agent} for action in actions]},
    }
    return {"claim_generator_info": [agent], "title": claims.title, "assertions": [assertion]}


def _origin(claims: Claims) -> list[dict[str, Any]]:
    """How the picture began: opened from its parent, or created. Always the first action."""
    source_type = {"digitalSourceType": SOURCE_TYPE_PREFIX + claims.digital_source_type}
    parents = _ids(claims, "parentOf")
    if parents:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": parents}}
        return [opened, {"action": "c2pa.edited", **source_type}]
    inputs = _ids(claims, "inputTo")
    parameters = {"parameters": {"ingredientIds": inputs}} if inputs else {}
    return [{"action": "c2pa.created", **source_type, **parameters}]


def _placed(claims: Claims) -> list[dict[str, Any]]:
    components = _ids(claims, "componentOf")
    if not components:
        return []
    return [{"action": "c2pa.placed", "parameters": {"ingredientIds": components}}]


def _ids(claims: Claims, relationship: Relationship) -> list[str]:
    return [item.instance_id for item in claims.ingredients if item.relationship == relationship]


def _context(trust_anchors_pem: str = "") -> c2pa.Context:
    settings = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {
            "verify_trust": bool(trust_anchors_pem),
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        },
    }
    if trust_anchors_pem:
        settings["trust"] = {"trust_anchors": trust_anchors_pem}
    return c2pa.Context(c2pa.Settings.from_dict(settings))
