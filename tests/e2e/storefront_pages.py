"""A shopper's hands and eyes on the element: opens, sends a photo, waits for what is shown."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser import listened
from tests.e2e.storefront_kit import SAMPLES
from tests.integration.tryon_kit import picture

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SIZES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
PERSON = SAMPLES / "people" / "person-a.jpg"
"""900 × 1200 px, from head to thighs."""

LISTEN = """
window.heard = [];
for (const name of ["tryon-result", "tryon-refused", "tryon-deleted"])
  document.addEventListener(name, (event) => heard.push([name, event.detail]));
"""


def visited(browser: Any, url: str, *, size: str = "desk", **context: Any) -> Any:
    """A page of that size at that address; what its script emits is in `heard`."""
    page = listened(browser.new_context(**(SIZES[size] | context)).new_page())
    page.set_default_timeout(15_000)
    page.add_init_script(LISTEN)
    page.goto(url)
    page.locator("content-engine-tryon .button").wait_for()
    return page


def opened_room(page: Any) -> Any:
    """The dialog, opened by its button."""
    page.locator("content-engine-tryon .button").click()
    page.locator(".dialog[data-view]").wait_for()
    return page.locator(".dialog")


def sent(page: Any, photo: Path | bytes = PERSON) -> None:
    """Chooses the photo, agrees, and has it worn; does not wait for the end."""
    chosen(page, photo)
    page.locator(".agree").check()
    page.get_by_role("button", name="Show it on me").click()


def chosen(page: Any, photo: Path | bytes = PERSON) -> None:
    """Chooses the photo and waits until it is shown."""
    file = (
        photo
        if isinstance(photo, Path)
        else {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo}
    )
    page.locator(".dialog input[type=file]").first.set_input_files(file)
    page.locator("[data-view=check]").wait_for()


def shown(page: Any, view: str, *, seconds: float = 15) -> None:
    """Waits for that view of the dialog."""
    page.locator(f".dialog[data-view={view}]").wait_for(timeout=seconds * 1000)


def events(page: Any, name: str) -> list[Any]:
    """The details of the events of that name."""
    return [detail for heard, detail in page.evaluate("heard") if heard == name]


def until(true: Any, *, seconds: float = 10.0, why: str = "") -> None:
    """Waits until the callable returns something true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"never came true: {why or true}"
        time.sleep(0.03)


def turned_away() -> bytes:
    """A photo that the painter refuses as turned."""
    return picture("red", (600, 800), exif=False)


@contextmanager
def foreign_shop(element: str, *, policy: str, port: int) -> Iterator[str]:
    """A page of another site with this element and policy; its address."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b""
            if self.path == "/":
                body = f"<!doctype html><html lang=en><title>Shop</title>{element}".encode()
            self.send_response(200 if body else 204)
            self.send_header("content-type", "text/html")
            self.send_header("content-security-policy", policy)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
