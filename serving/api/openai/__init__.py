"""OpenAI's addresses, so that clients that know them can ask this engine for media of products.

`/v1/images/generations`, `/v1/images/edits`, `/v1/videos…`, `/v1/chat/completions`, `/v1/models`.
A product is named by `sku` (an extension field) or shown by the picture that is sent.
"""

from __future__ import annotations

from fastapi import APIRouter

from serving.api.door import Door
from serving.api.openai import chat, clips, pictures
from serving.api.openai.envelope import ENVELOPE, EnvelopedRoute
from serving.api.problems import documented


def routes(door: Door) -> APIRouter:
    """The routes in OpenAI's shapes; their errors too."""
    router = APIRouter(
        prefix="/v1",
        tags=["openai"],
        route_class=EnvelopedRoute,
        responses=documented("application/json", ENVELOPE),
    )
    pictures.add(router, door)
    clips.add(router, door)
    chat.add(router, door)
    return router
