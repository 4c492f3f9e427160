"""What is looked for in a stranger's bytes: each look decodes them and tells plain facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from assets.cleaning import clean_garment, clean_person
from assets.errors import AssetError, UnsupportedMedia
from assets.media import DecodeLimits, decode_picture
from assets.provenance import read_manifest
from assets.sniffing import sniff_media
from assets.sound import read_sound
from assets.video import VideoLimits, luma, probe_video, read_frames, rgb
from assets.xmp import with_xmp, xmp_packet

_WITH_CREDENTIALS = ("image/jpeg", "image/png", "image/webp", "video/mp4")
_MOVING = ("video/mp4", "video/quicktime", "video/webm", "image/gif")
_SMALL_PX = (64, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look found: facts that are plain JSON, and the bytes it made, if it makes any."""

    facts: Mapping[str, Any]
    data: bytes = field(default=b"", repr=False)


def media_facts(data: bytes, max_bytes: int) -> Seen:
    """`media_type`, `width_px`, `height_px`; of a clip `duration_s`, `fps` and `frames`, too.

    A picture is decoded whole; of a clip every packet is walked through and one frame decoded.
    Raises UnsupportedMedia, CorruptMedia, TooLarge.
    """
    media_type = sniff_media(data)
    if media_type.startswith("image/"):
        return picture_facts(data, max_bytes)
    clip = probe_video(data, limits=VideoLimits(max_bytes=max_bytes))
    return Seen(
        facts={
            "media_type": media_type,
            "width_px": clip.width_px,
            "height_px": clip.height_px,
            "duration_s": clip.duration_s,
            "fps": float(clip.fps),
            "frames": clip.frames,
        }
    )


def picture_facts(data: bytes, max_bytes: int) -> Seen:
    """`media_type`, `width_px` and `height_px` of a picture that was decoded whole.

    Raises UnsupportedMedia, CorruptMedia, TooLarge.
    """
    picture = decode_picture(data, limits=DecodeLimits(max_bytes=max_bytes))
    return Seen(
        facts={
            "media_type": sniff_media(data),
            "width_px": picture.width_px,
            "height_px": picture.height_px,
        }
    )


def person(data: bytes, max_bytes: int) -> Seen:
    """A shopper's photo made clean, and its `width_px` and `height_px`. Raises as the rest."""
    clean = clean_person(data, max_bytes=max_bytes)
    return Seen(facts={"width_px": clean.width_px, "height_px": clean.height_px}, data=clean.data)


def garment(data: bytes, max_bytes: int) -> Seen:
    """A garment's picture made clean, and its `width_px` and `height_px`. Raises as the rest."""
    clean = clean_garment(data, max_bytes=max_bytes)
    return Seen(facts={"width_px": clean.width_px, "height_px": clean.height_px}, data=clean.data)


def everything(data: bytes, max_bytes: int) -> Seen:
    """The `frames` decoded: all pixels, sound, credentials and structure, as any part reads them.

    For trials of the decoders: all of them get the file, then the first complaint is raised:
    UnsupportedMedia, CorruptMedia, TooLarge.
    """
    complaints: list[AssetError] = []
    frames = 0
    for look in _all_looks(data, sniff_media(data), max_bytes):
        try:
            frames += look()
        except AssetError as complaint:
            complaints.append(complaint)
    if complaints:
        raise complaints[0]
    return Seen(facts={"frames": frames})


def _all_looks(data: bytes, media_type: str, max_bytes: int) -> Iterator[Callable[[], int]]:
    if media_type in _WITH_CREDENTIALS:
        yield lambda: _stated(data, media_type)
        yield lambda: _credentials(data, media_type)
    if media_type.startswith("image/"):
        yield lambda: _still(data, max_bytes)
    if media_type in _MOVING:
        yield lambda: _played(data, VideoLimits(max_bytes=max_bytes))
        yield lambda: _heard(data, VideoLimits(max_bytes=max_bytes))


def _stated(data: bytes, media_type: str) -> int:
    packet = xmp_packet(title="x", source_type="digitalCapture", tool="x")
    with_xmp(data, media_type=media_type, packet=packet)
    return 0


def _credentials(data: bytes, media_type: str) -> int:
    read_manifest(data, media_type)
    return 0


def _still(data: bytes, max_bytes: int) -> int:
    try:
        decode_picture(data, limits=DecodeLimits(max_bytes=max_bytes))
    except UnsupportedMedia:
        if sniff_media(data) in _MOVING:  # it may be a moving one, which is no fault
            return 0
        raise
    return 1


def _played(data: bytes, limits: VideoLimits) -> int:
    count = 0
    for each in read_frames(data, limits=limits):
        luma(each.frame, _SMALL_PX)
        if count == 0:
            rgb(each.frame)
        count += 1
    return count


def _heard(data: bytes, limits: VideoLimits) -> int:
    read_sound(data, limits=limits)
    return 0


class Looker(Protocol):
    """Where strangers' bytes are decoded: in this process, or in cells that may die of it."""

    def look(self, name: str, data: bytes, *, max_bytes: int) -> Seen:
        """What the look of that name finds. Raises what the look raises."""
        ...


class LookHere:
    """Decodes in this process: for a command whose files are its owner's, and for tests."""

    def look(self, name: str, data: bytes, *, max_bytes: int) -> Seen:
        """What the look of that name finds. Raises what the look raises."""
        return LOOKS[name](data, max_bytes)


LOOKS: Mapping[str, Callable[[bytes, int], Seen]] = {
    look.__name__: look for look in (media_facts, picture_facts, person, garment, everything)
}
"""Every look by its name: nothing else can be asked of a cell."""
