"""What tests of generative pipelines share: a device of tiny checkpoints and what stands around."""

from dataclasses import dataclass

from content_engine.config import Settings
from pipelines.generative.pipeline import GenerativePipeline
from pipelines.shelf import Shelf
from serving import app


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What a test needs: settings, the opened parts, the models that can be used, the device."""

    settings: Settings
    parts: app.Parts
    stock: Shelf
    device: GenerativePipeline
