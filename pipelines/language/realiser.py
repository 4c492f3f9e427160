"""The realiser: products to copy sets, in every locale that has lexicon, sentences and grammar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from content_engine.channels import TextLimits
from content_engine.errors import InvalidBrief
from content_engine.lexicon import Concepts, lexicon_locales
from content_engine.types import Product
from pipelines.language.compose import Composer, CopySet
from pipelines.language.frames import Frames
from pipelines.language.phrase import Parser
from pipelines.language.sheet import Sheets
from pipelines.language.tongue import Tongue
from pipelines.language.voice import Voice, load_voices, voice_of


@dataclass(frozen=True)
class Realiser:
    """Writes copy. Loads a locale at its first use and keeps it: 0.1 s, then no file is read."""

    sheets: Sheets
    voices: Mapping[str, Voice]
    composers: dict[str, Composer] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Realiser:
        """A realiser with its concepts and voices read."""
        return cls(Sheets(Parser(Concepts.load())), load_voices())

    def write(
        self, product: Product, *, locale: str, voice: str, limits: TextLimits, seed: int
    ) -> CopySet:
        """The copy set of a product. Raises InvalidBrief for an unknown locale or voice."""
        return self.composer(locale).compose(
            self.sheets.sheet(product),
            product=product,
            voice=voice_of(self.voices, voice),
            limits=limits,
            seed=seed,
        )

    def check(self, *, locale: str, voice: str) -> None:
        """Raises InvalidBrief, naming the known ones, unless both are known. Loads nothing."""
        voice_of(self.voices, voice)
        _known(locale)

    def composer(self, locale: str) -> Composer:
        """The composer of a locale. Raises InvalidBrief naming the known locales."""
        if locale not in self.composers:
            _known(locale)
            tongue = Tongue.load(locale, self.sheets.concepts)
            self.composers[locale] = Composer(tongue, Frames.load(locale), self.voices)
        return self.composers[locale]


def _known(locale: str) -> None:
    if locale not in known_locales():
        known = ", ".join(known_locales())
        raise InvalidBrief(f"unknown locale {locale!r} for copy; known: {known}")


def known_locales() -> tuple[str, ...]:
    """The locales with lexicon, sentences and grammar, sorted."""
    here = files("pipelines.language")
    return tuple(
        locale
        for locale in lexicon_locales()
        if here.joinpath(f"sentences/{locale}.toml").is_file()
        and here.joinpath(f"grammar/{locale}.py").is_file()
    )
