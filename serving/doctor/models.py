"""Which backend makes each kind on this machine, and why no better one."""

from __future__ import annotations

from collections.abc import Iterator

from content_engine.config import Settings
from pipelines.shelf import Shelf
from serving.device import backends, shelf
from serving.doctor.findings import Finding, good, weak


def chosen_backends(settings: Settings) -> Iterator[Finding]:
    """One finding a kind: the backend that is tried first, what follows, what can't be used."""
    stock = shelf(settings)
    for kind, rules in backends().items():
        yield _chosen(kind, rules.order, stock)


def _chosen(kind: str, order: tuple[str, ...], stock: Shelf) -> Finding:
    models, embedded = order[:-1], order[-1]
    usable = [name for name in models if stock.choices[name].usable]
    line = ", then ".join([*usable, embedded])
    unused = [stock.choices[name] for name in models if not stock.choices[name].usable]
    name = f"backend of {kind}"
    if not stock.machine.device:
        return good(name, f"{line}; models: {stock.machine.why}")
    why = "; ".join(f"{each.name}: {each.why}" for each in unused)
    seen = "; ".join([line, *(f"{each}: {stock.choices[each].why}" for each in usable)])
    if not usable and unused:
        return weak(name, seen, mend=why)
    return good(name, f"{seen}; not {why}" if why else seen)
