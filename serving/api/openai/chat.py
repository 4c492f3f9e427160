"""`/v1/chat/completions`: the copy of a product as the assistant's message, in OpenAI's shape."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from content_engine.errors import InvalidBrief
from content_engine.types import Brief, Kind, Lane, TextSpec
from serving.api.door import Door
from serving.api.openai.asked import MODEL, known_product, made, submitted

_WAIT_S = 120.0


class ChatWish(BaseModel):
    """Which copy is wanted. The messages are kept from the copy: it claims facts and no more."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=200)]
    stream: Literal[False] = False
    n: Literal[1] = 1
    sku: Annotated[str, Field(max_length=200)] = ""
    locale: Annotated[str, Field(max_length=35)] = "en"
    channel: Annotated[str, Field(max_length=64)] = "web"
    voice: Annotated[str, Field(max_length=64)] = "plain"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


def add(router: APIRouter, door: Door) -> None:
    """Adds the route of copy."""

    @router.post("/chat/completions")
    async def complete_chat(body: ChatWish, request: Request) -> Response:
        """The copy set of the product `sku` in `locale`, judged, as JSON in the message."""
        product = await asyncio.to_thread(known_product, door, body.sku)
        if body.locale not in door.locales:
            raise InvalidBrief(f"unknown locale {body.locale!r}; known: {', '.join(door.locales)}")
        brief = Brief(
            kind=Kind.TEXT,
            product=product,
            spec=TextSpec(voice=body.voice),
            locale=body.locale,
            channel=body.channel,
            seed=body.seed,
            lane=Lane.INTERACTIVE,
        )
        key = request.headers.get("idempotency-key", "")
        job = await asyncio.to_thread(submitted, door, brief, key=key)
        result = await made(door, job, wait_s=_WAIT_S)
        copy = await asyncio.to_thread(door.store.get, result.assets[0].digest)
        return JSONResponse(_completion(job.id, json.loads(copy)))


def _completion(job_id: str, copy: Any) -> dict[str, Any]:
    content = json.dumps(copy, ensure_ascii=False)
    return {
        "id": f"chatcmpl-{job_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        # The embedded realiser reads and writes no tokens.
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }
