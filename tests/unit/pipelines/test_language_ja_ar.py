"""Japanese and Arabic: phrases with their particles and agreement, texts without stray signs."""

import re

import pytest

from content_engine.channels import channel
from content_engine.facts import make_fact
from content_engine.lexicon import Concepts
from content_engine.types import Fact, Product
from pipelines.language.compose import CopySet
from pipelines.language.phrase import Parser
from pipelines.language.realiser import Realiser
from pipelines.language.tongue import Tongue

CONCEPTS = Concepts.load()
PARSER = Parser(CONCEPTS)
TONGUES = {locale: Tongue.load(locale, CONCEPTS) for locale in ("ja", "ar")}
REALISER = Realiser.load()
FACTS = (
    ("color", "cream, coral"),
    ("material", "80% cotton, 20% recycled polyester fleece, 320 g/m²"),
    ("highlight", "ribbed collar, cuffs and hem"),
    ("highlight", "two side pockets"),
    ("height", "9.8 cm"),
    ("weight", "380 g"),
    ("care", "30 °C wash, iron inside out"),
)


def said(locale: str, text: str, form: str = "") -> str:
    tongue = TONGUES[locale]
    polished = tongue.grammar.polish(tongue.say_all(PARSER.terms(text), form))
    return polished.replace("\xa0", " ")


def copy_set(locale: str, voice: str, seed: int = 0) -> CopySet:
    facts: tuple[Fact, ...] = tuple(make_fact(name, text, source=name) for name, text in FACTS)
    title = "Crew-neck Sweatshirt"
    product = Product(
        sku="X-1", title=title, brand="Acme", category=("Clothing",), facts=facts, photos=()
    )
    limits = channel("web").text
    return REALISER.write(product, locale=locale, voice=voice, limits=limits, seed=seed)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ribbed screw cap with carry loop", "キャリーループ付きで溝入りのスクリューキャップ"),
        ("ribbed collar, cuffs and hem", "リブ編みの襟・袖口・裾"),
        ("exposed clay foot", "素地を見せた底部"),
        ("brushed inside", "裏起毛"),
        ("satin speckled glaze", "サテン調で斑点模様の釉薬"),
        ("white enamelled shade interior", "ホワイトエナメル塗装のシェード内側"),
        ("1.8 m braided cord", "1.8mの編組コード"),
        ("push switch on the base", "ベースのプッシュスイッチ"),
        ("100% cotton jersey", "コットン100%のジャージー"),
        ("20% recycled polyester fleece", "リサイクルポリエステルフリース20%"),
        ("long-sleeve linen shirt", "長袖のリネンシャツ"),
        ("crew-neck T-shirt", "クルーネックTシャツ"),
        ("glass vase", "ガラス製の花瓶"),
        ("cotton beanie", "コットンのニット帽"),
        ("fan of six leaves", "6枚の葉からなる扇"),
        (
            "half sun with a peak above three bars",
            "3本の横線の上に峰を配した半円形の太陽",
        ),
    ],
)
def test_japanese(text: str, wanted: str) -> None:
    assert said("ja", text) == wanted


def test_two_things_take_to_and_more_a_comma() -> None:
    assert said("ja", "cotton wick, paper label", "and") == "コットンの芯と紙のラベル"
    three = said("ja", "cotton wick, paper label, cork stopper", "and")
    assert three == "コットンの芯、紙のラベル、コルクの栓"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ribbed screw cap with carry loop", "غطاء لولبي مضلع مع حلقة حمل"),
        ("ribbed collar, cuffs and hem", "ياقة وأطراف أكمام وحاشية مضلعة"),
        ("exposed clay foot", "قاعدة مكشوفة من الصلصال"),
        ("brushed stainless steel base", "قاعدة من الفولاذ المقاوم للصدأ المصقول بالفرشاة"),
        ("white enamelled shade interior", "باطن غطاء مصباح مطلي بالمينا باللون الأبيض"),
        ("push switch on the base", "مفتاح ضغط على القاعدة"),
        ("button-down collar", "ياقة بأزرار"),
        ("turned top hem", "حاشية علوية مثنية"),
        ("100% linen cover", "غطاء من الكتان بنسبة 100%"),
        ("20% recycled polyester fleece", "20% فليس من البوليستر المعاد تدويره"),
        ("fan of six leaves", "مروحة من ست أوراق"),
        ("three inside pockets", "ثلاثة جيوب داخلية"),
        ("two pockets", "جيبين"),
        ("two side pockets", "جيوب جانبية (2)"),
        ("twelve pages", "اثنتا عشرة صفحة"),
        ("half sun with a peak above three bars", "نصف شمس مع قمة فوق ثلاثة أشرطة"),
    ],
)
def test_arabic(text: str, wanted: str) -> None:
    assert said("ar", text) == wanted


def test_a_colour_after_the_word_colour_is_definite() -> None:
    dusty = PARSER.phrase("dusty blue")
    assert TONGUES["ar"].say(dusty, "noun") == "الأزرق المغبر"


@pytest.mark.parametrize("voice", ["plain", "precise", "warm", "playful"])
@pytest.mark.parametrize("locale", ["ja", "ar"])
def test_no_stray_signs_in_any_text(locale: str, voice: str) -> None:
    copy = copy_set(locale, voice)
    texts = [copy.title, copy.description, copy.meta_description, *copy.bullets]
    text = "\n".join([*texts, *(ad for _, ad in copy.ads)])
    assert not re.search("[\x00\x01\u061c\u200e\u200f\u202a-\u202e]", text), "control signs"
    assert not re.search(r"のの|、、|。。|،،|لال|  ", text), text


def test_japanese_amounts_have_no_space() -> None:
    assert "9.8cm" in copy_set("ja", "plain").description


def test_arabic_texts_begin_with_an_arabic_word() -> None:
    """A Latin first word would turn the paragraph's direction round."""
    for seed in range(4):
        copy = copy_set("ar", "plain", seed)
        starts = [copy.title, *copy.description.split("\n\n"), *(ad for _, ad in copy.ads)]
        assert all("؀" <= re.sub(r"^\W+", "", text)[0] <= "ۿ" for text in starts), starts
