"""Captions are held against the product's facts as copy is, in every language."""

import pytest

from assets.store import AssetStore
from content_engine.errors import ScorerFailed
from content_engine.facts import make_fact
from content_engine.types import Brief, Kind, Product, VideoSpec
from qa.film.overlays.wording import read_captions, ungrounded
from qa.text.judge import TextJudge

PRODUCT = Product(
    sku="BAG",
    title="Canvas Bag",
    brand="Growslow",
    category=("Bags",),
    facts=(
        make_fact("material", "cotton", source="test"),
        make_fact("height", "40 cm", source="test"),
    ),
    photos=(),
)
SAID = {
    "en": ("Cotton, 40 cm high", "Waterproof"),
    "de": ("Aus Baumwolle, 40 cm hoch", "Wasserdicht"),
    "ar": ("قطن", "مقاوم للماء"),
    "ja": ("コットン、高さ40 cm", "完全防水"),
}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> TextJudge:
    return TextJudge(store=AssetStore.open(str(tmp_path_factory.mktemp("copy"))))


def file_of(*lines: str) -> bytes:
    cues = (
        f"00:00:0{2 * at}.000 --> 00:00:0{2 * at + 2}.000\n{line}" for at, line in enumerate(lines)
    )
    return "\n\n".join(["WEBVTT", *cues]).encode()


@pytest.mark.parametrize("locale", SAID)
def test_a_claim_that_no_fact_proves_is_told_with_its_frames(judge, locale: str) -> None:
    true, false = SAID[locale]
    brief = Brief(kind=Kind.VIDEO, product=PRODUCT, spec=VideoSpec(), locale=locale)
    clean = ungrounded(file_of(true), brief=brief, notes=(), fps=30.0, judge=judge)
    assert (clean.value, clean.evidence) == (0.0, ())
    read = ungrounded(file_of(true, false), brief=brief, notes=(), fps=30.0, judge=judge)
    assert read.value >= 1
    assert {(item.kind, item.frames) for item in read.evidence} == {("caption_claim", (60, 119))}
    assert false in read.evidence[0].message


def test_what_is_no_webvtt_is_left_to_a_person() -> None:
    with pytest.raises(ScorerFailed, match="WEBVTT"):
        read_captions(b"1\n00:00:01,000 --> 00:00:02,000\nHello")


def test_markup_and_escapes_are_no_words() -> None:
    (caption,) = read_captions(file_of("<b>Salt &amp; pepper</b>"))
    assert (caption.text, caption.stop_s) == ("Salt & pepper", 2.0)
