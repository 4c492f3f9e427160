"""French, Spanish, Italian and Portuguese: articles, contractions, agreement, orthography."""

import pytest

from content_engine.lexicon import Concepts
from pipelines.language.grammar import romance
from pipelines.language.phrase import Parser, Word
from pipelines.language.tongue import Tongue

CONCEPTS = Concepts.load()
PARSER = Parser(CONCEPTS)
TONGUES = {locale: Tongue.load(locale, CONCEPTS) for locale in ("fr", "es", "it", "pt")}


def said(locale: str, text: str, form: str = "") -> str:
    tongue = TONGUES[locale]
    polished = tongue.grammar.polish(tongue.say_all(PARSER.terms(text), form))
    return polished.replace("\xa0", " ").replace("\u202f", " ")


def polished(locale: str, text: str) -> str:
    return TONGUES[locale].grammar.polish(text)


@pytest.mark.parametrize(
    ("text", "form", "wanted"),
    [
        ("wide ear handle", "indef", "une anse large"),
        ("exposed clay foot", "indef", "un pied apparent en argile"),
        ("wide ear handle", "de.def", "de l’anse large"),
        ("cover", "de.def", "de la housse"),
        ("base", "de.def", "du socle"),
        ("corners", "de.indef", "de coins"),
        ("long handles", "indef", "de longues anses"),
        ("rounded corners", "indef", "des coins arrondis"),
        ("80% cotton", "indef", "80 % coton"),
        ("100% linen cover", "indef", "une housse 100 % lin"),
        ("100 g/m² paper", "indef", "un papier de 100 g/m²"),
        ("oak", "indef", "du chêne"),
        ("enamel", "indef", "de l’émail"),
        ("turned top hem", "indef", "un ourlet supérieur replié"),
        ("push switch on the base", "indef", "un bouton-poussoir sur le socle"),
        ("half sun with a peak above three bars", "indef", "un demi-soleil avec un sommet"),
        ("ribbed collar, cuffs and hem", "indef", "un col, des poignets et un ourlet côtelés"),
        ("amber tumbler", "indef", "un verre couleur ambre"),
        ("white enamelled shade interior", "indef", "un intérieur d’abat-jour émaillé blanc"),
        ("apple juice", "indef", "un jus de pomme"),
        ("recycled cotton T-shirt", "indef", "un t-shirt en coton recyclé"),
        ("brushed stainless steel lid", "indef", "un couvercle en acier inoxydable brossé"),
    ],
)
def test_french(text: str, form: str, wanted: str) -> None:
    assert said("fr", text, form).startswith(wanted)


@pytest.mark.parametrize(
    ("text", "form", "wanted"),
    [
        ("wide ear handle", "indef", "un asa ancha"),
        ("wide ear handles", "def", "las asas anchas"),
        ("wide ear handle", "de.def", "del asa ancha"),
        ("base", "de.def", "de la base"),
        ("100% linen cover", "indef", "una funda 100 % lino"),
        ("rounded corners", "indef", "esquinas redondeadas"),
        ("plimsolls", "indef", "unas zapatillas de lona"),
        ("turned top hem", "indef", "un bajo superior doblado"),
        ("white enamelled shade interior", "", "interior de la pantalla esmaltado en blanco"),
        ("ribbed collar, cuffs and hem", "", "cuello, puños y bajo acanalados"),
        ("half sun", "indef", "un medio sol"),
        ("recycled wool blanket", "indef", "una manta de lana reciclada"),
    ],
)
def test_spanish(text: str, form: str, wanted: str) -> None:
    assert said("es", text, form) == wanted


