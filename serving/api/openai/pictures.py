"""`/v1/images/generations` and `/v1/images/edits`: pictures of a product, in OpenAI's shapes."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from content_engine.errors import InvalidBrief
from content_engine.types import Asset, Brief, ImageSpec, Kind, Lane, Product, Shot
from serving.api.door import Door
from serving.api.forms import read_parts
from serving.api.openai.asked import Made, known_product, made, shown_product, submitted

_WAIT_S = 300.0
"""OpenAI's client gives up after 600 s."""
_ASPECTS = {"1:1": 1.0, "4:5": 4 / 5, "2:3": 2 / 3, "3:2": 3 / 2, "9:16": 9 / 16, "16:9": 16 / 9}
_OUTPUTS = {"image/jpeg": "jpeg", "image/png": "png"}
_PLAIN = re.compile(r"\b(packshot|(plain|pure|on|a) white( background)?|white background)\b", re.I)


class Wish(BaseModel):
    """What both addresses take. Fields of OpenAI that change nothing here are taken, not used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    prompt: Annotated[str, Field(min_length=1, max_length=32_000)]
    n: Annotated[int, Field(ge=1, le=8)] = 1
    size: Annotated[str, Field(pattern=r"^(auto|[1-9]\d{1,3}x[1-9]\d{1,3})$")] = "auto"
    background: Literal["transparent", "opaque", "auto"] = "auto"
    response_format: Literal["url", "b64_json"] = "b64_json"
    stream: Literal[False] = False
    sku: Annotated[str, Field(max_length=200)] = ""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    setting: Annotated[str, Field(max_length=64)] = ""

    def brief(self, product: Product) -> Brief:
        """The brief: a cut-out where transparency is asked for, a packshot on white, a scene else.

        Raises InvalidBrief for a size of no aspect that is rendered.
        """
        aspect, longer_px = frame(self.size)
        spec = ImageSpec(
            shot=self._shot(),
            aspects=(aspect,),
            longer_side_px=longer_px,
            setting=self.setting,
        )
        return Brief(
            kind=Kind.IMAGE,
            product=product,
            spec=spec,
            locale="und",
            count=self.n,
            seed=self.seed,
            lane=Lane.INTERACTIVE,
        )

    def _shot(self) -> Shot:
        if self.background == "transparent":
            return Shot.CUTOUT
        return Shot.PACKSHOT if _PLAIN.search(self.prompt) else Shot.SCENE


def add(router: APIRouter, door: Door) -> None:
    """Adds the routes of pictures."""

    @router.post("/images/generations")
    async def generate_images(body: Wish, request: Request) -> Response:
        """Pictures of the product named by `sku`, as the prompt and `background` say."""
        product = await asyncio.to_thread(known_product, door, body.sku)
        return await _answered(door, body, product, request)

    @router.post("/images/edits", openapi_extra=_FORM)
    async def edit_images(request: Request) -> Response:
        """Pictures of the product that `image` shows, in a new setting."""
        wish, pictures = await _read(request)
        product = await asyncio.to_thread(shown_product, door, wish.prompt, pictures)
        return await _answered(door, wish, product, request)


def frame(size: str) -> tuple[str, int]:
    """The aspect and the longer side of a size such as `1536x1024`; `auto` is 1024x1024.

    Raises InvalidBrief for an aspect that is not rendered.
    """
    width, height = (1024, 1024) if size == "auto" else map(int, size.split("x"))
    aspect = min(_ASPECTS, key=lambda name: abs(_ASPECTS[name] - width / height))
    if abs(_ASPECTS[aspect] * height - width) > 1:
        raise InvalidBrief(f"size {size}: give one of the shapes {', '.join(_ASPECTS)}")
    longer_px = max(width, height)
    if not 256 <= longer_px <= 4096:
        raise InvalidBrief(f"size {size}: the longer side has 256 to 4096 px")
    return aspect, longer_px


async def _answered(door: Door, wish: Wish, product: Product, request: Request) -> Response:
    key = request.headers.get("idempotency-key", "")
    job = await asyncio.to_thread(submitted, door, wish.brief(product), key=key)
    result = await made(door, job, wait_s=_WAIT_S)
    content = await asyncio.to_thread(_content, door, wish, result)
    return JSONResponse(content)


def _content(door: Door, wish: Wish, result: Made) -> dict[str, Any]:
    first = result.assets[0]
    shown = wish.background if wish.background != "auto" else "opaque"
    return {
        "created": int(time.time()),
        "background": shown,
        "output_format": _OUTPUTS.get(first.media_type, "png"),
        "size": f"{first.width_px}x{first.height_px}",
        "data": [_datum(door, wish, asset) for asset in result.assets],
    }


def _datum(door: Door, wish: Wish, asset: Asset) -> dict[str, Any]:
    if wish.response_format == "url":
        return {"url": f"/v1/assets/{asset.digest}"}
    return {"b64_json": base64.b64encode(door.store.get(asset.digest)).decode()}


async def _read(request: Request) -> tuple[Wish, Sequence[bytes]]:
    """The form's wish and its pictures in their order. Raises RequestValidationError."""
    parts = await read_parts(request)
    pictures = [
        data for name, data in parts if name in ("image", "image[]") and isinstance(data, bytes)
    ]
    fields: Mapping[str, Any] = {name: text for name, text in parts if isinstance(text, str)}
    if any(name == "mask" for name, _ in parts):
        raise InvalidBrief("masks are not read: the product is found and kept as it is")
    if not pictures:
        raise InvalidBrief("the form has no part `image` with the product's photo")
    try:
        return Wish.model_validate(fields), pictures
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image", "prompt"],
                    "properties": {
                        "image": {"type": "string", "format": "binary"},
                        "prompt": {"type": "string", "minLength": 1},
                        "n": {"type": "integer", "minimum": 1, "maximum": 8},
                        "size": {"type": "string"},
                        "background": {"enum": ["transparent", "opaque", "auto"]},
                        "response_format": {"enum": ["url", "b64_json"]},
                    },
                }
            }
        },
    }
}
