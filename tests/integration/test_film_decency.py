"""Nudity in stills of tall clips: the network sees them squashed into a square."""

from pathlib import Path

import numpy as np

from assets.media import decode_picture
from qa.film.decency import nudity_of
from qa.vision.decency import Decency

UNSURE = 0.5


def test_a_fleece_is_not_nude_because_a_tall_clip_is_squashed(shared_data: Path) -> None:
    photo = shared_data / "catalogs" / "sylius" / "images" / "caps_cap_04.jpg"
    tall = np.ascontiguousarray(
        decode_picture(photo.read_bytes()).rgb[260 : 260 + 933, 100 : 100 + 525]
    )
    network = Decency()
    assert network.probability(tall) > UNSURE, "squashed it reads as nude: else nothing is tested"
    assert nudity_of(tall, network=network) < UNSURE


def test_a_square_still_reads_as_the_network_says(shared_data: Path) -> None:
    photo = shared_data / "catalogs" / "sylius" / "images" / "caps_cap_04.jpg"
    square = np.ascontiguousarray(decode_picture(photo.read_bytes()).rgb[260:785, 100:625])
    network = Decency()
    assert nudity_of(square, network=network) == network.probability(square)


def test_a_hand_on_a_blouse_is_not_nude_because_it_is_seen_one_way_round(shared_data: Path) -> None:
    photo = shared_data / "catalogs" / "sylius" / "images" / "t-shirts_woman_t-shirt_01.jpg"
    waist = np.ascontiguousarray(decode_picture(photo.read_bytes()).rgb[540:1080, 20:980])
    network = Decency()
    assert network.probability(waist) > UNSURE, "one way round it reads as nude"
    assert nudity_of(waist, network=network) < UNSURE
