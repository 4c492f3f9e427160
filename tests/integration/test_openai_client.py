"""OpenAI's own client against the door: real makers and judges behind it."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from assets.fetch import Fetcher
from assets.provenance import Signer
from assets.store import AssetStore
from assets.vault import Vault
from assets.video import probe_video
from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Kind
from pipelines.image import ImagePipeline
from pipelines.studio.backend import StudioBackend
from pipelines.studio.motion.backend import MotionBackend
from pipelines.text import TextPipeline
from pipelines.video import VideoPipeline
from qa.image import ImageJudge
from qa.text import TextJudge
from qa.video import VideoJudge
from serving.api import Door, create_app
from serving.app import gate
from serving.dispatcher import Dispatcher, Limits
from serving.executors import LocalExecutor, PlannerByKind
from serving.news import News
from tests.integration.tryon_kit import listening
from tests.ledgers import empty_ledger

MUG = Path(__file__).resolve().parents[2] / "assets" / "samples" / "mug-main.jpg"
KINDS = (Kind.TEXT, Kind.IMAGE, Kind.VIDEO)
Client = openai.AsyncOpenAI


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything behind the door."""

    folder: Path
    store: AssetStore
    planner: PlannerByKind
    executor: LocalExecutor


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    store, signer = AssetStore.open(str(folder / "assets")), Signer.open(folder / "keys")
    makers = {
        Kind.TEXT: TextPipeline(store=store),
        Kind.IMAGE: ImagePipeline(store=store, signer=signer, backend=StudioBackend()),
        Kind.VIDEO: VideoPipeline(store=store, signer=signer, backend=MotionBackend()),
    }
    judges = {
        Kind.TEXT: TextJudge(store=store),
        Kind.IMAGE: ImageJudge(store=store),
        Kind.VIDEO: VideoJudge(store=store),
    }
    with ThreadPoolExecutor(2) as pool:
        yield House(
            folder=folder,
            store=store,
            planner=PlannerByKind(makers),
            executor=LocalExecutor(makers, judges, pool=pool),
        )


@asynccontextmanager
async def opened(house: House, ledger: Ledger) -> AsyncIterator[Client]:
    """The client of a door over that ledger, its dispatcher at work."""
    news = News()
    door = Door(
        ledger=ledger,
        store=house.store,
        vault=Vault.open(house.folder / "vault", keys=house.folder / "vault-keys"),
        fetcher=Fetcher(base_dir=house.folder),
        news=news,
        metrics=Metrics(),
        body_max_bytes=8_000_000,
        locales=("en", "de"),
        check=lambda brief: next(iter(house.planner.plan(brief)), None),
        check_correction=house.planner.correct,
    )
    engine = Engine(record=ledger, planner=house.planner, executor=house.executor, decide=gate())
    dispatcher = Dispatcher(
        ledger, engine.produce, news=news, metrics=Metrics(), limits=Limits(), worker="test"
    )
    stop = asyncio.Event()
    working = asyncio.create_task(dispatcher.run(stop, kinds=KINDS))
    try:
        async with listening(create_app(door)) as port:
            url = f"http://127.0.0.1:{port}/v1"
            async with Client(base_url=url, api_key="none", max_retries=0) as client:
                yield client
    finally:
        stop.set()
        await working


@pytest.fixture
def visit(
    house: House, tmp_path: Path
) -> Iterator[Callable[[Callable[[Client], Awaitable[Any]]], Any]]:
    ledger = Ledger.open(empty_ledger(tmp_path))

    def run(scene: Callable[[Client], Awaitable[Any]]) -> Any:
        async def once() -> Any:
            async with opened(house, ledger) as client:
                return await scene(client)

        return asyncio.run(once())

    yield run
    ledger.close()


async def sell(client: Client) -> None:
    """Puts the mug on sale, by the door's own address."""
    source = "data:image/jpeg;base64," + base64.b64encode(MUG.read_bytes()).decode()
    body = {
        "title": "Speckled Stoneware Mug 350 ml",
        "category": ["Home & Garden", "Mugs"],
        "facts": {"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
        "photos": [{"source": source}],
    }
    await client.put("/products/MUG-1", body=body, cast_to=object)


def test_an_edit_sets_the_product_into_a_scene(visit: Any) -> None:
    async def scene(client: Client) -> Any:
        return await client.images.edit(
            image=("mug.jpg", MUG.read_bytes(), "image/jpeg"),
            prompt="A stoneware mug on a kitchen table in the morning",
            size="1152x768",
        )

    answer = visit(scene)
    assert answer.size == "1152x768"
    picture = Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json)))
    assert picture.size == (1152, 768)
    assert answer.created > 0


