"""What a person orders for copy: edited in place, written anew, replaced, or refused in words."""

import json
from pathlib import Path

import pytest

from assets.store import AssetStore
from content_engine.errors import InvalidBrief
from content_engine.review import Adjust, Correction, Edit, FallBack, Regenerate, Replace, Trim
from content_engine.types import Attempt, Brief, Digest, Kind, Outcome, TextSpec, Verdict
from pipelines.language.preview import products
from pipelines.text import TextPipeline

REVIEW = Verdict(outcome=Outcome.REVIEW, reasons=("text.numbers is 1",))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AssetStore:
    return AssetStore.open(str(tmp_path_factory.mktemp("copy")))


@pytest.fixture(scope="module")
def pipeline(store: AssetStore) -> TextPipeline:
    return TextPipeline(store=store)


@pytest.fixture(scope="module")
def brief(samples: Path) -> Brief:
    (mug,) = products(samples / "products.jsonl", "SC-MUG-350-OAT")
    return Brief(kind=Kind.TEXT, product=mug, spec=TextSpec(), locale="de")


@pytest.fixture(scope="module")
def attempt(pipeline: TextPipeline, brief: Brief) -> Attempt:
    candidate = pipeline.generate(next(iter(pipeline.plan(brief))))
    return Attempt(candidate=candidate, scores=(), verdict=REVIEW)


@pytest.fixture(scope="module")
def copy(store: AssetStore, attempt: Attempt) -> dict:
    return json.loads(store.get(attempt.candidate.assets[0].digest))


def corrected(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, correction: Correction
) -> tuple[Attempt, dict]:
    recipe = pipeline.correct(brief, attempt, correction)
    candidate = pipeline.generate(recipe)
    document = json.loads(pipeline._store.get(candidate.assets[0].digest))
    return Attempt(candidate=candidate, scores=(), verdict=REVIEW), document


def test_edited_slots_change_and_the_rest_stays(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, copy: dict
) -> None:
    order = Edit(slots=(("title", " Becher aus Ton "), ("bullets.1", "Hält warm."), ("ads.0", "!")))
    after, document = corrected(pipeline, brief, attempt, order)
    assert document["title"] == "Becher aus Ton"
    assert document["bullets"] == [copy["bullets"][0], "Hält warm.", *copy["bullets"][2:]]
    assert document["ads"][0] == {"voice": copy["ads"][0]["voice"], "text": "!"}
    untouched = ("description", "seo_title", "meta_description", "alt_texts", "locale")
    assert {name: document[name] for name in untouched} == {name: copy[name] for name in untouched}
    assert after.candidate.notes[-1] == "edited by a person: ads.0, bullets.1, title"
    assert set(attempt.candidate.notes) <= set(after.candidate.notes), "a note was lost"


def test_an_emptied_bullet_is_taken_off_and_the_next_number_adds_one(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, copy: dict
) -> None:
    last = len(copy["bullets"])
    order = Edit(slots=(("bullets.0", ""), (f"bullets.{last}", "Neu.")))
    _, document = corrected(pipeline, brief, attempt, order)
    assert document["bullets"] == [*copy["bullets"][1:], "Neu."]


def test_an_edit_is_edited_again(pipeline: TextPipeline, brief: Brief, attempt: Attempt) -> None:
    once, _ = corrected(pipeline, brief, attempt, Edit(slots=(("title", "Eins"),)))
    _, twice = corrected(pipeline, brief, once, Edit(slots=(("seo_title", "Zwei"),)))
    assert (twice["title"], twice["seo_title"]) == ("Eins", "Zwei")


def test_the_recipe_of_an_edit_needs_nothing_else_to_be_made_again(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, tmp_path: Path
) -> None:
    recipe = pipeline.correct(brief, attempt, Edit(slots=(("title", "Becher"),)))
    elsewhere = TextPipeline(store=AssetStore.open(str(tmp_path)))
    here, there = pipeline.generate(recipe), elsewhere.generate(recipe)
    assert here.assets == there.assets


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ((("headline", "x"),), "no slot 'headline'; its slots: title"),
        ((("bullets", "x"),), "no slot 'bullets'"),
        ((("bullets.99", "x"),), "there is no bullets.99"),
        ((("ads.9", "x"),), "there is no ads.9"),
        ((("title", "  "),), "title can't be empty"),
        ((("title", "a"), ("title", "b")), "'title' is changed twice"),
        ((), "changes nothing"),
    ],
)
def test_an_edit_that_cannot_be_done_says_why(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, slots: tuple, words: str
) -> None:
    with pytest.raises(InvalidBrief, match=words):
        pipeline.correct(brief, attempt, Edit(slots=slots))


