"""Letters that wander are found while they do; a caption that comes word by word is none."""

import cv2
import numpy as np

from qa.film.letters.followed import Line, Steps, follow_line, line_of
from qa.film.letters.wavering import wavering

BOX = (20, 40, 120, 20)
"""(left, top, width, height) px of the line."""
WANDERING = ("GUM AN WEE", "NWEU AM GA", "UG MEAWN A", "MA NWEUGGE", "WUGN EAMNA", "EA MWUNGEE")


def ground() -> np.ndarray:
    return np.full((100, 160), 200, np.uint8)


def captioned(words: str) -> np.ndarray:
    left, top, _, height = BOX
    return cv2.putText(ground(), words, (left, top + height - 5), 0, 0.5, 20, 1, cv2.LINE_AA)


def read(frames: list[np.ndarray], *, still: int) -> tuple[float, tuple[int, int]]:
    steps = Steps(luma=np.stack(frames), first=0, every=1, step_s=0.125)
    left, top, width, height = BOX
    line = Line(
        own=frames[still][top : top + height, left : left + width],
        step=still,
        matrix=np.array([[1.0, 0.0, left], [0.0, 1.0, top]]),
    )
    return wavering(steps, line, follow_line(steps, line))


def test_letters_that_wander_before_the_caption_goes_are_found() -> None:
    standing = [captioned("A NEW MUG")] * 6
    frames = [*standing, *(captioned(each) for each in WANDERING), *([ground()] * 4)]
    change, (first, last) = read(frames, still=3)
    assert change > 0.4
    assert (first, last) in {(6, 11), (7, 11)}


def test_a_caption_that_comes_word_by_word_and_gives_way_to_the_next_is_none() -> None:
    words = ["A", "A NEW", *["A NEW MUG"] * 6, "", "HOLDS", *["HOLDS MORE"] * 6]
    assert read([captioned(each) for each in words], still=4)[0] == 0.0


def test_a_line_is_followed_while_half_of_it_is_in_the_picture() -> None:
    ground_texture = np.random.default_rng(1).integers(150, 240, (25, 90), dtype=np.uint8)
    wide = cv2.resize(ground_texture, (360, 100), interpolation=cv2.INTER_CUBIC)
    cv2.putText(wide, "A NEW MUG", (150, 55), 0, 0.5, 20, 2)
    frames = [wide[:, at * 3 : at * 3 + 160] for at in range(66)]
    steps = Steps(luma=np.stack(frames), first=0, every=1, step_s=0.125)
    line = line_of(steps, 30, (58, 40, 144, 62), still_px=(160, 100))
    assert line is not None
    held = [look is not None and look.likeness > 0.9 for look in follow_line(steps, line)]
    shown = np.flatnonzero(held)
    # Half of its 86 px is out of the picture 59 px on to the right and 101 px on to the left.
    assert (shown[0], shown[-1]) == (30 - 19, 30 + 33)
    assert all(held[shown[0] : shown[-1] + 1])


def test_a_line_that_turns_away_keeps_its_look_all_the_way() -> None:
    left, top, width, height = BOX
    flat = cv2.GaussianBlur(captioned("A NEW MUG WITH A"), (0, 0), 0.7)
    whole = np.array([[left, 0], [left + width, 0], [left + width, 100], [left, 100]], np.float32)
    frames = []
    for at in range(20):
        near = np.array([[0, 0], [0, -at], [0, at], [0, 0]], np.float32)
        turned = cv2.getPerspectiveTransform(whole, whole + near)
        frames.append(cv2.warpPerspective(flat, turned, (160, 100), borderValue=(200,)))
    steps = Steps(luma=np.stack(frames), first=0, every=1, step_s=0.125)
    line = line_of(steps, 0, (left, top, left + width, top + height), still_px=(160, 100))
    assert line is not None
    likeness = [look.likeness if look else 0.0 for look in follow_line(steps, line)]
    assert min(likeness) > 0.9
