"""A merchant's agent at the door, speaking the Model Context Protocol by its own client."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp import Client

from serving.api import Door, create_app
from tests.integration.tryon_kit import listening
from tests.unit.serving import conftest

door, ledger = conftest.door, conftest.ledger


def visit(door: Door, scene: Callable[[Client], Awaitable[Any]]) -> Any:
    async def once() -> Any:
        async with (
            listening(create_app(door)) as port,
            Client(f"http://127.0.0.1:{port}/mcp") as agent,
        ):
            return await scene(agent)

    return asyncio.run(once())


def said(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content
    return json.loads(result.content[0].text)


@pytest.fixture
def stocked(door: Door) -> Door:
    from content_engine.types import Product

    mug = Product(sku="MUG-1", title="Mug", brand="", category=(), facts=(), photos=())
    door.ledger.put_product(mug, door.tenant)
    return door


def test_an_agent_asks_for_copy_and_follows_it(stocked: Door) -> None:
    async def scene(agent: Client) -> None:
        names = {tool.name for tool in (await agent.list_tools()).tools}
        assert names == {"request_media", "media_status", "list_jobs", "list_queue"}
        wish = {"sku": "MUG-1", "kind": "text", "locale": "de"}
        job = said(await agent.call_tool("request_media", wish))
        assert (job["status"], job["sku"]) == ("queued", "MUG-1")
        looked = said(await agent.call_tool("media_status", {"job_id": job["id"]}))
        assert looked["candidates"] == []
        listed = said(await agent.call_tool("list_jobs", {"status": "queued"}))
        assert [each["id"] for each in listed["jobs"]] == [job["id"]]
        queue = said(await agent.call_tool("list_queue", {}))
        assert queue["jobs"]["queued"] == 1

    visit(stocked, scene)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"sku": "NONE", "kind": "text"}, "PUT /v1/products/NONE first"),
        ({"sku": "MUG-1", "kind": "text", "locale": "xx"}, "unknown locale 'xx'"),
        ({"sku": "MUG-1", "kind": "image", "spec": {"shot": "selfie"}}, "spec.shot"),
    ],
)
def test_what_cannot_be_made_is_told_in_words(
    stocked: Door, wish: dict[str, Any], words: str
) -> None:
    async def scene(agent: Client) -> None:
        result = await agent.call_tool("request_media", wish)
        assert result.is_error
        assert words in result.content[0].text

    visit(stocked, scene)
