"""Is it the same product, to a network that has seen the web? Features of photo and output."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np

from content_engine.errors import ScorerFailed
from content_engine.types import Evidence, Severity
from qa.looks.seam import Sight
from qa.vision.arrays import Numbers, Pixels
from qa.vision.failures import TORCH_ERRORS, measuring
from qa.vision.observed import WHOLE, Reading


class Similarity:
    """Cosine of image features of SigLIP 2, SigLIP or CLIP. Implements `qa.looks.seam.Scorer`."""

    def __init__(self, model: Any, processor: Any, *, name: str) -> None:
        self._model, self._processor, self._name = model, processor, name

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu", dtype: str = "auto") -> Self:
        """The model of a folder with safetensors. Nothing is fetched, nothing in it is run.

        Raises ScorerFailed when it can't be loaded.
        """
        from transformers import AutoImageProcessor, AutoModel

        try:
            processor = AutoImageProcessor.from_pretrained(
                folder, local_files_only=True, backend="pil"
            )
            model: Any = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=dtype
            )
        except (OSError, ValueError, ImportError) as error:
            raise ScorerFailed(f"no model of picture features in {folder}: {error}") from error
        return cls(model.to(device).eval(), processor, name=folder.name)

    @property
    def name(self) -> str:
        """The model's folder."""
        return f"{self._name}@1"

    def metric(self, kind: str) -> str:
        """`image.similarity`, `video.similarity`."""
        return f"{kind}.similarity"

    def read(self, sight: Sight) -> Reading | None:
        """The least cosine of product and photo, wherever the product was found; 1 is the same."""
        if not sight.pairs:
            return None
        cosines = [
            float(self.features(pair.seen) @ self.features(pair.photo)) for pair in sight.pairs
        ]
        value = round(min(cosines), 4)
        item = Evidence(
            kind="identity" if sight.kind == "image" else "product_drift",
            severity=Severity.MAJOR,
            message=f"the product is {value:.2f} like its photo (1 is the same)",
            box=WHOLE,
            number=value,
        )
        return Reading(value=value, evidence=(item,))

    def features(self, picture: Pixels) -> Numbers:
        """The picture's float32 feature vector of length 1. `picture` (H, W, 3) uint8 sRGB."""
        import torch

        with measuring(self._name, breaks_with=TORCH_ERRORS), torch.inference_mode():
            seen = self._processor(images=[np.ascontiguousarray(picture)], return_tensors="pt")
            placed = {key: value.to(self._model.device) for key, value in seen.items()}
            placed["pixel_values"] = placed["pixel_values"].to(self._model.dtype)
            pooled = self._model.get_image_features(**placed).pooler_output[0]
            features = pooled.float().cpu().numpy()
        return features / max(float(np.linalg.norm(features)), 1e-6)
