"""A maker that fails as its recipe says. In a module of its own: Ray takes it by value."""

from content_engine.errors import BackendUnavailable, GenerationFailed
from content_engine.types import Candidate, Recipe
from serving.bench.noop import NoopMaker

ERRORS = {
    "broken": GenerationFailed,
    "busy": BackendUnavailable,
    "bug": ZeroDivisionError,
}


class MoodyMaker(NoopMaker):
    """Raises the error that the recipe's prompt (the product's SKU) names."""

    def generate(self, recipe: Recipe) -> Candidate:
        """A candidate, or the error asked for."""
        if recipe.prompt in ERRORS:
            raise ERRORS[recipe.prompt](f"{recipe.prompt}: told to")
        return super().generate(recipe)
