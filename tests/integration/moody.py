"""A maker that fails or dawdles as its recipe says. In a module of its own: Ray takes it by value."""

import time
from pathlib import Path

from content_engine import tracing
from content_engine.errors import BackendUnavailable, GenerationFailed
from content_engine.flow import Stop, never
from content_engine.types import Candidate, Recipe
from serving.bench.noop import NoopMaker

STEP_S = 0.05
STEPS = 12_000

ERRORS = {
    "broken": GenerationFailed,
    "busy": BackendUnavailable,
    "bug": ZeroDivisionError,
}


class MoodyMaker(NoopMaker):
    """Raises the error that the recipe's prompt (the product's SKU) names; `slow` takes ten minutes."""

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """A candidate, or the error asked for."""
        if recipe.prompt in ERRORS:
            raise ERRORS[recipe.prompt](f"{recipe.prompt}: told to")
        for _ in range(STEPS if recipe.prompt == "slow" else 0):
            stop()
            time.sleep(STEP_S)
        return super().generate(recipe, stop=stop)


def traced_maker(spans: Path) -> MoodyMaker:
    """The maker, its spans written to a file."""
    tracing.start(f"file:{spans}", service="text")
    return MoodyMaker()
