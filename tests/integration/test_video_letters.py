"""Letters that are no longer what they were are told; other letters in their place are not."""

import cv2
import numpy as np
import pytest

from assets.encode import VideoWriter
from qa.film.letters.lost import letters_lost
from qa.film.screened import Wanted
from qa.film.sight import Source, Views
from qa.video import screened
from qa.vision.lettering import Reader
from qa.vision.reference import Reference
from qa.vision.register import features

FPS = 8
SIZE = (640, 480)
NOISE = np.random.default_rng(5).integers(0, 255, (24, 32, 3), np.uint8)
WALL = cv2.resize(NOISE, SIZE, interpolation=cv2.INTER_CUBIC) // 2 + 40
LABEL = (130, 150, 510, 330)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(narrowest_px=160)


def labelled(*lines: str) -> np.ndarray:
    """A wall and a plain label on it, one line of letters below the other."""
    picture = WALL.copy()
    x0, y0, x1, y1 = LABEL
    picture[y0:y1, x0:x1] = 235
    for at, line in enumerate(lines):
        place = (x0 + 20, y0 + 60 + 80 * at)
        cv2.putText(picture, line, place, cv2.FONT_HERSHEY_DUPLEX, 1.1, (20, 20, 20), 2, 16)
    return picture


def lost(
    reader: Reader, first: np.ndarray, then: np.ndarray, *, sources: tuple[Source, ...] = ()
) -> float:
    """Letters lost in a clip that shows one picture for a second and the other for two."""
    writer = VideoWriter(width_px=SIZE[0], height_px=SIZE[1], fps=FPS)
    for at in range(3 * FPS):
        writer.write(first if at < FPS else then)
    seen = screened(writer.finish(), wanted=Wanted(), sources=sources)
    return letters_lost(seen, reader=reader).value


def test_letters_that_become_others_are_lost(reader) -> None:
    was, now = labelled("FIG AND CEDAR", "220 GRAMS"), labelled("FIG AND CEDAR", "27Q OPYNZ")
    assert lost(reader, was, now) >= 3


def test_another_line_of_the_thing_in_a_lines_place_is_no_loss(reader) -> None:
    was, now = labelled("FIG AND CEDAR", "220 GRAMS"), labelled("SOY WAX", "FIG AND CEDAR")
    assert lost(reader, was, now) == 0


def source_of(photo: np.ndarray, *, reader: Reader) -> Source:
    """A photo all of which is the product, its lines read."""
    whole = np.ones(photo.shape[:2], bool)
    own = Reference(
        rgb=photo,
        mask=whole,
        possible=whole,
        core=whole,
        backdrop=None,
        box=(0, 0, *SIZE),
        per_photo_px=1.0,
        cut_sides=frozenset(),
        features=features(photo),
    )
    return Source(reference=own, features=np.zeros(1280, np.float32), lines=reader.lines(own))


@pytest.mark.parametrize(("cut_px", "least", "most"), [(SIZE[0], 3, 20), (300, 0, 0)])
def test_a_line_that_a_windows_edge_cuts_off_proves_nothing(reader, cut_px, least, most) -> None:
    source = source_of(labelled("FIG AND CEDAR"), reader=reader)
    was, now = labelled("FIG AND CEDAR"), labelled("FKQ OPY ZEDAR")
    for picture in (was, now):
        picture[:, cut_px:] = 128
    assert least <= lost(reader, was, now, sources=(source,)) <= most


def test_what_the_photo_shows_too_is_printed_and_a_caption_is_not(reader) -> None:
    photo = labelled("FIG AND CEDAR", "220 GRAMS")
    source = source_of(photo, reader=reader)
    still = cv2.resize(photo, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    cv2.putText(still, "NEW IN", (300, 60), cv2.FONT_HERSHEY_DUPLEX, 1.1, (250, 250, 250), 2, 16)
    views = Views({0: still}, sources=[source])
    assert views.printed(0, (100, 124, 310, 152))
    assert not views.printed(0, (298, 36, 425, 62))
    off = cv2.copyMakeBorder(still, 0, 60, 0, 0, cv2.BORDER_REPLICATE)
    cv2.putText(off, "NEW IN", (60, 380), cv2.FONT_HERSHEY_DUPLEX, 1.1, (250, 250, 250), 2, 16)
    assert not Views({0: off}, sources=[source]).printed(0, (58, 356, 185, 382))
