"""How the reviewer page is served: under a strict policy, cached by its content, nothing else."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

Client = Callable[[], httpx.AsyncClient]


def get(client: Client, path: str, **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with client() as door:
            return await door.get(path, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/review", "text/html; charset=utf-8"),
        ("/review/dashboard", "text/html; charset=utf-8"),
        ("/review/static/main.js", "text/javascript; charset=utf-8"),
        ("/review/static/page.css", "text/css; charset=utf-8"),
        ("/review/static/icon.svg", "image/svg+xml"),
    ],
)
def test_every_file_is_served_under_the_policy(
    calm_client: Client, path: str, media_type: str
) -> None:
    answer = get(calm_client, path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_unchanged_file_is_not_sent_again(calm_client: Client) -> None:
    first = get(calm_client, "/review/static/main.js")
    again = get(calm_client, "/review/static/main.js", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["routes.py", "..%2froutes.py", "%2e%2e%2f%2e%2e%2fapp.py", "no.js"]
)
def test_no_other_file_is_served(calm_client: Client, name: str) -> None:
    answer = get(calm_client, f"/review/static/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
