"""Clips that tell their own frame numbers, and how a page reads them from the screen."""

from fractions import Fraction

import cv2
import numpy as np

from assets.encode import VideoWriter

BITS = 10
CLIP_PX = 320


def numbered_clip(*, frames: int, fps: Fraction | int) -> bytes:
    """A clip whose every frame shows its number, in digits and as black and white squares."""
    width = height = CLIP_PX
    writer = VideoWriter(width_px=width, height_px=height, fps=fps)
    for number in range(frames):
        picture = np.full((height, width, 3), (206, 203, 198), np.uint8)
        x = int(width * (0.5 + 0.12 * np.sin(number / 18)))
        cv2.circle(picture, (x, height // 2), height // 6, (62, 104, 168), -1, cv2.LINE_AA)
        cv2.putText(
            picture,
            f"{number:03d}",
            (12, height - 18),
            cv2.FONT_HERSHEY_DUPLEX,
            1.4,
            (20, 20, 20),
            2,
        )
        side = width // BITS
        for bit in range(BITS):
            shade = 245 if number >> bit & 1 else 10
            picture[:side, bit * side : (bit + 1) * side] = shade
        writer.write(picture)
    return writer.finish()


NUMBER_ON_SCREEN = """
(video) => {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(video, 0, 0);
  const side = canvas.width / 10;
  let number = 0;
  for (let bit = 0; bit < 10; bit++)
    if (pen.getImageData((bit + 0.5) * side, side / 2, 1, 1).data[0] > 128) number |= 1 << bit;
  return number;
}
"""