def test_regenerating_gives_other_words_in_the_voice_asked_for(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, copy: dict
) -> None:
    order = Regenerate(seed=77, parameters='{"voice": "warm"}')
    after, document = corrected(pipeline, brief, attempt, order)
    assert json.loads(after.candidate.recipe.parameters)["voice"] == "warm"
    assert document["description"] != copy["description"]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Regenerate(seed=-1), "seed of -1"),
        (Regenerate(seed=1, parameters="[]"), "no JSON object"),
        (Regenerate(seed=1, parameters="{"), "no JSON"),
        (Regenerate(seed=1, parameters='{"limits": 3}'), "'limits' can't be changed here"),
        (Regenerate(seed=1, parameters='{"voice": 3}'), "'voice' can't be 3"),
        (Regenerate(seed=1, parameters='{"voice": "pirate"}'), "pirate"),
        (
            Trim(frames=(1, 2)),
            "copy takes no correction of the kind 'trim'; choose: edit the words",
        ),
        (FallBack(), "fall back to designed motion"),
        (Adjust(mask_grow_px=2), "adjust mask or crop"),
        (Replace(digest=Digest("0" * 64), media_type="image/png"), "not by image/png"),
        (Replace(digest=Digest("0" * 64), media_type="application/json"), "there is no asset"),
    ],
)
def test_what_copy_cannot_take_is_refused_in_words(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, order: Correction, words: str
) -> None:
    with pytest.raises(InvalidBrief, match=words):
        pipeline.correct(brief, attempt, order)


def test_uploaded_copy_of_the_right_shape_takes_its_place(
    pipeline: TextPipeline, store: AssetStore, brief: Brief, attempt: Attempt, copy: dict
) -> None:
    data = json.dumps({**copy, "title": "Von Hand"}, indent=2).encode()
    order = Replace(digest=Digest(store.put(data)), media_type="application/json")
    after, document = corrected(pipeline, brief, attempt, order)
    assert document == {**copy, "title": "Von Hand"}
    assert after.candidate.recipe.backend == "upload"
    assert "uploaded by a person" in after.candidate.notes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"locale": "fr"}, "copy is in 'fr', wanted is 'de'"),
        ({"title": None}, "title: input should be a valid string"),
        ({"ads": [{"text": "x"}]}, "ads.0.voice: "),
        ({"secret": "x"}, "secret: "),
        ({"bullets": "x"}, "bullets: "),
    ],
)
def test_uploaded_copy_of_another_shape_is_refused(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, copy: dict, change: dict, words: str
) -> None:
    data = json.dumps({**copy, **change}).encode()
    order = Replace(digest=Digest(pipeline._store.put(data)), media_type="application/json")
    with pytest.raises(InvalidBrief, match=words):
        pipeline.correct(brief, attempt, order)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b" " * 300_000])
def test_bytes_that_are_no_copy_are_refused(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt, data: bytes
) -> None:
    order = Replace(digest=Digest(pipeline._store.put(data)), media_type="application/json")
    with pytest.raises(InvalidBrief, match=r"no JSON|at most"):
        pipeline.correct(brief, attempt, order)


def test_uploaded_copy_that_has_no_utf8_text_is_refused_before_it_counts(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt
) -> None:
    copy = json.loads(pipeline._store.get(attempt.candidate.assets[0].digest))
    data = json.dumps(copy | {"title": "Mug \ud800"}).encode()
    order = Replace(digest=Digest(pipeline._store.put(data)), media_type="application/json")
    with pytest.raises(InvalidBrief, match="title"):
        pipeline.correct(brief, attempt, order)


def test_what_a_person_wrote_is_not_repaired_by_a_machine(
    pipeline: TextPipeline, brief: Brief, attempt: Attempt
) -> None:
    after, _ = corrected(pipeline, brief, attempt, Edit(slots=(("title", "Becher"),)))
    assert pipeline.repair(brief, after) is None