def test_pictures_of_a_known_product_need_its_sku_only(visit: Any) -> None:
    async def scene(client: Client) -> Any:
        await sell(client)
        return await client.images.generate(
            prompt="on a pure white background",
            size="1024x1024",
            response_format="url",
            extra_body={"sku": "MUG-1"},
        )

    (datum,) = visit(scene).data
    assert datum.url.startswith("/v1/assets/")


def test_a_prompt_alone_shows_no_product(visit: Any) -> None:
    async def scene(client: Client) -> None:
        with pytest.raises(openai.UnprocessableEntityError, match="name one by `sku`") as caught:
            await client.images.generate(prompt="a mug")
        assert caught.value.code == "invalid-brief"
        assert caught.value.type == "invalid_request_error"

    visit(scene)


@pytest.mark.parametrize(
    ("options", "said", "param"),
    [
        ({"size": "1000x300"}, "give one of the shapes", None),
        ({"size": "64x64"}, "256 to 4096 px", None),
        ({"n": 11}, "less than or equal to 8", "n"),
        ({"image": ("x.jpg", b"\xff\xd8\xff\xe0 no picture", "image/jpeg")}, "", None),
        ({"mask": ("m.png", b"x", "image/png")}, "masks are not read", None),
    ],
)
def test_what_cannot_be_made_is_refused_in_openai_s_words(
    visit: Any, options: dict[str, Any], said: str, param: str | None
) -> None:
    async def scene(client: Client) -> None:
        wish = {"image": ("mug.jpg", MUG.read_bytes(), "image/jpeg"), "prompt": "a mug"} | options
        with pytest.raises(openai.UnprocessableEntityError) as caught:
            await client.images.edit(**wish)
        assert said in caught.value.message
        assert caught.value.param == param

    visit(scene)


# OpenAI has retired its own videos; the shape lives on in other servers, and the client has it.
@pytest.mark.filterwarnings("ignore:The Sora API is scheduled")
def test_a_clip_is_asked_for_followed_and_fetched(visit: Any) -> None:
    async def scene(client: Client) -> None:
        video = await client.videos.create_and_poll(
            prompt="Speckled stoneware mug",
            seconds="8",
            size="720x720",  # type: ignore[arg-type] - smaller than OpenAI's: a test must be quick
            input_reference=("mug.jpg", MUG.read_bytes(), "image/jpeg"),
            poll_interval_ms=200,
        )
        assert (video.status, video.progress, video.error) == ("completed", 100, None), video
        assert (video.size, video.seconds) == ("720x720", "8")
        content = await client.videos.download_content(video.id)
        facts = probe_video(content.content)
        assert (facts.width_px, facts.height_px) == (720, 720)
        assert facts.duration_s == pytest.approx(8.0, abs=0.1)
        listed = await client.videos.list(limit=5)
        assert [each.id for each in listed.data] == [video.id]
        deleted = await client.videos.delete(video.id)
        assert deleted.deleted
        with pytest.raises(openai.NotFoundError):
            await client.videos.retrieve("no-such-video")

    visit(scene)


def test_a_chat_gives_the_copy_of_a_product(visit: Any) -> None:
    async def scene(client: Client) -> Any:
        await sell(client)
        return await client.chat.completions.create(
            model="content-engine",
            messages=[{"role": "user", "content": "Write the copy."}],
            extra_body={"sku": "MUG-1", "locale": "de"},
        )

    answer = visit(scene)
    copy = json.loads(answer.choices[0].message.content)
    assert copy["locale"] == "de"
    assert "350" in json.dumps(copy)


def test_models_are_listed(visit: Any) -> None:
    async def scene(client: Client) -> list[str]:
        return [model.id async for model in client.models.list()]

    assert visit(scene) == ["content-engine"]
