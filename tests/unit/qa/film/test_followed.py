"""A line of letters followed through a shot."""

import cv2
import numpy as np

from qa.film.letters.followed import Steps, follow_line, line_of


def test_what_stands_still_in_the_place_of_a_line_is_as_like_it_at_every_step() -> None:
    """Another caption stands where the line stood, and the coder's noise changes nothing of it."""
    noise = np.random.default_rng(5)
    luma = np.stack([_shot("Cognac" if step < 8 else "elastic", noise) for step in range(24)])
    steps = Steps(luma=luma, first=0, every=4, step_s=4 / 30)
    line = line_of(steps, 0, (18, 28, 110, 56), still_px=(160, 90))
    assert line is not None

    likeness = [look.likeness for look in follow_line(steps, line) if look is not None]

    assert min(likeness[:8]) > 0.95, "the line itself is followed while it stands"
    assert max(likeness[8:]) < 0.8, "another line is not taken for it"
    assert len(set(likeness[8:])) == 1, "what stands still departs from nothing"


def _shot(text: str, noise: np.random.Generator) -> np.ndarray:
    frame = np.full((90, 160), 190, np.uint8)
    cv2.putText(frame, text, (20, 50), cv2.FONT_HERSHEY_DUPLEX, 0.8, (20,), 2, cv2.LINE_AA)
    return np.clip(frame + noise.normal(0, 1.0, frame.shape), 0, 255).astype(np.uint8)
