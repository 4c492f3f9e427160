"""The image judge's sets of metrics, and what it says when it cannot measure."""

import pytest

from assets.store import AssetStore
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    ImageSpec,
    Kind,
    Outcome,
    Photo,
    PhotoRole,
    Product,
    Recipe,
    Shot,
)
from qa.gate import decide, load_policy
from qa.image import ImageJudge

ABSENT = Digest("0" * 64)


def brief(shot: Shot) -> Brief:
    photo = Photo(role=PhotoRole.MAIN, digest=ABSENT, source="mug.jpg", width_px=800, height_px=800)
    product = Product(
        sku="MUG", title="Mug", brand="Kiln", category=("Mugs",), facts=(), photos=(photo,)
    )
    return Brief(kind=Kind.IMAGE, product=product, spec=ImageSpec(shot=shot), locale="und")


def candidate(shot: Shot) -> Candidate:
    asset = Asset(role=shot.value, digest=ABSENT, media_type="image/png", size_bytes=1)
    recipe = Recipe(
        kind=Kind.IMAGE, backend="studio", model="studio@1", prompt="", seed=0, parameters="{}"
    )
    return Candidate(recipe=recipe, assets=(asset,), seconds=0.0)


@pytest.fixture
def judge(tmp_path) -> ImageJudge:
    return ImageJudge(store=AssetStore.open(str(tmp_path)))


@pytest.mark.parametrize("shot", list(Shot))
def test_every_shot_is_scored_by_all_that_the_gate_demands(judge: ImageJudge, shot: Shot) -> None:
    lacking = load_policy().mandatory("image") - set(judge.metrics(shot))
    assert not lacking, f"the gate would send every {shot} to a person for want of {lacking}"


@pytest.mark.parametrize("shot", list(Shot))
def test_every_metric_has_its_limit_in_the_policy(judge: ImageJudge, shot: Shot) -> None:
    policy = load_policy()
    for metric in judge.metrics(shot):
        assert policy.bound(metric).source


@pytest.mark.parametrize("shot", list(Shot))
def test_a_picture_that_can_not_be_read_is_unscored_and_goes_to_a_person(
    judge: ImageJudge, shot: Shot
) -> None:
    scores = judge.score(brief(shot), candidate(shot))
    assert [score.metric for score in scores] == list(judge.metrics(shot))
    assert all(score.value is None and ABSENT[:12] in score.note for score in scores)
    verdict = decide(scores, kind="image", channel="web", policy=load_policy())
    assert verdict.outcome is Outcome.REVIEW
