"""Tiny checkpoints of the true classes, each built once a session, and a device of two families."""

import os
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest

from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.flux2_klein import Flux2Klein
from pipelines.diffusion.zimage import ZImage
from tests import tiny_models


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """One thread for arithmetic: tiny models are up to 17 times slower on two."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny checkpoint, built when it is first asked for."""
    folder = tmp_path_factory.mktemp("checkpoints")

    @cache
    def built(name: str) -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the libraries' own, at their import
            return tiny_models.build(name, folder)

    return built


@pytest.fixture(scope="session")
def zimage(checkpoint: Callable[[str], Path]) -> ZImage:
    """Z-Image, loaded as from a real folder, in float32."""
    return ZImage.load_from(checkpoint("z-image-turbo"), preset="exact", device="cpu")


@pytest.fixture(scope="session")
def klein(checkpoint: Callable[[str], Path]) -> Flux2Klein:
    """FLUX.2 klein, loaded as from a real folder, in float32."""
    return Flux2Klein.load_from(checkpoint("flux2-klein"), preset="exact", device="cpu")


@pytest.fixture
def device(zimage: ZImage, klein: Flux2Klein) -> DiffusionBackend:
    """A device that holds both."""
    return DiffusionBackend({"z-image-turbo": zimage, "flux2-klein": klein})
