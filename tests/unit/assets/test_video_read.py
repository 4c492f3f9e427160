"""Untrusted clips: facts are right, damage and tricks are told in words, nothing hangs."""

import io
import struct
from contextlib import suppress
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assets.errors import AssetError, CorruptMedia, TooLarge, UnsupportedMedia
from assets.sniffing import sniff, sniff_media, sniff_video
from assets.sound import read_sound
from assets.video import VideoLimits, luma, probe_video, read_frames, rgb
from tests.unit.assets.clips import SIZE_PX, foreign, moving, tone, turned, written

FORMS = {
    "video/mp4": ("mp4", "libx264"),
    "video/quicktime": ("mov", "libx264"),
    "video/webm": ("webm", "libvpx-vp9"),
}


@pytest.fixture(scope="module")
def clip() -> bytes:
    return written(moving(), sound=tone(1.0))


@pytest.fixture(scope="module")
def short_clip() -> bytes:
    return written(moving(6))


@cache
def clip_in(media_type: str) -> bytes:
    form, codec = FORMS[media_type]
    return foreign(form, codec)


@pytest.fixture(scope="module")
def gif() -> bytes:
    out = io.BytesIO()
    first, *rest = (Image.fromarray(frame) for frame in moving(6))
    first.save(out, "GIF", save_all=True, append_images=rest, duration=100)
    return out.getvalue()


@pytest.mark.parametrize("media_type", FORMS)
def test_containers_are_read(media_type) -> None:
    form, _ = FORMS[media_type]
    data = clip_in(media_type)
    assert sniff_video(data) == sniff_media(data) == media_type
    facts = probe_video(data)
    assert (facts.container, facts.frames, facts.fps) == (form, 30, 30)
    assert (facts.width_px, facts.height_px) == SIZE_PX
    assert facts.constant_frame_rate
    assert facts.audio is None
    assert not facts.faststart or form != "webm"
    assert len(list(read_frames(data))) == 30
    assert read_sound(data) is None


def test_a_moving_gif_is_a_clip(gif) -> None:
    facts = probe_video(gif)
    assert (facts.container, facts.frames, facts.fps) == ("gif", 6, 10)
    first = next(read_frames(gif)).frame
    assert np.abs(rgb(first)[4, 4].astype(int) - (220, 20, 20)).max() <= 8


def test_a_picture_is_no_clip_and_a_clip_no_picture(clip) -> None:
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    with pytest.raises(UnsupportedMedia, match="image/png: only MP4"):
        probe_video(png.getvalue())
    with pytest.raises(UnsupportedMedia, match="a video: only JPEG"):
        sniff(clip)
    with pytest.raises(CorruptMedia, match="empty"):
        sniff_video(b"")


def test_uneven_times_are_told() -> None:
    times = [index * 20 + (7 if index % 3 else 0) for index in range(30)]
    facts = probe_video(foreign("mp4", "libx264", times=times))
    assert not facts.constant_frame_rate
    assert facts.frames == 30


def test_frames_come_in_order_with_their_times(clip) -> None:
    found = list(read_frames(clip))
    assert [frame.index for frame in found] == list(range(30))
    assert [frame.time_s for frame in found] == pytest.approx([n / 30 for n in range(30)])
    wanted = moving()
    wrong = [np.abs(rgb(f.frame).astype(int) - wanted[f.index]).mean() for f in found]
    assert max(wrong) < 6, "frames are mixed up or colours wrong"


def test_luma_is_full_swing_at_the_size_asked_for() -> None:
    black_and_white = np.zeros((64, 96, 3), np.uint8)
    black_and_white[:, 48:] = 255
    frame = next(read_frames(written([black_and_white]))).frame
    small = luma(frame, (24, 16))
    assert small.shape == (16, 24)
    assert small[:, :10].max() <= 1
    assert small[:, 14:].min() >= 254


def test_rotation_metadata_is_honoured(clip) -> None:
    data = turned(clip, quarter=True)
    facts = probe_video(data)
    assert (facts.width_px, facts.height_px, facts.rotation_deg) == (64, 96, 90)
    shown = rgb(next(read_frames(data)).frame)
    assert shown.shape == (96, 64, 3)
    assert np.abs(shown[6, -6].astype(int) - (220, 20, 20)).max() < 20, "turned the wrong way"


def test_an_odd_turn_is_refused(clip) -> None:
    with pytest.raises(UnsupportedMedia, match="quarter turns"):
        probe_video(turned(clip, quarter=False))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (VideoLimits(max_bytes=1000), "bytes"),
        (VideoLimits(max_pixels=1000), "pixels"),
        (VideoLimits(max_frames=10), "frames"),
        (VideoLimits(max_duration_s=0.5), "lasts"),
    ],
)
def test_limits_hold_before_decoding(clip, limits, words) -> None:
    with pytest.raises(TooLarge, match=words):
        probe_video(clip, limits=limits)
    with pytest.raises(TooLarge, match=words):
        next(read_frames(clip, limits=limits))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("media_type", FORMS)
def test_cut_short_is_corrupt(media_type, share) -> None:
    data = clip_in(media_type)
    with pytest.raises(CorruptMedia, match=r"cut short|damaged|no index"):
        probe_video(data[: int(len(data) * share)])


def test_a_cut_gif_is_corrupt(gif) -> None:
    with pytest.raises(CorruptMedia, match="cut short"):
        probe_video(gif[:-10])


def test_pictures_in_another_file_are_refused(clip) -> None:
    at = clip.index(b"url ") + 4
    outside = clip[:at] + b"\0\0\0\0" + clip[at + 4 :]
    with pytest.raises(UnsupportedMedia, match="another file"):
        probe_video(outside)


def test_fragments_are_refused() -> None:
    data = foreign("mp4", "libx264", options={"movflags": "frag_keyframe+empty_moov"})
    with pytest.raises(UnsupportedMedia, match="fragments"):
        probe_video(data)


def test_a_playlist_is_no_clip() -> None:
    for text in (b"#EXTM3U\n/etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n"):
        with pytest.raises(UnsupportedMedia):
            probe_video(text)


def test_a_lying_sample_count_is_refused(clip) -> None:
    at = clip.index(b"stsz") + 12
    with pytest.raises(TooLarge, match="samples"):
        probe_video(clip[:at] + struct.pack(">I", 2**31) + clip[at + 4 :])


@given(data=st.data())
def test_spoilt_bytes_raise_asset_errors_or_read(short_clip, data) -> None:
    whole = bytearray(short_clip)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    with suppress(AssetError):
        probe_video(bytes(whole))
        for frame in read_frames(bytes(whole)):
            rgb(frame.frame)
