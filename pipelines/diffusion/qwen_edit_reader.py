"""What shows pictures to Qwen's language model: the stock processor without its video reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assets.errors import WeightsInvalid

if TYPE_CHECKING:
    from transformers import Qwen2VLProcessor


def still_reader(folder: Path) -> Qwen2VLProcessor:
    """The processor of a checkpoint folder, for text and stills only.

    The stock class also builds a reader of videos, which needs torchvision and which no edit uses.
    Raises WeightsInvalid when the folder has no readable processor.
    """
    from transformers import Qwen2Tokenizer, Qwen2VLImageProcessorPil, Qwen2VLProcessor

    class StillReader(Qwen2VLProcessor):
        @classmethod
        def get_attributes(cls) -> list[str]:
            return ["image_processor", "tokenizer"]

    try:
        pictures = Qwen2VLImageProcessorPil.from_pretrained(
            folder / "processor", local_files_only=True
        )
        tokens = Qwen2Tokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    except (OSError, ValueError) as error:
        raise WeightsInvalid(f"{folder.name}/processor cannot be read: {error}") from error
    return StillReader(image_processor=pictures, tokenizer=tokens)
