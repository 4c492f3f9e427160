"""The reviewer page in a real browser, over the real door, ledger, store and flow."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from content_engine.review import Adjust, Edit, Label, LabelOutcome, Regenerate, Replace, Trim
from content_engine.types import Evidence, JobStatus, Severity
from tests.browser import launched, listened
from tests.e2e.review_clips import NUMBER_ON_SCREEN, numbered_clip
from tests.e2e.review_kit import TENANT, Shop, Workshop, opened_shop, opened_workshop

pytestmark = pytest.mark.browser
FRAMES, FPS = 108, 24
FIRST, LAST = 60, 71
ABOUT = ".case:not(.waiting) .about"
BOX = (0.2, 0.3, 0.6, 0.7)
FAULT = Evidence(
    kind="vanish",
    severity=Severity.MAJOR,
    message="tracks died inside the picture",
    frames=(FIRST, LAST),
    box=BOX,
    number=0.62,
    threshold=0.2,
)
LATER = Evidence(kind="flicker", severity=Severity.MINOR, message="4 %", frames=(90, 95))
TOUCH_PX = 40


OPEN = ".case:not(.waiting)"
SHOWN = f"document.querySelector('{OPEN}')"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def clip() -> bytes:
    return numbered_clip(frames=FRAMES, fps=FPS)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with opened_workshop(tmp_path_factory.mktemp("workshop")) as workshop:
        yield workshop


@pytest.fixture
def shop(workshop: Workshop, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(workshop, tmp_path) as shop:
        yield shop


def clip_case(shop: Shop, clip: bytes, sku: str, *faults: Evidence) -> Any:
    return shop.clip_case(sku, clip, frames=FRAMES, fps=FPS, faults=faults or (FAULT, LATER))


def sat_down(browser: Any, shop: Shop, name: str = "Ada", **context: Any) -> Any:
    """A page of that reviewer, a case on it."""
    size = {"width": 1280, "height": 800}
    page = listened(browser.new_context(**({"viewport": size} | context)).new_page())
    page.add_init_script(f"localStorage.setItem('review.reviewer', '{name}')")
    page.goto(f"{shop.url}/review")
    page.locator(".case:not(.waiting)").wait_for()
    return page


def until(page: Any, script: str, *, seconds: float = 10.0) -> None:
    """Waits until the script is true; the page's content policy forbids Playwright's own way."""
    end = time.monotonic() + seconds
    while not page.evaluate(script):
        assert time.monotonic() < end, f"never came true: {script}"
        time.sleep(0.02)


def readout(page: Any) -> int:
    return int(page.locator(".case:not(.waiting) .readout").inner_text())


def case_of(page: Any) -> str:
    return page.locator(ABOUT).inner_text().split(" · ")[0]


def stilled(page: Any, frame: int) -> None:
    """Pauses and steps to a frame by keys only."""
    page.keyboard.press("k")
    page.keyboard.press("Home")
    for _ in range(frame // 10):
        page.keyboard.press("Shift+ArrowRight")
    for _ in range(frame % 10):
        page.keyboard.press(".")
    settled(page, frame)


def settled(page: Any, frame: int) -> None:
    shown = f".case:not(.waiting) .readout[data-settled=true][data-frame='{frame}']"
    page.locator(shown).wait_for(timeout=20_000)


def on_screen(page: Any) -> int:
    return page.locator(".case:not(.waiting) video").evaluate(NUMBER_ON_SCREEN)


def answer_of(shop: Shop, job: Any) -> Label:
    """The label in force of the job's case."""
    (case,) = [
        each for each in shop.ledger.cases(TENANT, status=None).items if each.job_id == job.id
    ]
    label = shop.ledger.case_label(case)
    assert label is not None, f"{case.sku} has no label"
    return label


@contextmanager
def held_answers(page: Any) -> Iterator[None]:
    """Answers do not reach the door meanwhile: what is shown was fetched before.

    The handler stays: one that is taken away lets go of whatever is on its way, the next answer
    too when the browser is slow.
    """
    held: list[Any] = []
    holding = [True]
    page.route("**/label", lambda route: held.append(route) if holding else route.continue_())
    with page.expect_request("**/label"):
        yield
    holding.clear()
    for route in held:
        route.continue_()


