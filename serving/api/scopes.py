"""Which scopes open which route, read from `scopes.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from content_engine.access import Scope

ANYONE = "anyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may call what stands at a path and below it. No methods: all of them."""

    path: str
    scopes: frozenset[str]
    methods: frozenset[str] = frozenset()

    def matches(self, method: str, path: str) -> bool:
        """True when the rule is about this call."""
        below = path == self.path or path.startswith(f"{self.path}/")
        return below and (not self.methods or method in self.methods)


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of `scopes.toml`, in their order."""
    text = Path(__file__).with_name("scopes.toml").read_text(encoding="utf-8")
    return tuple(
        Rule(
            path=table["path"],
            scopes=frozenset(table["scopes"]),
            methods=frozenset(table.get("methods", ())),
        )
        for table in tomllib.loads(text)["rules"]
    )


def opened_by(method: str, path: str, *, among: Sequence[Rule]) -> frozenset[str]:
    """The scopes that open the call: the first rule's that is about it, and the operator's."""
    found = next((rule.scopes for rule in among if rule.matches(method, path)), frozenset[str]())
    return found | {Scope.OPERATOR}
