"""What each fact is called in each locale: one vocabulary for the makers and for the judges.

`concepts.toml` says what merchants' English words mean (`[kind]`, `name = [aliases]`; the id is
`kind.name`). One `<locale>.toml` a locale says what each concept is called there:

    [grammar]                                   # how forms that are not written out are built
    adjective_endings = ["", "e", "em", "en", "er", "es"]
    noun_endings = ["", "s"]                    # case endings that may follow singular or plural
    [color]
    black = "schwarz"                           # a text alone: a word without grammar of its own
    [material]
    stoneware = { text = "Steinzeug", gender = "n", compound = "Steinzeug" }

Keys of a row: `text` (citation form), `gender` (m f n), `plural`, `number` (plural: always plural;
mass: no plural), `singular` (of a word cited in the plural), `noun` (a colour as a noun), `post`
(said after the noun, unchanging), and forms that one locale alone needs (`compound`, `feminine`,
`invariable`, …), named in `pipelines/language/LOCALES.md`. Care texts hold `{q}` where a quantity
stands. A concept without a row is unknown in that locale: its English term stays as it is.
"""

from content_engine.lexicon.concepts import Concepts, Reading, fold
from content_engine.lexicon.entries import Entry, Lexicon, lexicon_locales

__all__ = ["Concepts", "Entry", "Lexicon", "Reading", "fold", "lexicon_locales"]
