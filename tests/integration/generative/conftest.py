"""A device of tiny checkpoints on the processor, and a flow around it: all of it real."""

import os
import warnings
from collections.abc import Iterator

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest

from content_engine.config import Settings
from content_engine.types import Product
from serving import app
from serving.device import device_maker, shelf
from tests import tiny_language, tiny_models
from tests.generative_kit import Workshop

MODELS = ("flux2-klein", "wan-ti2v-5b", "wan-i2v-a14b")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """The workshop of the session. Its models paint noise: their weights are random."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("workshop")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own, at their import
        for name in MODELS:
            tiny_models.build(name, folder / "models")
        tiny_language.qwen3(folder / "models" / "llm")
    settings = Settings(
        data_dir=folder / "data",
        vault_key_dir=str(folder / "vault-keys"),
        models_dir=str(folder / "models"),
        device="cpu",
        canvas_max_pixels=64 * 64,
        calibrate_s=0.0,
    )
    parts = app.open_parts(settings)
    device = device_maker(settings)
    device.start()
    yield Workshop(settings=settings, parts=parts, stock=shelf(settings), device=device)
    device.close()
    parts.ledger.close()
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def mug(workshop: Workshop) -> Product:
    """The first product of the samples, its photos in the workshop's store."""
    from content_engine.feeds import FeedItem, read_feed
    from serving.bench.makers import SAMPLES
    from serving.produce.feed import ingest

    item = next(each for each in read_feed(SAMPLES) if isinstance(each, FeedItem))
    fetcher = app.fetcher(workshop.settings, base_dir=SAMPLES.parent)
    return ingest(item, fetcher=fetcher, store=workshop.parts.store).product
