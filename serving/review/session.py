"""`/review/session`: a reviewer signs in with a key once, and out again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from content_engine.access import Scope
from serving.api.door import Door
from serving.api.gate import holder_of, key_digest, now
from serving.api.problems import problem


class SignIn(BaseModel):
    """The key that `content-engine keys add NAME --scope reviewer` printed."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=200)]


def routes(door: Door) -> APIRouter:
    """The routes of signing in."""
    router = APIRouter(prefix="/review/session", tags=["review"], include_in_schema=False)

    @router.get("")
    async def who(request: Request) -> Response:
        """Who is signed in; no name where the door asks for no key."""
        holder = holder_of(request)
        name = holder.key.name if holder and holder.signed_in else ""
        return JSONResponse({"name": name}, headers={"cache-control": "no-store"})

    @router.post("")
    async def sign_in(body: SignIn, request: Request) -> Response:
        """A cookie for the page, good for a working day; the key itself is not kept."""
        key = door.keys.find(key_digest(body.key.strip()))
        if key is None:
            return problem("key-unknown", "nobody here has this key: ask the operator for one")
        if not key.holds(now()):
            return problem("key-expired", "this key has expired: ask the operator for a new one")
        if key.scope is Scope.CATALOG:
            return problem("key-not-allowed", "this is a catalog key: a reviewer's is needed")
        cookie = door.sessions.cookie(key.sha256, secure=request.url.scheme == "https")
        return Response(status_code=204, headers={"set-cookie": cookie})

    @router.delete("", status_code=204)
    async def sign_out(request: Request) -> Response:
        """Ends the session in this browser."""
        cookie = door.sessions.ended(secure=request.url.scheme == "https")
        return Response(status_code=204, headers={"set-cookie": cookie})

    return router
