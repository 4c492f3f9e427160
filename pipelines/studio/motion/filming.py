"""Frames from a composition into a file: one is drawn while the one before is encoded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from assets.encode import Planes, VideoWriter
from pipelines.studio.motion.canvas import Canvas
from pipelines.studio.motion.composition import Composition


def film(scene: Composition, writer: VideoWriter, frames: range) -> Iterator[Canvas]:
    """Each of the scene's frames, drawn, on its way into the file; all are in it at the end.

    A second thread encodes: both hold no lock of the interpreter while they work, so two cores
    are in use. At most two frames are held, however long the clip.
    """
    before: Future[None] | None = None
    with ThreadPoolExecutor(max_workers=1) as encoder:
        for index in frames:
            canvas = scene.frame(index)
            if before is not None:
                before.result()
            before = encoder.submit(writer.write_planes, Planes(*canvas.planes))
            yield canvas
        if before is not None:
            before.result()
