"""The contract of `flow.Executor`: threads and Ray give the same candidates, scores, errors."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from moody import ERRORS, MoodyMaker

from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.flow import Executor
from content_engine.types import Brief, Kind, Product, Recipe, TextSpec
from serving.bench.noop import noop_judges
from serving.deployments import Cluster
from serving.executors import LocalExecutor

pytestmark = pytest.mark.cluster


def brief(sku: str) -> Brief:
    product = Product(sku=sku, title="A", brand="", category=(), facts=(), photos=())
    return Brief(kind=Kind.TEXT, product=product, spec=TextSpec(), locale="en")


def recipe(sku: str) -> Recipe:
    return next(iter(MoodyMaker().plan(brief(sku))))


@pytest.fixture(params=["threads", "ray"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "ray":
        cluster: Cluster = request.getfixturevalue("cluster")
        yield cluster.executor([Kind.TEXT])
        return
    with ThreadPoolExecutor(2) as pool:
        yield LocalExecutor({Kind.TEXT: MoodyMaker()}, noop_judges(), pool=pool)


def test_a_recipe_gives_the_maker_s_candidate(executor: Executor) -> None:
    candidate = asyncio.run(executor.generate(recipe("MUG")))
    assert candidate == MoodyMaker().generate(recipe("MUG"))


def test_a_candidate_gives_the_judge_s_scores(executor: Executor) -> None:
    candidate = MoodyMaker().generate(recipe("MUG"))
    judged = asyncio.run(executor.score(brief("MUG"), candidate))
    assert judged.scores == noop_judges()[Kind.TEXT].score(brief("MUG"), candidate)
    assert judged.seconds > 0


@pytest.mark.parametrize("sku", ERRORS)
def test_the_maker_s_error_arrives_as_it_was_raised(executor: Executor, sku: str) -> None:
    with pytest.raises(ERRORS[sku], match=f"{sku}: told to") as raised:
        asyncio.run(executor.generate(recipe(sku)))
    if isinstance(raised.value, GenerationFailed):
        assert raised.value.seconds > 0, "what came to nothing must be paid for, too"


def test_a_kind_that_nobody_makes_is_refused(executor: Executor) -> None:
    odd = Recipe(kind=Kind.VIDEO, backend="b", model="m", prompt="", seed=0, parameters="{}")
    with pytest.raises(InvalidBrief, match="kinds served: text"):
        asyncio.run(executor.generate(odd))


def test_calls_run_side_by_side(executor: Executor) -> None:
    async def many() -> list[str]:
        found = await asyncio.gather(*(executor.generate(recipe(f"M{n}")) for n in range(20)))
        return [candidate.recipe.prompt for candidate in found]

    assert asyncio.run(many()) == [f"M{n}" for n in range(20)]


def test_a_cancelled_call_frees_its_worker_between_two_steps(executor: Executor) -> None:
    """Work of ten minutes: who comes next is served because it was left, not because it ended."""

    async def scene() -> None:
        # As many as there are workers, and one that waits for a worker.
        unwanted = [asyncio.create_task(executor.generate(recipe("slow"))) for _ in range(3)]
        await asyncio.sleep(0.5)
        for call in unwanted:
            call.cancel()
        async with asyncio.timeout(120):
            await executor.generate(recipe("MUG"))
        ended = await asyncio.gather(*unwanted, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended

    asyncio.run(scene())
