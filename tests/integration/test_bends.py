"""What bends slowly and springs back is found; what only moves, sways or stays is not."""

import cv2
import numpy as np
import pytest

from qa.film.places.surprise import surprise
from qa.film.slow.bends import bends
from tests.unit.qa.film.filmstock import moving

HEIGHT, WIDTH = 120, 160
FPS = 16
FRAMES = 40
PAN = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in moving(step_px=0.75, frames=FRAMES)]
FIRST, LAST = 9, 30
PLACE = (0.35, 0.3, 0.65, 0.75)
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)


def found(frames: list[np.ndarray]) -> list[tuple[float, int, int]]:
    seen = surprise(np.stack(frames))
    return [(bend.number, bend.first, bend.after - 1) for bend in bends(seen, FPS)]


def bent(frame: np.ndarray, level: float) -> np.ndarray:
    """The picture with its middle wrung by up to 9 px."""
    far = np.hypot((COLUMNS - WIDTH / 2) / 26, (ROWS - HEIGHT / 2) / 26)
    share = 9 * level * np.clip(1.5 - far, 0, 1)
    across, down = share * np.sin(ROWS / 7), share * np.cos(COLUMNS / 7)
    return cv2.remap(frame, COLUMNS + across, ROWS + down, cv2.INTER_LINEAR)


def wrung(frames: list[np.ndarray]) -> list[np.ndarray]:
    """Bent more and more for a second, back within two frames."""
    levels = np.interp(range(FRAMES), (FIRST, LAST - 6, LAST - 2, LAST + 1), (0, 1, 1, 0))
    return [bent(frame, float(level)) for frame, level in zip(frames, levels, strict=True)]


def zoomed(at: int) -> np.ndarray:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0.6 * at, 1 + 0.006 * at)
    return cv2.warpAffine(PAN[0], turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


def striding(at: int) -> np.ndarray:
    """Two legs that swing from one hip, once a second."""
    frame = PAN[0].copy()
    for side in (-1, 1):
        swing = side * 0.6 * np.sin(2 * np.pi * at / FPS)
        foot = (round(80 + 60 * np.sin(swing)), round(30 + 60 * np.cos(swing)))
        cv2.line(frame, (80, 30), foot, (235 if side > 0 else 20,), 9)
    return frame


def rippling(at: int) -> np.ndarray:
    waves = 50 * np.sin(COLUMNS / 9 + at * 0.5) * np.cos(ROWS / 7 - at * 0.4 + COLUMNS / 30)
    return np.clip(128 + waves, 0, 255).astype(np.uint8)


def captioned(at: int) -> np.ndarray:
    """A caption that fades in within a third of a second and stays."""
    frame = PAN[at].copy()
    share = float(np.clip((at - 20) / 5, 0, 1))
    frame[50:70, 50:110] = np.rint(frame[50:70, 50:110] * (1 - share) + 240 * share)
    return frame


def test_a_bend_is_found_at_its_frames_and_place() -> None:
    worst = next(iter(bends(surprise(np.stack(wrung(PAN))), FPS)))
    assert worst.number > 1
    both = min(LAST, worst.after - 1) - max(FIRST, worst.first) + 1
    either = max(LAST, worst.after - 1) - min(FIRST, worst.first) + 1
    assert both / either >= 0.6
    left, top, right, bottom = worst.box
    assert left < PLACE[2]
    assert right > PLACE[0]
    assert top < PLACE[3]
    assert bottom > PLACE[1]


@pytest.mark.parametrize("last", range(57, 61))
def test_a_bend_that_springs_back_just_before_a_cut_is_found(last: int) -> None:
    """Four frames of thirty a second follow it, whichever of them are looked at."""
    pan = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in moving(step_px=0.4, frames=80)]
    levels = np.interp(range(last + 5), (last - 42, last - 12, last - 4, last + 1), (0, 1, 1, 0))
    frames = [bent(pan[at], float(level) / 2) for at, level in enumerate(levels)]
    assert max(bend.number for bend in bends(surprise(np.stack(frames)), 30)) > 1


def test_a_bend_under_a_turning_zoom_is_found() -> None:
    frames = [zoomed(at) for at in range(FRAMES)]
    assert max(number for number, _, _ in found(wrung(frames))) > 1


def test_a_bend_is_found_where_light_changed_meanwhile() -> None:
    """What was there long before is no longer alike; that its form came back still tells."""
    gains = np.interp(range(FRAMES), (FIRST, LAST - 6), (0.35, 1.0))
    frames = [
        np.rint(frame * gain).astype(np.uint8)
        for frame, gain in zip(wrung(PAN), gains, strict=True)
    ]
    assert max(number for number, _, _ in found(frames)) > 1


def sliding(at: int) -> np.ndarray:
    """A card that slides over the ground at one pace and then rests."""
    frame = PAN[0].copy()
    left = 30 + 3 * min(at, 26)
    frame[40:80, left : left + 40] = PAN[0][:40, :40][::-1]
    return frame


@pytest.mark.parametrize(
    "drawn", [sliding, zoomed, striding, rippling, captioned], ids=lambda f: f.__name__
)
def test_what_moves_sways_or_stays_is_no_bend(drawn) -> None:
    frames = [drawn(at) for at in range(FRAMES)]
    assert [bend for bend in found(frames) if bend[0] > 1] == []


def fading_words(at: int) -> np.ndarray:
    """Two short lines over an even ground that drifts; at frame 60 they are gone."""
    rows, columns = np.mgrid[:240, :240].astype(np.float32)
    ground = 170 + 20 * np.sin((columns + 0.15 * at) / 70) + 10 * np.cos(rows / 50)
    ink = np.zeros((240, 240), np.uint8)
    for text, place in (("Cognac", (100, 40)), ("book", (80, 68))):
        cv2.putText(ink, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255,), 3, cv2.LINE_AA)
    share = ink / 255 * float(np.clip((60 - at) / 3, 0, 1))
    return np.clip(ground * (1 - share) + 30 * share, 0, 255).astype(np.uint8)


def test_words_that_fade_beside_bare_ground_are_no_bend() -> None:
    seen = surprise(np.stack([fading_words(at) for at in range(85)]))
    worst = max((bend.number for bend in bends(seen, 30)), default=0.0)
    assert worst < 0.5, f"words that fade were called a bend of {worst:.2f} times the limit"


def test_a_shot_of_half_a_second_is_too_short_to_tell() -> None:
    assert found(wrung(PAN)[:8]) == []