def sent(page: Any, answered: int) -> None:
    page.get_by_text(f"{answered} answered", exact=True).wait_for()


@pytest.mark.parametrize("fps", [FPS, 30, Fraction(30_000, 1001)])
def test_the_frame_stepped_to_is_the_frame_shown(
    browser: Any, shop: Shop, fps: Fraction | int
) -> None:
    data = numbered_clip(frames=70, fps=fps)
    shop.clip_case("1-step", data, frames=70, fps=float(fps), faults=[FAULT])
    page = sat_down(browser, shop)
    for frame in (0, 1, 30, 69):
        stilled(page, frame)
        assert on_screen(page) == frame
    page.keyboard.press(",")
    settled(page, 68)
    assert on_screen(page) == 68
    for _ in range(7):  # faster than the browser seeks
        page.keyboard.press(",")
    settled(page, 61)
    assert on_screen(page) == 61
    assert page.complaints == []


def test_it_opens_before_the_evidence_and_loops_it(browser: Any, shop: Shop, clip: bytes) -> None:
    clip_case(shop, clip, "1-open")
    page = sat_down(browser, shop)
    assert page.locator(".headline").inner_text().startswith("Vanishes: A thing disappears")
    seen = []
    while len(seen) < 2 or seen[-1] >= seen[-2]:  # until it jumps back
        seen.append(readout(page))
        time.sleep(0.03)
    assert seen[0] < FIRST <= max(seen) <= LAST + FPS
    assert FIRST - FPS <= seen[-1] < FIRST, "back to a second before the evidence"
    page.keyboard.press("k")
    page.keyboard.press("n")
    settled(page, 90)
    page.keyboard.press("ArrowUp")
    settled(page, FIRST)
    assert on_screen(page) == FIRST


def test_the_box_lies_on_the_frames_where_it_holds(browser: Any, shop: Shop, clip: bytes) -> None:
    clip_case(shop, clip, "1-box")
    page = sat_down(browser, shop)
    box = page.locator(".case:not(.waiting) .layer .box.major")
    for frame, shown in ((FIRST - 1, 0), (FIRST, 1), (LAST, 1), (LAST + 1, 0)):
        stilled(page, frame)
        assert box.count() == shown, f"frame {frame}"
    stilled(page, FIRST)
    picture = page.locator(".case:not(.waiting) video").bounding_box()
    drawn = box.bounding_box()
    assert drawn["x"] - picture["x"] == pytest.approx(BOX[0] * picture["width"], abs=2)
    assert drawn["height"] == pytest.approx((BOX[3] - BOX[1]) * picture["height"], abs=3)
    page.keyboard.press("h")
    assert box.count() == 0


