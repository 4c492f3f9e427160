"""Letters that wander are found at their frames; letters that move, turn, fade or hide are not."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from qa.film.letters.writing import letters_bent
from qa.film.sight import Views
from qa.gate import load_policy
from qa.vision.lettering import Reader
from tests.unit.qa.film.filmstock import reel_of, texture

SIZE = (320, 180)
FPS = 16
FRAMES = 48
WRONG = range(14, 30)
LIMIT = load_policy().bound("video.writing").accept


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def label() -> np.ndarray:
    """A photo with a printed paper label, (240, 480, 3) uint8."""
    picture = cv2.GaussianBlur(texture(3), (0, 0), 2.0)
    cv2.rectangle(picture, (130, 95), (350, 145), (236, 232, 224), -1)
    face = cv2.FONT_HERSHEY_SIMPLEX
    return cv2.putText(picture, "NORDFJELL", (145, 132), face, 1.15, (40, 40, 40), 3, cv2.LINE_AA)


def filmed(picture: np.ndarray, at: int) -> np.ndarray:
    """A slow pan that turns and comes nearer."""
    turn = cv2.getRotationMatrix2D((240, 120), 0.1 * at, 0.95 + 0.003 * at)
    turn[:, 2] += (-80 - 0.4 * at, -30)
    return cv2.warpAffine(picture, turn, SIZE, flags=cv2.INTER_LINEAR)


def wandering(at: int) -> np.ndarray:
    """The label with each letter pushed up or down by up to 12 px."""
    picture = label()
    rows, columns = np.mgrid[95:145, 130:350].astype(np.float32)
    moved = rows + 12 * np.sin(columns / 9 + 0.4 * at).astype(np.float32)
    picture[95:145, 130:350] = cv2.remap(label(), columns, moved, cv2.INTER_LINEAR)
    return picture


def faded(at: int) -> np.ndarray:
    plain = label()
    plain[98:142, 133:347] = (236, 232, 224)
    return plain


def value(frames: list[np.ndarray], reader: Reader) -> tuple[float, tuple[int, int] | None]:
    reel = reel_of(frames, fps=FPS)
    seen = SimpleNamespace(reel=reel, views=Views(reel.stills, sources=()))
    read = letters_bent(seen, reader=reader)  # pyright: ignore[reportArgumentType]
    return read.value, read.evidence[0].frames if read.evidence else None


def test_letters_that_wander_for_a_second_are_found_at_their_frames(reader) -> None:
    pictures = [wandering(at) if at in WRONG else label() for at in range(FRAMES)]
    number, span = value([filmed(picture, at) for at, picture in enumerate(pictures)], reader)
    assert number > LIMIT
    assert span is not None
    assert abs(span[0] - WRONG[0]) <= 3
    assert abs(span[1] - WRONG[-1]) <= 3


def test_letters_that_a_camera_passes_keep_their_look(reader) -> None:
    assert value([filmed(label(), at) for at in range(FRAMES)], reader)[0] < LIMIT / 2


def test_letters_that_leave_for_a_while_are_a_caption_of_their_own(reader) -> None:
    pictures = [faded(at) if at in WRONG else label() for at in range(FRAMES)]
    frames = [filmed(picture, at) for at, picture in enumerate(pictures)]
    assert value(frames, reader)[0] <= LIMIT
