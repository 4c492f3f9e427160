"""Channels' rules for clips: complete, plausible, and every one of them can be broken."""

from dataclasses import replace
from fractions import Fraction

import pytest

from assets.clipfacts import AudioFacts, VideoFacts
from content_engine.channels import channels
from content_engine.clip_rules import broken_rules
from content_engine.faults import fault_kinds
from content_engine.types import Kind

FACTS = VideoFacts(
    container="mp4",
    video_codec="h264",
    pixel_format="yuv420p",
    width_px=1080,
    height_px=1920,
    fps=Fraction(30),
    frames=300,
    duration_s=10.0,
    constant_frame_rate=True,
    faststart=True,
    color_primaries="bt709",
    color_transfer="bt709",
    color_matrix="bt709",
    color_range="tv",
    bit_rate=2_000_000,
    audio=AudioFacts(codec="aac", sample_rate_hz=48_000, channels=2, duration_s=10.0),
)
SIZES = {"1:1": (1080, 1080), "9:16": (1080, 1920), "16:9": (1920, 1080), "4:5": (1080, 1350)}


@pytest.mark.parametrize("name", channels())
def test_every_channel_takes_a_good_clip_in_each_of_its_aspects(name) -> None:
    rules = channels()[name].video
    assert rules.source
    assert set(rules.safe_area) == set(rules.aspects)
    for aspect, (x0, y0, x1, y1) in rules.safe_area.items():
        assert 0 <= x0 < 0.5 < x1 <= 1
        assert 0 <= y0 < 0.5 < y1 <= 1
        assert x0 == pytest.approx(1 - x1), "Arabic stands on the other side: keep both free"
        width_px, height_px = SIZES[aspect]
        facts = replace(FACTS, width_px=width_px, height_px=height_px)
        assert broken_rules(facts, rules, aspect) == ()


BREAKS = {
    "another aspect": ({"width_px": 1080, "height_px": 1080}, "odd_size"),
    "odd sides": ({"width_px": 1081, "height_px": 1921}, "odd_size"),
    "too small": ({"width_px": 270, "height_px": 480}, "odd_size"),
    "stretched": ({"square_pixels": False}, "odd_size"),
    "too short": ({"duration_s": 2.0}, "wrong_duration"),
    "too long": ({"duration_s": 90.0}, "wrong_duration"),
    "slow": ({"fps": Fraction(12)}, "file_format"),
    "uneven": ({"constant_frame_rate": False}, "variable_rate"),
    "silent": ({"audio": None}, "missing_audio"),
    "sound ends": ({"audio": replace(FACTS.audio, duration_s=6.0)}, "missing_audio"),
    "thin": ({"bit_rate": 200_000}, "file_format"),
    "index last": ({"faststart": False}, "file_format"),
    "webm": ({"container": "webm", "video_codec": "vp9"}, "file_format"),
    "ten bits": ({"pixel_format": "yuv420p10le"}, "file_format"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_tiktok_refuses_is_told_with_kind_number_and_words(what) -> None:
    change, kind = BREAKS[what]
    found = broken_rules(replace(FACTS, **change), channels()["tiktok"].video, "9:16")
    assert kind in {each.kind for each in found}
    assert {each.kind for each in found} <= set(fault_kinds(Kind.VIDEO))
    assert all(each.message and each.number != each.threshold for each in found)


def test_a_silent_clip_is_fine_where_sound_is_optional() -> None:
    silent = replace(FACTS, audio=None)
    assert broken_rules(silent, channels()["web"].video, "9:16") == ()
