"""A shopper in the fitting room: real browser, door, vault and dispatcher; a maker of paint."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from content_engine.types import JobStatus
from tests.browser import launched
from tests.e2e.storefront_kit import TENANT, Storefront, opened
from tests.e2e.storefront_pages import (
    CAMERA,
    SIZES,
    chosen,
    events,
    opened_room,
    sent,
    shown,
    turned_away,
    until,
    visited,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched(*CAMERA) as browser:
        yield browser


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
    with opened(tmp_path_factory.mktemp("front")) as front:
        front.sell("tee", "Blue Tee", "Apparel", "T-Shirts")
        front.sell("slow", "Slow Tee", "Apparel", "T-Shirts")
        front.sell("jeans", "Jeans", "Apparel", "Jeans", colour="red")
        yield front


def status_of_last(front: Storefront) -> JobStatus:
    return front.ledger.job_rows(TENANT, limit=1).items[0].status


@pytest.mark.parametrize("size", SIZES)
def test_a_shopper_tries_on_compares_saves_changes_and_deletes(
    browser: Any, front: Storefront, size: str, tmp_path: Any
) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee", size=size)
    orders: list[Any] = []
    page.on("request", lambda each: each.url.endswith("/v1/tryon") and orders.append(each))
    kept = front.photos_kept()
    room = opened_room(page)
    chosen(page)
    go = page.get_by_role("button", name="Show it on me")
    go.click()
    assert room.get_by_role("alert").inner_text().startswith("Please agree first")
    assert front.photos_kept() == kept, "nothing is sent before the shopper agreed"
    assert "deleted after 10 minutes" in room.locator(".consent").inner_text()
    page.locator(".agree").check()
    go.click()
    shown(page, "result")
    (done,) = events(page, "tryon-result")
    assert [each["sku"] for each in done["garments"]] == ["tee"]
    assert "url" not in json.dumps(done), "no picture of the shopper is handed to the shop's code"

    compared_and_saved(page, tmp_path)

    page.get_by_role("button", name="Wear Jeans", exact=True).click()
    until(lambda: len(events(page, "tryon-result")) == 2, why="the second result")
    assert "multipart" in orders[0].headers["content-type"]
    again = json.loads(orders[1].post_data)
    assert [each["sku"] for each in again["garments"]] == ["tee", "jeans"], "jeans are worn as well"
    assert len(again["upload"]) == 64, "the photo is not sent again"
    page.get_by_role("button", name="Take off Blue Tee").click()
    until(lambda: len(events(page, "tryon-result")) == 3, why="the third result")
    assert [each["sku"] for each in json.loads(orders[2].post_data)["garments"]] == ["jeans"]

    page.get_by_role("button", name="Delete my photo now").click()
    page.get_by_role("button", name="Delete now").click()
    shown(page, "start")
    assert "are deleted" in room.locator(".notice").inner_text()
    assert events(page, "tryon-deleted") == [{}]
    gone = httpx.get(f"{front.url}/v1/uploads/{again['upload']}")
    assert gone.status_code == 404
    assert front.photos_kept() == kept
    assert room.locator("img[src^=blob]").count() == 0, "nothing of the shopper is left in the page"
    assert page.complaints == []
    page.context.close()


def compared_and_saved(page: Any, folder: Any) -> None:
    slider = page.get_by_role("slider", name="Compare with your photo")
    until(lambda: slider.get_attribute("aria-valuenow") == "0", why="the picture is uncovered")
    slider.focus()
    for key in ("PageUp", "PageUp", "ArrowRight", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    assert slider.get_attribute("aria-valuenow") == "22"
    assert slider.get_attribute("aria-valuetext") == "22% of your photo shown"
    box = page.locator(".frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=3)
    page.mouse.up()
    assert slider.get_attribute("aria-valuenow") == "50"
    page.get_by_role("button", name="Full size").click()
    page.locator(".full").wait_for()
    page.keyboard.press("Escape")
    page.locator(".full").wait_for(state="detached")
    assert page.locator(".dialog").is_visible(), "Esc closes the full size alone"
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save").click()
    assert saving.value.suggested_filename == "try-on.jpg"
    saving.value.save_as(folder / "saved.jpg")
    assert (folder / "saved.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_cancel_frees_the_worker_and_so_does_leaving(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=slow")
    opened_room(page)
    sent(page)
    page.locator(".coarse").wait_for()
    assert page.locator(".coarse img").get_attribute("alt").startswith("A first, coarse look")
    assert (
        page.get_by_role("progressbar").get_attribute("aria-valuetext").startswith("A first look")
    )
    page.get_by_role("button", name="Cancel").click()
    shown(page, "check")
    until(lambda: status_of_last(front) is JobStatus.CANCELLED, why="cancelled by its button")
    for leave in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.goto("about:blank"),
    ):
        if page.locator(".dialog[open]").count() == 0:
            opened_room(page)
        page.locator(".agree").check()
        page.get_by_role("button", name="Show it on me").click()
        page.locator(".coarse").wait_for()
        assert status_of_last(front) is JobStatus.RUNNING
        leave()
        until(lambda: status_of_last(front) is JobStatus.CANCELLED, why="cancelled by leaving")
    page.context.close()


def test_a_refused_photo_says_why_and_what_helps(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee", size="phone")
    room = opened_room(page)
    kept = front.photos_kept()
    sent(page, turned_away())
    shown(page, "refused")
    assert room.get_by_role("heading", level=2).inner_text() == "You are turned too far to the side"
    assert room.get_by_text("Face the camera.", exact=True).is_visible()
    assert events(page, "tryon-refused") == [{"reason": "turned", "garments": ["tee"]}]
    page.get_by_role("button", name="Another photo").click()
    shown(page, "start")
    until(lambda: front.photos_kept() == kept, why="the refused photo is deleted")
    page.context.close()


def test_refused_garments_leave_the_photo_and_offer_others(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee")
    page.evaluate("document.querySelectorAll('option').forEach((each) => each.dataset.kind = '')")
    page.evaluate("document.querySelector('content-engine-tryon').setAttribute('kind', '')")
    room = opened_room(page)
    sent(page)
    shown(page, "result")
    page.get_by_role("button", name="Wear Slow Tee as well").click()
    shown(page, "refused")
    assert room.get_by_role("heading", level=2).inner_text().startswith("These garments can't be")
    page.get_by_role("button", name="Back").click()
    shown(page, "result")
    page.get_by_role("button", name="Wear Slow Tee as well").click()
    shown(page, "refused")
    page.get_by_role("button", name="Take off Slow Tee").click()
    shown(page, "result")
    page.context.close()


def test_all_of_it_can_be_done_by_keyboard(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee", reduced_motion="reduce")
    focused = "document.querySelector('content-engine-tryon').shadowRoot.activeElement"
    page.locator("#buy").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shown(page, "start")
    assert page.evaluate(f"{focused}.id") == "title", "a screen reader begins with the title"
    stops = []
    for _ in range(5):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(f"{focused}.textContent"))
        assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    assert stops == ["Close", "Take a photo", "Choose a photo", "Close", "Take a photo"]
    chosen(page)
    page.keyboard.press("Tab")  # close
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator(".agree").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shown(page, "result")
    assert page.locator(".dialog [role=status]").first.inner_text() == "The picture is ready."
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert page.evaluate(f"{focused}.getAttribute('aria-valuenow')") == "100"
    page.keyboard.press("Escape")
    page.locator(".dialog").wait_for(state="hidden")
    assert page.evaluate(f"{focused}.className") == "button", "focus returns to where it was"
    page.keyboard.press("Enter")
    shown(page, "result")
    page.context.close()


def test_the_camera_takes_a_photo_in_the_outline(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee", size="phone")
    opened_room(page)
    page.get_by_role("button", name="Take a photo").click()
    shutter = page.get_by_role("button", name="Take the photo")
    until(shutter.is_enabled, why="the camera is on")
    assert page.get_by_role("radio", name="3 s").is_checked()
    shutter.click()
    until(lambda: page.locator(".count").inner_text() == "2", why="it counts down")
    page.evaluate(
        "window.track = document.querySelector('content-engine-tryon').shadowRoot.querySelector('video').srcObject.getTracks()[0]"
    )
    shown(page, "check")
    assert page.evaluate("track.readyState") == "ended", "the camera's light is off"
    size = page.locator(".frame img").evaluate(
        "(image) => [image.naturalWidth, image.naturalHeight]"
    )
    assert size[0] / size[1] == pytest.approx(0.75, abs=0.01)
    page.locator(".agree").check()
    page.get_by_role("button", name="Show it on me").click()
    shown(page, "result")
    page.context.close()


def test_a_photo_whose_time_is_over_is_asked_for_again(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee")
    room = opened_room(page)
    with page.expect_response(lambda answer: "/v1/uploads/" in answer.url) as looked:
        sent(page)
    shown(page, "result")
    front.vault.forget(looked.value.url.rpartition("/")[2])
    page.get_by_role("button", name="Wear Jeans", exact=True).click()
    shown(page, "trouble")
    assert room.get_by_role("heading", level=2).inner_text() == "Your photo is already deleted"
    page.get_by_role("button", name="Send the same photo again").click()
    shown(page, "check")
    assert not page.locator(".agree").is_checked(), "it is sent anew: the shopper agrees anew"
    page.locator(".agree").check()
    page.get_by_role("button", name="Show it on me").click()
    shown(page, "result")
    page.context.close()


def test_after_its_time_a_photo_is_sent_only_with_leave(browser: Any, front: Storefront) -> None:
    page = browser.new_context().new_page()
    page.clock.install()
    page.goto(f"{front.url}/storefront/?sku=tee")
    room = opened_room(page)
    sent(page)
    shown(page, "result")
    assert room.locator(".kept").inner_text().startswith("Your photo is deleted at ")
    page.clock.fast_forward("11:00")
    until(lambda: "from the server" in room.locator(".kept").inner_text())
    orders: list[Any] = []
    page.on("request", lambda each: each.url.endswith("/v1/tryon") and orders.append(each))
    page.get_by_role("button", name="Wear Jeans", exact=True).click()
    shown(page, "trouble")
    page.get_by_role("button", name="Send the same photo again").click()
    shown(page, "check")
    assert orders == [], "the old consent was for the old upload"
    page.context.close()


def test_without_a_connection_it_waits_and_goes_on_by_itself(
    browser: Any, front: Storefront
) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee", size="phone")
    room = opened_room(page)
    chosen(page)
    page.context.set_offline(True)
    page.locator(".agree").check()
    page.get_by_role("button", name="Show it on me").click()
    shown(page, "trouble")
    assert room.get_by_role("heading", level=2).inner_text() == "No connection"
    page.context.set_offline(False)
    shown(page, "result")
    page.context.close()


def test_a_file_that_is_no_picture_is_told(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee")
    room = opened_room(page)
    page.locator(".dialog input[type=file]").first.set_input_files(
        {"name": "me.heic", "mimeType": "image/heic", "buffer": b"no picture"}
    )
    room.locator(".notice").wait_for()
    assert "can't be read as a picture" in room.locator(".notice").inner_text()
    page.context.close()


def test_pictures_can_be_dropped_and_pasted(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee")
    for gesture in ("drop", "paste"):
        room = opened_room(page)
        room.evaluate(
            """async (room, gesture) => {
              const canvas = new OffscreenCanvas(600, 800);
              canvas.getContext("2d").fillRect(0, 0, 9, 9);
              const data = new DataTransfer();
              data.items.add(new File([await canvas.convertToBlob()], "me.png", { type: "image/png" }));
              const event = gesture === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
              room.querySelector("h2").dispatchEvent(event);
            }""",
            gesture,
        )
        shown(page, "check")
        page.get_by_role("button", name="Another photo").click()
        shown(page, "start")
        page.keyboard.press("Escape")
    page.context.close()


def test_without_a_camera_there_is_the_device_or_a_file(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee", size="phone")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    room = opened_room(page)
    page.get_by_role("button", name="Take a photo").click()
    until(lambda: "can't be used" in room.get_by_role("alert").inner_text(), why="it says so")
    assert page.get_by_role("button", name="Take the photo").is_disabled()
    page.get_by_role("button", name="Back").click()
    page.evaluate(
        "() => { Object.defineProperty(navigator, 'mediaDevices', { value: undefined }); }"
    )
    page.get_by_role("button", name="Close").click()
    opened_room(page)
    fields = room.locator("input[type=file]").evaluate_all(
        "(all) => all.map((each) => each.getAttribute('capture'))"
    )
    assert fields == ["user", None], "the device's own camera is asked"
    page.context.close()


def test_a_picture_is_shared_where_the_device_can(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee", size="phone")
    page.evaluate(
        "Object.assign(navigator, { canShare: () => true, share: async ({ files }) => { window.shared = files[0].name; } })"
    )
    opened_room(page)
    sent(page)
    shown(page, "result")
    page.get_by_role("button", name="Share").click()
    until(lambda: page.evaluate("window.shared") == "try-on.jpg")
    page.context.close()
