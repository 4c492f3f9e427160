"""The sound bed: as loud as channels want it, never clipped, the same again; captions as WebVTT."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from pipelines.studio.motion.loudness import fast_size, loudness_lufs, true_peak_dbtp
from pipelines.studio.motion.order import Cue
from pipelines.studio.motion.sound import audio_bed
from pipelines.studio.motion.webvtt import webvtt


def by_ffmpeg(samples: np.ndarray) -> float:
    """The integrated loudness that ffmpeg's ebur128 finds."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=48_000, format="fltp", layout="stereo", time_base=Fraction(1, 48_000)
    )
    graph.link_nodes(source, graph.add("ebur128", "metadata=1"), graph.add("abuffersink"))
    graph.configure()
    loudness = -np.inf
    for start in range(0, len(samples) - 4799, 4800):
        piece = np.ascontiguousarray(samples[start : start + 4800].T)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        graph.push(frame)
        loudness = float(graph.pull().metadata["lavfi.r128.I"])
    return loudness


@pytest.mark.parametrize("seed", [0, 7])
def test_the_bed_has_the_loudness_of_streaming(seed) -> None:
    bed = audio_bed(4.0, seed=seed, beats=(1.0, 3.0))
    assert bed.samples.shape == (192_000, 2)
    assert loudness_lufs(bed.samples) == pytest.approx(-16, abs=0.5)
    assert by_ffmpeg(bed.samples) == pytest.approx(-16, abs=0.5)
    assert true_peak_dbtp(bed.samples) <= -1.0
    assert np.abs(bed.samples[:200]).max() < 0.01, "it begins with a click"
    assert np.abs(bed.samples[-200:]).max() < 0.01, "it ends with a click"


def test_the_same_seed_sounds_the_same_another_otherwise() -> None:
    beds = [audio_bed(3.0, seed=seed).samples for seed in (1, 1, 2)]
    assert np.array_equal(beds[0], beds[1])
    assert not np.array_equal(beds[0], beds[2])


def test_a_full_scale_tone_has_the_loudness_of_the_standard() -> None:
    time = np.arange(5 * 48_000) / 48_000
    left = np.stack((np.sin(2 * np.pi * 997 * time), np.zeros_like(time)), axis=1)
    assert loudness_lufs(left) == pytest.approx(-3.01, abs=0.05), "BS.1770-5, annex 1"
    assert loudness_lufs(np.zeros((48_000, 2))) == -np.inf


def test_a_peak_between_samples_is_seen() -> None:
    time = np.arange(48_000) / 48_000
    wave = np.sin(2 * np.pi * 12_000 * time + np.pi / 4)
    both = np.stack((wave, wave), axis=1)
    assert np.abs(both).max() == pytest.approx(0.7071, abs=1e-3)
    assert true_peak_dbtp(both) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("least", [1, 3, 5, 1000, 1025, 480_001])
def test_fast_sizes_are_enough_and_not_wasteful(least) -> None:
    assert least <= fast_size(least) <= 1.34 * least


def test_cues_are_written_escaped_and_inside_the_clip() -> None:
    cues = [
        Cue(text="Halden & Ash", start_s=0.4, stop_s=2.0),
        Cue(text="<b>350\xa0ml</b>", start_s=2.0, stop_s=9.0),
        Cue(text="never", start_s=8.0, stop_s=9.0),
    ]
    assert webvtt(cues, duration_s=6.5).decode() == (
        "WEBVTT\n\n"
        "00:00:00.400 --> 00:00:02.000\nHalden &amp; Ash\n\n"
        "00:00:02.000 --> 00:00:06.500\n&lt;b&gt;350\xa0ml&lt;/b&gt;\n"
    )


def test_a_player_reads_the_cues() -> None:
    data = webvtt([Cue(text="مقاس 9.8\xa0سم", start_s=1.0, stop_s=61.25)], duration_s=90.0)
    with av.open(io.BytesIO(data), format="webvtt") as container:
        packet = next(container.demux())
        assert packet.pts is not None
        assert float(packet.pts * packet.time_base) == 1.0
        assert bytes(packet).decode() == "مقاس 9.8\xa0سم"
