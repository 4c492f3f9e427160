"""The whole image judge, networks included, on a picture the pipeline really makes."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.media import Picture, decode_picture, encode_png
from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.types import (
    Brief,
    Candidate,
    Digest,
    ImageSpec,
    Kind,
    Outcome,
    Photo,
    PhotoRole,
    Product,
    Score,
    Shot,
)
from qa.gate import decide, load_policy
from qa.image import ImageJudge
from serving.app import image_maker


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("judge"))


@pytest.fixture(scope="module")
def store(settings: Settings) -> AssetStore:
    return AssetStore.open(settings.assets_url)


@pytest.fixture(scope="module")
def brief(store: AssetStore, samples: Path) -> Brief:
    data = (samples / "candle-main.jpg").read_bytes()
    digest = Digest(store.put(data))
    photo = Photo(
        role=PhotoRole.MAIN, digest=digest, source="candle", width_px=1200, height_px=1200
    )
    product = Product(
        sku="C", title="Candle", brand="H", category=("Candles",), facts=(), photos=(photo,)
    )
    return Brief(kind=Kind.IMAGE, product=product, spec=ImageSpec(shot=Shot.PACKSHOT), locale="und")


@pytest.fixture(scope="module")
def made(settings: Settings, brief: Brief) -> Candidate:
    maker = image_maker(settings)
    return maker.generate(next(iter(maker.plan(brief))))


@pytest.fixture(scope="module")
def judge(store: AssetStore) -> ImageJudge:
    return ImageJudge(store=store)


def outcome(scores: list[Score]) -> Outcome:
    return decide(scores, kind="image", channel="web", policy=load_policy()).outcome


def spoilt(made: Candidate, store: AssetStore, rgb: np.ndarray) -> Candidate:
    digest = Digest(store.put(encode_png(Picture(np.ascontiguousarray(rgb)))))
    asset = replace(made.assets[0], digest=digest, media_type="image/png")
    return replace(made, assets=(asset,))


def values(scores: list[Score]) -> dict[str, float | None]:
    return {score.metric: score.value for score in scores}


def test_a_good_packshot_ships_with_every_metric_measured(
    judge: ImageJudge, brief: Brief, made: Candidate
) -> None:
    scores = list(judge.score(brief, made))
    assert None not in values(scores).values(), [s.note for s in scores if s.value is None]
    assert outcome(scores) is Outcome.ACCEPT, [e.message for s in scores for e in s.evidence]


def test_a_garbled_label_is_read_and_boxed(
    judge: ImageJudge, brief: Brief, made: Candidate, store: AssetStore
) -> None:
    rgb = decode_picture(store.get(made.assets[0].digest)).rgb.copy()
    rgb[700:1500, 500:1100] = rgb[700:1500, 500:1100][:, ::-1]
    scores = list(judge.score(brief, spoilt(made, store, rgb)))
    lettering = next(score for score in scores if score.metric == "image.lettering")
    assert lettering.value is not None
    assert lettering.value >= 2
    assert lettering.evidence[0].box is not None
    assert "the source says" in lettering.evidence[0].message
    assert outcome(scores) is not Outcome.ACCEPT


def test_another_product_is_another_product(
    judge: ImageJudge, brief: Brief, made: Candidate, store: AssetStore, samples: Path
) -> None:
    good = values(list(judge.score(brief, made)))["image.identity"]
    other = decode_picture((samples / "mug-main.jpg").read_bytes()).rgb
    rgb = np.full((1600, 1600, 3), 255, np.uint8)
    rgb[200:1400, 200:1400] = cv2.resize(other, (1200, 1200))
    scores = list(judge.score(brief, spoilt(made, store, rgb)))
    found = values(scores)["image.identity"]
    assert good is not None
    assert found is not None
    assert found < 0.8 < 0.9 < good
    assert outcome(scores).rank >= Outcome.REVIEW.rank


def test_the_photo_is_analysed_once(judge: ImageJudge, brief: Brief, made: Candidate) -> None:
    judge.score(brief, made)
    assert judge.photos_known() == 1
