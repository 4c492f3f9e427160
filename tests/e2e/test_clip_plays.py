"""A signed clip in a real browser: it plays to its end with sound, and every seek lands on its frame."""

import base64

import numpy as np
import pytest

from assets.provenance import Claims, Signer
from tests.browser import launched
from tests.unit.assets.clips import tone, written

pytestmark = pytest.mark.browser

FRAMES, FPS = 45, 30
PLAYED = """async ({data, frames, fps}) => {
  const video = document.createElement('video');
  video.src = 'data:video/mp4;base64,' + data;
  document.body.append(video);
  await new Promise((done, failed) => {
    video.oncanplaythrough = done;
    video.onerror = () => failed(video.error.message);
  });
  const canvas = Object.assign(document.createElement('canvas'), {width: 96, height: 64});
  const pen = canvas.getContext('2d');
  const seen = [];
  for (let frame = 4; frame < frames; frame += 4) {
    const drawn = new Promise((done) => {
      video.requestVideoFrameCallback(done);
      setTimeout(done, 2000);
    });
    const sought = new Promise((done) => { video.onseeked = done; });
    video.currentTime = (frame + 0.5) / fps;
    await Promise.all([drawn, sought]);
    pen.drawImage(video, 0, 0);
    seen.push(pen.getImageData(48, 32, 1, 1).data[0]);
  }
  video.currentTime = 1.2;
  await video.play();
  await new Promise((done) => { video.onended = done; });
  return {seen, duration: video.duration, heard: video.webkitAudioDecodedByteCount};
}"""


@pytest.fixture(scope="module")
def signed(tmp_path_factory) -> bytes:
    """Frame n is a grey of 20 + 5 n, so that a picture tells its number."""
    frames = [np.full((64, 96, 3), 20 + 5 * index, np.uint8) for index in range(FRAMES)]
    signer = Signer.open(tmp_path_factory.mktemp("signer") / "keys")
    claims = Claims(title="t", digital_source_type="compositeSynthetic", generator="studio-motion")
    clip = written(frames, fps=FPS, sound=tone(FRAMES / FPS))
    return signer.sign(clip, media_type="video/mp4", claims=claims)


def test_a_signed_clip_plays_and_seeks_to_the_frame(signed) -> None:
    with launched() as browser:
        page = browser.new_page()
        data = base64.b64encode(signed).decode()
        found = page.evaluate(PLAYED, {"data": data, "frames": FRAMES, "fps": FPS})
    assert found["duration"] == pytest.approx(FRAMES / FPS, abs=0.03)
    assert found["heard"] > 0, "no sound was decoded"
    numbers = [round((grey - 20) / 5) for grey in found["seen"]]
    assert numbers == list(range(4, FRAMES, 4)), "a seek shows another frame"
