"""Frames from a composition into a file: the next is drawn while one is encoded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from assets.encode import Planes, VideoWriter
from pipelines.studio.motion.canvas import Canvas
from pipelines.studio.motion.composition import Composition


def film(scene: Composition, writer: VideoWriter, frames: range) -> Iterator[Canvas]:
    """Each of the scene's frames, drawn and already in the file; all are in it at the end.

    A second thread draws: both hold no lock of the interpreter while they work, so two cores are
    in use. At most two frames are held, however long the clip. The encoder works in the caller's
    thread, where the scene was composed: its hundred megabytes take the room which composing has
    left there, not new room of another thread's (measured upright: 528 MB against 437).
    """
    if not frames:
        return
    with ThreadPoolExecutor(max_workers=1) as painter:
        coming = painter.submit(scene.frame, frames[0])
        for index in frames:
            canvas = coming.result()
            if index != frames[-1]:
                coming = painter.submit(scene.frame, index + 1)
            writer.write_planes(Planes(*canvas.planes))
            yield canvas