@pytest.mark.parametrize(
    ("text", "form", "wanted"),
    [
        ("neck warmer", "indef", "uno scaldacollo"),
        ("neck warmer", "def", "lo scaldacollo"),
        ("backpacks", "def", "gli zaini"),
        ("lens", "de.def", "della lente"),
        ("rucksack", "de.def", "dello zaino"),
        ("label", "indef", "un’etichetta"),
        ("label", "de.def", "dell’etichetta"),
        ("hems", "de.def", "degli orli"),
        ("push switch on the base", "", "interruttore a pulsante sulla base"),
        ("1.8 m braided cord", "indef", "un cavo intrecciato da 1,8 m"),
        ("exposed clay foot", "indef", "un piede a vista in argilla"),
        ("ribbed linen collar", "", "collo a costine in lino"),
        ("ribbed collar, cuffs and hem", "", "collo, polsini e orlo a costine"),
    ],
)
def test_italian(text: str, form: str, wanted: str) -> None:
    assert said("it", text, form) == wanted


@pytest.mark.parametrize(
    ("text", "form", "wanted"),
    [
        ("cover", "de.def", "da capa"),
        ("push switch on the base", "indef", "um interruptor de pressão na base"),
        ("cotton wick", "indef", "um pavio de algodão"),
        ("linen cushion", "indef", "uma almofada em linho"),
        ("plimsolls", "indef", "uns ténis de lona"),
        ("100% linen cover", "indef", "uma capa 100% linho"),
        ("white enamelled shade interior", "", "interior do abajur esmaltado a branco"),
        ("dusty blue T-shirt", "indef", "uma t-shirt azul-acinzentada"),
    ],
)
def test_portuguese(text: str, form: str, wanted: str) -> None:
    assert said("pt", text, form) == wanted


@pytest.mark.parametrize(
    ("locale", "text", "wanted"),
    [
        ("fr", "un carnet de Atelier Brenn", "un carnet d’Atelier Brenn"),
        ("fr", "Entretien : laver ; sécher", "Entretien\xa0: laver\u202f; sécher"),
        ("fr", "Part One: Dawn", "Part One: Dawn"),
        ("fr", "on lit « SOLA »", "on lit «\xa0SOLA\xa0»"),
        (
            "fr",
            "Passe au lave-vaisselle, passe au four et passe au micro-ondes",
            "Passe au lave-vaisselle, au four et au micro-ondes",
        ),
        ("es", "negro y índigo", "negro e índigo"),
        ("es", "madera y hierro", "madera y hierro"),
        ("es", "plata o oro", "plata u oro"),
        ("es", "en 80 % algodón", "80 % algodón"),
        ("it", "stoppino e etichetta", "stoppino ed etichetta"),
        (
            "it",
            "Si può lavare in lavastoviglie e si può usare nel microonde",
            "Si può lavare in lavastoviglie e usare nel microonde",
        ),
        (
            "pt",
            "Pode ir à máquina de lavar louça e pode ir ao micro-ondes",
            "Pode ir à máquina de lavar louça e ao micro-ondes",
        ),
    ],
)
def test_orthography_over_slot_borders(locale: str, text: str, wanted: str) -> None:
    assert polished(locale, text) == wanted


@pytest.mark.parametrize(
    ("locale", "form", "wanted"),
    [
        ("fr", "noun", "coloris ambre"),
        ("fr", "name", "ambre"),
        ("es", "noun", "color ámbar"),
        ("it", "noun", "color ambra"),
        ("pt", "name", "âmbar"),
    ],
)
def test_a_colour_named_after_a_thing_says_that_it_is_a_colour(
    locale: str, form: str, wanted: str
) -> None:
    assert romance.adjective(Word("amber", "color.amber"), form, TONGUES[locale]) == wanted


def test_adjectives_agree_with_the_product() -> None:
    speckled = Word("speckled", "quality.speckled")
    mugs = {
        locale: tongue.about(Word("mug", "drinkware.mug")) for locale, tongue in TONGUES.items()
    }
    agreed = {locale: romance.adjective(speckled, "", tongue) for locale, tongue in mugs.items()}
    assert agreed == {"fr": "moucheté", "es": "moteada", "it": "puntinata", "pt": "salpicada"}


def test_a_choice_of_four_takes_gender_and_number() -> None:
    options = ("signé", "signée", "signés", "signées")
    assert [
        romance.agree(options, gender, number) for gender in "mf" for number in (False, True)
    ] == [
        "signé",
        "signés",
        "signée",
        "signées",
    ]
