"""What is written plays everywhere: tags, order of the file, rate, colours, sound in step."""

from fractions import Fraction

import numpy as np
import pytest

from assets.boxes import top_boxes
from assets.encode import Planes, VideoWriter, planes
from assets.sound import Sound, read_sound
from assets.video import probe_video, read_frames, rgb
from tests.unit.assets.clips import moving, tone, written


@pytest.fixture(scope="module")
def clip() -> bytes:
    return written(moving(45), sound=tone(1.0))


def test_the_facts_are_those_that_channels_ask_for(clip) -> None:
    facts = probe_video(clip)
    assert (facts.container, facts.video_codec, facts.pixel_format) == ("mp4", "h264", "yuv420p")
    tags = (facts.color_primaries, facts.color_transfer, facts.color_matrix, facts.color_range)
    assert tags == ("bt709", "bt709", "bt709", "tv")
    assert (facts.fps, facts.frames, facts.duration_s) == (30, 45, 1.5)
    assert facts.constant_frame_rate
    assert facts.faststart
    assert facts.square_pixels
    assert facts.longest_gop_s <= 1.0
    assert facts.audio is not None
    assert (facts.audio.codec, facts.audio.sample_rate_hz, facts.audio.channels) == (
        "aac",
        48_000,
        2,
    )
    assert facts.audio.duration_s == pytest.approx(1.5, abs=0.03)


def test_the_file_names_no_program_and_carries_no_edit_list(clip) -> None:
    assert [box.kind for box in top_boxes(clip)][-2:] == [b"moov", b"mdat"]
    for trace in (b"Lav", b"x264", b"elst"):
        assert trace not in clip, f"{trace!r} stands in the file"


def test_the_same_frames_give_the_same_bytes() -> None:
    frames, sound = moving(12), tone(0.3)
    clip = written(frames, sound=sound)
    held = [np.random.default_rng(each).random((each + 1) * 1000) for each in range(50)]
    assert written(frames, sound=sound) == clip
    del held[::2]
    assert written(frames, sound=sound) == clip


@pytest.mark.parametrize(
    "color", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (190, 120, 60)]
)
def test_colours_come_back(color) -> None:
    frames = [np.full((48, 64, 3), color, np.uint8)] * 3
    (*_, last) = (rgb(frame.frame).mean(axis=(0, 1)) for frame in read_frames(written(frames)))
    assert np.abs(last - color).max() <= 2, "BT.709 tags and matrix disagree"


def test_planes_average_colour_over_four_pixels() -> None:
    checks = np.zeros((4, 4, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = (255, 255, 255)
    found = planes(checks)
    assert set(found.y.ravel()) == {16, 235}
    assert np.abs(found.u.astype(int) - 128).max() <= 1


def test_ready_planes_give_the_same_clip() -> None:
    frames = moving(5)
    writer = VideoWriter(width_px=96, height_px=64, fps=30)
    for frame in frames:
        writer.write_planes(planes(frame))
    assert writer.finish() == written(frames)


def test_sound_is_in_step_and_ends_with_the_pictures() -> None:
    sound = read_sound(written(moving(60), sound=tone(2.0)))
    assert sound is not None
    assert sound.duration_s == pytest.approx(2.0, abs=0.03)
    loud = int(np.argmax(np.abs(sound.samples[:, 0]) > 0.5)) / sound.rate_hz
    assert loud == pytest.approx(1.0, abs=0.002), "the click of second 1 is heard elsewhere"


@pytest.mark.parametrize("heard_s", [0.4, 3.0])
def test_too_short_or_too_long_sound_is_filled_or_cut(heard_s) -> None:
    facts = probe_video(written(moving(30), sound=tone(heard_s)))
    assert facts.audio is not None
    assert facts.audio.duration_s == pytest.approx(1.0, abs=0.03)


def test_other_rates_are_exact() -> None:
    facts = probe_video(written(moving(24), fps=Fraction(24_000, 1001)))
    assert facts.fps == Fraction(24_000, 1001)
    assert facts.constant_frame_rate


@pytest.mark.parametrize("size_px", [(95, 64), (96, 63), (8, 8)])
def test_odd_sizes_are_refused(size_px) -> None:
    with pytest.raises(ValueError, match="even"):
        VideoWriter(width_px=size_px[0], height_px=size_px[1], fps=30)


def test_misuse_is_told() -> None:
    writer = VideoWriter(width_px=96, height_px=64, fps=30)
    with pytest.raises(ValueError, match="the clip"):
        writer.write_planes(Planes(*(np.zeros((32, 32), np.uint8) for _ in range(3))))
    with pytest.raises(ValueError, match="one frame"):
        writer.finish()
    silence = Sound(np.zeros((10, 2), np.float32), rate_hz=44_100)
    with pytest.raises(ValueError, match="48,000"):
        VideoWriter(width_px=96, height_px=64, fps=30, sound=silence)
    with pytest.raises(ValueError, match="float32"):
        Sound(np.zeros((10, 2)))


def test_a_leaner_clip_is_smaller() -> None:
    sizes = []
    for crf in (14, 34):
        writer = VideoWriter(width_px=96, height_px=64, fps=30, crf=crf)
        for frame in moving(10):
            writer.write(frame)
        sizes.append(len(writer.finish()))
    assert sizes[1] < sizes[0]