def test_a_scripted_reviewer_needs_at_most_four_keys_a_case(
    browser: Any, shop: Shop, clip: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = [clip_case(shop, clip, f"{90 - index}-run") for index in range(6)]
    page = sat_down(browser, shop)
    keys = []
    for index in range(len(jobs)):
        until(page, "document.documentElement.dataset.ahead")
        if index + 1 < len(jobs):
            page.locator(".case.waiting video").wait_for(state="attached")
            until(page, "document.querySelector('.case.waiting video').readyState >= 2")
        pressed = ["t", "Enter"] if index % 2 else ["a", "Enter"]
        with held_answers(page):
            before = case_of(page)
            for key in pressed:
                page.keyboard.press(key)
            if index + 1 < len(jobs):
                page.locator(ABOUT).filter(has_not_text=before).wait_for()
        keys.append(len(pressed))
        sent(page, index + 1)
    times = page.evaluate(
        "performance.getEntriesByName('answer-to-next-case').map((each) => each.duration)"
    )
    with capsys.disabled():
        sys.stdout.write(
            f"\n  keys a case: {max(keys)} at most; answer to next case painted: "
            f"{sorted(times)[len(times) // 2]:.0f} ms median, {max(times):.0f} ms at most\n"
        )
    assert max(keys) <= 4
    outcomes = [answer_of(shop, job).outcome for job in jobs]
    assert outcomes == [LabelOutcome.PASS, LabelOutcome.FIX] * 3
    assert answer_of(shop, jobs[1]).correction == Trim(frames=(FIRST, LAST))
    assert page.complaints == []


def test_span_and_box_by_mouse_and_kind_by_key(browser: Any, shop: Shop, clip: bytes) -> None:
    job = clip_case(shop, clip, "1-mark")
    page = sat_down(browser, shop)
    page.keyboard.press("k")
    line = page.locator(".timeline").bounding_box()
    wide, low = line["width"] / FRAMES, line["y"] + line["height"] - 10
    page.mouse.move(line["x"] + 20.5 * wide, low)
    page.mouse.down()
    page.mouse.move(line["x"] + 33.5 * wide, low, steps=4)
    page.mouse.up()
    picture = page.locator(".case:not(.waiting) video").bounding_box()
    page.mouse.move(picture["x"] + 0.25 * picture["width"], picture["y"] + 0.5 * picture["height"])
    page.mouse.down()
    page.mouse.move(
        picture["x"] + 0.5 * picture["width"], picture["y"] + 0.75 * picture["height"], steps=4
    )
    page.mouse.up()
    page.keyboard.press("7")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    sent(page, 1)
    (fault,) = answer_of(shop, job).faults
    assert (fault.kind, fault.frames) == ("freeze", (20, 33))
    assert fault.box == pytest.approx((0.25, 0.5, 0.5, 0.75), abs=0.01)


def test_span_and_box_by_keys_alone(browser: Any, shop: Shop, clip: bytes) -> None:
    job = clip_case(shop, clip, "1-keys")
    page = sat_down(browser, shop)
    stilled(page, 40)
    page.keyboard.press("[")
    for _ in range(5):
        page.keyboard.press(".")
    page.keyboard.press("]")
    for key in ("b", "ArrowRight", "Shift+ArrowDown", "Enter", "1", "x", "c"):
        page.keyboard.press(key)
    page.keyboard.type("melts, see the handle")
    page.keyboard.press("Control+Enter")
    sent(page, 1)
    label = answer_of(shop, job)
    assert label.comment == "melts, see the handle"
    assert label.faults[0].frames == (40, 45)
    assert label.faults[0].box == pytest.approx((0.21, 0.3, 0.61, 0.71), abs=1e-6)
    assert label.seconds > 0


def test_what_was_trimmed_is_what_is_delivered(browser: Any, shop: Shop, clip: bytes) -> None:
    job = clip_case(shop, clip, "1-trim")
    page = sat_down(browser, shop)
    page.keyboard.press("t")
    page.get_by_label("to", exact=True).fill(str(LAST + 2))
    assert page.get_by_text("0.58 s are cut out; 3.92 s of 4.50 s remain.").is_visible()
    page.keyboard.press("Enter")
    sent(page, 1)
    status = shop.work(job, until=(JobStatus.SUCCEEDED, JobStatus.IN_REVIEW, JobStatus.FAILED))
    if status is JobStatus.IN_REVIEW:  # judged again, and put before a person again
        page.locator(".case:not(.waiting)").wait_for(timeout=15_000)
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        sent(page, 2)
    assert shop.ledger.job_row(job.id, TENANT).status is JobStatus.SUCCEEDED
    result = page.request.get(f"{shop.url}/v1/jobs/{job.id}/result").json()
    trimmed = next(each for each in result["candidates"] if each["backend"] == "timeline")
    (asset,) = trimmed["assets"]
    assert asset["duration_s"] == pytest.approx((FRAMES - 14) / FPS, abs=0.6)
    page.goto("about:blank")
    page.goto(f"{shop.url}/review")
    shown = page.evaluate(
        """async (url) => { const video = document.createElement("video");
          video.muted = true; video.src = url; document.body.append(video); video.id = "seen";
          await new Promise((done) => video.onloadeddata = done);
          const at = async (time) => { const sought = new Promise((done) => video.onseeked = done);
            video.currentTime = time; await sought; return time; };
          await at(video.duration - 0.02); return video.duration; }""",
        asset["url"],
    )
    assert shown == pytest.approx(asset["duration_s"], abs=0.05)
    assert page.locator("#seen").evaluate(NUMBER_ON_SCREEN) == FRAMES - 1, "the end is kept"


def test_two_reviewers_never_get_the_same_case(browser: Any, shop: Shop, clip: bytes) -> None:
    jobs = [clip_case(shop, clip, f"{90 - index}-two") for index in range(4)]
    ada, bo = sat_down(browser, shop), sat_down(browser, shop, "Bo")
    for page in (ada, bo):
        until(page, "document.documentElement.dataset.ahead")
    held = {each.reviewer: each for each in shop.ledger.cases(TENANT).items}
    assert set(held) == {"Ada", "Bo"}
    assert case_of(ada) != case_of(bo)
    for page in (ada, bo):
        for count in (1, 2):
            page.keyboard.press("a")
            page.keyboard.press("Enter")
            sent(page, count)
    reviewers = [answer_of(shop, job).reviewer for job in jobs]
    assert sorted(reviewers) == ["Ada", "Ada", "Bo", "Bo"]
    ada.get_by_role("heading", name="Nothing waits").wait_for()


def test_a_reload_in_the_middle_loses_nothing(browser: Any, shop: Shop, clip: bytes) -> None:
    for index in range(3):
        clip_case(shop, clip, f"{90 - index}-reload")
    page = sat_down(browser, shop)
    page.keyboard.press("3")
    page.keyboard.press("c")
    page.keyboard.type("half a thou")
    before = case_of(page)
    page.reload()
    page.locator(".case:not(.waiting)").wait_for()
    assert case_of(page) == before
    assert page.get_by_label("Comment").first.input_value() == "half a thou"
    assert page.get_by_role("button", name="Appears").first.is_visible()
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    sent(page, 1)


def test_a_lost_hold_is_said_and_nothing_typed_is_lost(
    browser: Any, shop: Shop, clip: bytes
) -> None:
    job = clip_case(shop, clip, "1-lease")
    page = sat_down(browser, shop)
    page.keyboard.press("c")
    page.keyboard.type("the handle")
    page.keyboard.press("Escape")
    shop.clock.ahead_s = 601
    assert shop.ledger.claim_case("Bo", tenant=TENANT) is not None
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")  # as on coming back to the tab
    page.get_by_text("Your hold on this case ran out").wait_for()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.get_by_text("take it back first").wait_for()
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")
    shop.clock.ahead_s = 1300  # Bo never answered
    page.reload()
    page.locator(".case:not(.waiting)").wait_for()
    assert page.get_by_label("Comment").input_value() == "the handle"
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    sent(page, 1)
    assert answer_of(shop, job).comment == "the handle"


def test_a_refused_answer_comes_back_with_all_that_was_entered(
    browser: Any, shop: Shop, clip: bytes
) -> None:
    for index in range(2):
        clip_case(shop, clip, f"{90 - index}-refused")
    page = sat_down(browser, shop)
    first = case_of(page)
    page.keyboard.press("t")
    page.get_by_label("Frames", exact=True).fill("5")
    page.get_by_label("to", exact=True).fill("100")
    page.keyboard.press("Enter")
    page.get_by_text("was not taken: only ").wait_for()
    page.get_by_role("button", name="Open it again").click()
    until(page, f"{SHOWN}?.querySelector('.about').textContent.startsWith('{first}')")
    assert page.locator(f"{OPEN} [name=last]").input_value() == "100"
    page.locator(f"{OPEN} [name=last]").fill("20")
    page.keyboard.press("Enter")
    sent(page, 1)


def test_a_file_ships_instead(browser: Any, shop: Shop, clip: bytes) -> None:
    job = clip_case(shop, clip, "1-file")
    page = sat_down(browser, shop)
    better = numbered_clip(frames=100, fps=25)
    file = {"name": "better.mp4", "mimeType": "video/mp4", "buffer": better}
    page.keyboard.press("p")
    page.locator(f"{OPEN} input[type=file]").set_input_files(file)
    page.get_by_text("better.mp4 (video/mp4) ships instead").wait_for()
    page.keyboard.press("Enter")
    sent(page, 1)
    correction = answer_of(shop, job).correction
    assert isinstance(correction, Replace)
    assert shop.store.get(correction.digest) == better


def test_it_is_made_again_with_another_seed(browser: Any, shop: Shop) -> None:
    job = shop.copy_case("1-again", "en", changes={"title": "Mug 400 ml"})
    page = sat_down(browser, shop)
    page.keyboard.press("g")
    page.get_by_label("Seed").fill("4711")
    page.keyboard.press("Enter")
    sent(page, 1)
    correction = answer_of(shop, job).correction
    assert isinstance(correction, Regenerate)
    assert correction.seed == 4711


def test_j_k_l_shuttle(browser: Any, shop: Shop, clip: bytes) -> None:
    clip_case(shop, clip, "1-shuttle")
    page = sat_down(browser, shop)
    stilled(page, 70)
    page.keyboard.press("j")
    until(page, f"+{SHOWN}.querySelector('.readout').textContent < 66")
    assert page.locator(f"{OPEN} .speed").inner_text() == "-1×"
    page.keyboard.press("k")
    page.keyboard.press("l")
    page.keyboard.press("l")
    until(page, f"{SHOWN}.querySelector('.speed').textContent === '2×'")
    page.keyboard.press("k")
    page.keyboard.press("<")
    page.keyboard.press("<")
    page.keyboard.press(" ")
    assert page.locator(f"{OPEN} video").evaluate("(video) => video.playbackRate") == 0.25


def test_an_answer_is_taken_back(browser: Any, shop: Shop, clip: bytes) -> None:
    jobs = [clip_case(shop, clip, f"{90 - index}-undo") for index in range(3)]
    page = sat_down(browser, shop)
    first = case_of(page)
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    sent(page, 1)
    page.keyboard.press("u")
    until(
        page,
        f"document.querySelector('.case:not(.waiting) .about')?.textContent.startsWith('{first}')",
    )
    assert (
        page.locator(".case:not(.waiting) .answer.reject").get_attribute("aria-pressed") == "true"
    )
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.get_by_text("Accepted: ").wait_for()
    assert answer_of(shop, jobs[0]).outcome is LabelOutcome.PASS


def test_copy_is_edited_in_place(browser: Any, shop: Shop) -> None:
    wrong = "كوب من الخزف الحجري يتسع لـ 400 مل."
    job = shop.copy_case("1-copy", "ar", changes={"description": wrong})
    page = sat_down(browser, shop)
    field = page.get_by_label("Description", exact=True)
    assert field.get_attribute("dir") == "rtl"
    marked = page.locator(".case:not(.waiting) mark").all_inner_texts()
    assert any("400" in words for words in marked), marked
    field.fill(wrong.replace("400", "350"))
    assert page.locator(".diff del").first.inner_text() == "400"
    assert page.locator(".diff ins").first.inner_text() == "350"
    page.keyboard.press("Control+Enter")
    sent(page, 1)
    assert answer_of(shop, job).correction == Edit(
        slots=(("description", wrong.replace("400", "350")),)
    )


def test_a_picture_is_cropped_and_its_outline_nudged(browser: Any, shop: Shop) -> None:
    fault = Evidence(kind="halo", severity=Severity.MAJOR, message="2 px", box=(0.1, 0.1, 0.4, 0.5))
    job = shop.picture_case("1-picture", faults=[fault])
    page = sat_down(browser, shop)
    for key in ("-", "-", "t", "Shift+ArrowLeft", "Enter", "z"):
        page.keyboard.press(key)
    assert page.get_by_text("Outline shrinks by 2 px. Cropped to 87 × 88 %").is_visible()
    page.keyboard.press("Enter")
    sent(page, 1)
    correction = answer_of(shop, job).correction
    assert isinstance(correction, Adjust)
    assert correction.mask_grow_px == -2
    assert correction.crop == pytest.approx((0.06, 0.06, 0.93, 0.94))
