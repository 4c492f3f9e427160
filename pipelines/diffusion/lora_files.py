"""LoRA files: safetensors only, under the allowed folders only, the bytes that were promised."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from content_engine.errors import GenerationFailed

if TYPE_CHECKING:
    import torch

_KEPT = 4
"""How many adapters stay in the computer's memory: the 4-step one of Qwen-Image-Edit is 0.85 GB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraFile:
    """An adapter's file. `sha256` empty: not pinned, but it must not change while we run.

    `low_noise` is the file of a second expert; without it both experts wear the same.
    """

    path: Path
    sha256: str = ""
    low_noise: LoraFile | None = None


def found_in(folder: Path) -> dict[str, LoraFile]:
    """The adapters of a folder by name: `NAME.safetensors`, or a `NAME.high` and `NAME.low` pair.

    Empty when there is no such folder.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.safetensors"))}
    found: dict[str, LoraFile] = {}
    for stem, path in files.items():
        name, _, expert = stem.rpartition(".")
        low = files.get(f"{name}.low")
        if expert == "high" and low is not None:
            found[name] = LoraFile(path=path, low_noise=LoraFile(path=low))
        elif expert != "low" or f"{name}.high" not in files:
            found[stem] = LoraFile(path=path)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adapter:
    """What was read of a file: tensors under the names that diffusers gives them, and settings."""

    tensors: Mapping[str, torch.Tensor]
    settings: Mapping[str, Any] | None


class LoraShelf:
    """Adapters read, checked and kept, the least recently worn dropped. Safe from any thread."""

    def __init__(self, *, roots: Sequence[Path]) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._kept: OrderedDict[Path, Adapter] = OrderedDict()
        self._seen: dict[Path, str] = {}
        self._one = Lock()

    def adapter(self, file: LoraFile, pipe: Any) -> Adapter:
        """The adapter in the file, read for that stock pipeline's class.

        Raises GenerationFailed when the file lies elsewhere than allowed, is no safetensors file,
        has not the promised bytes, or holds nothing for this model.
        """
        with self._one:
            if file.path not in self._kept:
                self._kept[file.path] = self._read(file, pipe)
            self._kept.move_to_end(file.path)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[file.path]

    def _read(self, file: LoraFile, pipe: Any) -> Adapter:
        path = file.path
        self._check_place(path)
        self._check_bytes(file)
        tensors, settings = _converted(path, pipe)
        if not any(name.startswith("transformer.") for name in tensors):
            raise GenerationFailed(f"the adapter {path.name} holds nothing for this model")
        return Adapter(tensors=tensors, settings=settings)

    def _check_place(self, path: Path) -> None:
        if path.suffix != ".safetensors":
            raise GenerationFailed(f"the adapter {path.name} is no .safetensors file")
        # The folder decides, not where a link in it leads: the hub's cache links to blobs.
        if not any(path.parent.resolve().is_relative_to(root) for root in self._roots):
            raise GenerationFailed(f"the adapter {path.name} lies outside the models' folders")

    def _check_bytes(self, file: LoraFile) -> None:
        try:
            with file.path.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            raise GenerationFailed(
                f"the adapter {file.path.name} cannot be read: {error}"
            ) from error
        promised = file.sha256 or self._seen.setdefault(file.path, found)
        if found != promised:
            raise GenerationFailed(
                f"the adapter {file.path.name} has sha256 {found}, promised is {promised}:"
                " fetch it again, or pin the new one"
            )


def _converted(path: Path, pipe: Any) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The file's tensors as diffusers names them, whichever trainer wrote it, and its settings."""
    from safetensors import SafetensorError

    try:
        return type(pipe).lora_state_dict(
            str(path.parent),
            weight_name=path.name,
            local_files_only=True,
            use_safetensors=True,
            return_lora_metadata=True,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise GenerationFailed(f"the adapter {path.name} cannot be read: {error}") from error
