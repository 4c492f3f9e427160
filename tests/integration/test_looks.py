"""Optional judges with tiny checkpoints of the true classes: Qwen3-VL, Qwen3.5, SigLIP 2."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.encode import VideoWriter
from assets.media import decode_picture, encode_png
from assets.store import AssetStore
from content_engine.errors import ScorerFailed
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    ImageSpec,
    Kind,
    Photo,
    PhotoRole,
    Product,
    Recipe,
    Shot,
)
from qa.film.screened import Wanted
from qa.gate import decide, load_policy
from qa.image import ImageJudge
from qa.looks.seam import Scorer
from qa.looks.second_look import SecondLook
from qa.looks.similar import Similarity
from qa.looks.vlm import VisionModel
from qa.video import VideoJudge
from tests import tiny_language

POLICY = load_policy()
NOISE = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)


@pytest.fixture(scope="module", autouse=True)
def one_thread_offline() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    os.environ["HF_HUB_OFFLINE"] = "1"
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in ("qwen3_vl", "qwen3_5", "siglip2", "siglip"):
        getattr(tiny_language, name)(folder / name)
    return folder


@pytest.fixture(scope="module")
def looks(models: Path) -> tuple[Scorer, ...]:
    witness = VisionModel.load(models / "qwen3_vl")
    return SecondLook(witness, policy=POLICY), Similarity.load(models / "siglip2")


@pytest.mark.parametrize("name", ["qwen3_vl", "qwen3_5"])
def test_a_witness_sees_every_picture_and_says_the_same_twice(models: Path, name: str) -> None:
    witness = VisionModel.load(models / name)
    once = witness.leaning([NOISE], "Is it torn?")
    assert once == witness.leaning([NOISE], "Is it torn?")
    others = (
        witness.leaning([NOISE[:, ::-1]], "Is it torn?"),
        witness.leaning([NOISE[:20], NOISE], "Is it torn?"),
        witness.leaning([NOISE], "Is it whole?"),
    )
    assert once not in others, "picture and question must both matter"


@pytest.mark.parametrize("name", ["siglip2", "siglip"])
def test_similar_is_one_for_the_same_and_less_for_another(models: Path, name: str) -> None:
    network = Similarity.load(models / name)
    same = network.features(NOISE) @ network.features(NOISE)
    other = network.features(NOISE) @ network.features(np.full_like(NOISE, 200))
    assert same == pytest.approx(1.0, abs=1e-5)
    assert other < 0.999


@pytest.mark.parametrize("kind", [VisionModel, Similarity])
def test_only_safe_weights_are_loaded(models: Path, tmp_path: Path, kind: type) -> None:
    name = "qwen3_vl" if kind is VisionModel else "siglip2"
    pickled = shutil.copytree(models / name, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    for folder in (pickled, tmp_path / "nowhere"):
        with pytest.raises(ScorerFailed, match="no "):
            kind.load(folder)


@pytest.fixture(scope="module")
def photo(samples: Path) -> bytes:
    """A product's photo, small: the judges' other networks are not what is tested here."""
    picture = decode_picture((samples / "mug-main.jpg").read_bytes())
    small = cv2.resize(picture.rgb, (360, 360), interpolation=cv2.INTER_AREA)
    return encode_png(replace(picture, rgb=small))


def test_a_picture_is_looked_at_again_and_fares_no_better(
    looks: tuple[Scorer, ...], photo: bytes, tmp_path: Path
) -> None:
    store = AssetStore.open(str(tmp_path))
    rgb = decode_picture(photo).rgb
    tinted = np.clip(rgb.astype(np.int16) + np.array([26, 0, -26]), 0, 255).astype(np.uint8)
    scores = ImageJudge(store=store, looks=looks).score(*_candidate(store, photo, tinted))
    own, added = scores[:-2], scores[-2:]
    assert [score.metric for score in added] == ["image.second_look", "image.similarity"]
    assert all(score.value is not None for score in added), added
    before, after = (
        decide(each, kind="image", channel="web", policy=POLICY).outcome for each in (own, scores)
    )
    assert after.rank >= before.rank


def test_a_clips_evidence_is_looked_at_in_its_own_frames(
    looks: tuple[Scorer, ...], photo: bytes, tmp_path: Path
) -> None:
    small = cv2.resize(decode_picture(photo).rgb, (320, 320), interpolation=cv2.INTER_AREA)
    writer = VideoWriter(width_px=320, height_px=320, fps=24)
    for index in range(30):
        frame = np.roll(small, index // 2, axis=1)
        if 15 <= index <= 17:
            frame = frame.copy()
            frame[100:180, 100:200] = frame[200:280, 20:120][:, ::-1]
        writer.write(frame)
    judge = VideoJudge(store=AssetStore.open(str(tmp_path)), looks=looks)
    scores = judge.examine(writer.finish(), wanted=Wanted(), photos=[photo])
    found = {score.metric: score for score in scores}
    second = found["video.second_look"]
    assert second.value is not None, second.note
    assert "video.similarity" in found
    assert list(found)[-2:] == ["video.second_look", "video.similarity"]


def _candidate(store: AssetStore, photo: bytes, picture: np.ndarray) -> tuple[Brief, Candidate]:
    digest = Digest(store.put(photo))
    side = picture.shape[0]
    source = Photo(role=PhotoRole.MAIN, digest=digest, source="mug", width_px=side, height_px=side)
    product = Product(
        sku="M", title="Mug", brand="K", category=("Mugs",), facts=(), photos=(source,)
    )
    spec = ImageSpec(shot=Shot.SCENE, longer_side_px=max(picture.shape[:2]))
    brief = Brief(kind=Kind.IMAGE, product=product, spec=spec, locale="und")
    made = encode_png(replace(decode_picture(photo), rgb=picture))
    asset = Asset(
        role="scene",
        digest=Digest(store.put(made)),
        media_type="image/png",
        size_bytes=len(made),
        width_px=picture.shape[1],
        height_px=side,
    )
    recipe = Recipe(
        kind=Kind.IMAGE, backend="klein", model="k@1", prompt="", seed=0, parameters="{}"
    )
    return brief, Candidate(recipe=recipe, assets=(asset,), seconds=0.0)
