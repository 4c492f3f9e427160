"""Where a model's weights lie on this machine, whether they are the right ones, how to get them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.errors import WeightsInvalid
from assets.weights import file_sha256
from content_engine.errors import BackendUnavailable
from pipelines.models import Lora, ModelEntry

PULLED = "pulled.json"
"""What `pull` writes beside the files it got: the commit and every hash that the hub states."""

_END_BYTES = 1 << 20
"""Training moves every weight, so both ends of a file tell it; a whole model takes minutes."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
"""Weights in the one format that can't run code, and what their classes read beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A model's weights on this machine: the folder, and the commit they are of where it is known.

    `stated` are the hashes known of files, by path in the folder; `why_known` says from where.
    """

    folder: Path
    commit: str
    stated: Mapping[str, str]
    why_known: str


def weights_folder(entry: ModelEntry, models_dir: Path | None) -> Path | None:
    """The folder of the model's weights: `models_dir/NAME`, else the hub's cache; None: nowhere."""
    if models_dir is not None and _holds_files(models_dir / entry.name):
        return models_dir / entry.name
    return _cached(entry)


def weights_here(entry: ModelEntry, models_dir: Path | None) -> Here | None:
    """What lies on this machine of the model, unhashed; None when nothing does.

    Raises WeightsInvalid when `pulled.json` can't be read.
    """
    folder = weights_folder(entry, models_dir)
    if folder is None:
        return None
    pins = {file.path: file.sha256 for file in entry.files}
    noted = _noted(folder)
    if noted is not None:
        stated = {**noted["files"], **pins}
        return Here(folder=folder, commit=noted["commit"], stated=stated, why_known=PULLED)
    blobs = dict(_blob_names(folder))
    commit = folder.name if folder.parent.name == "snapshots" else ""
    why = "the hub's cache" if blobs else "models.toml" if pins else ""
    return Here(folder=folder, commit=commit, stated={**blobs, **pins}, why_known=why)


def revision_of(entry: ModelEntry, here: Here) -> str:
    """The revision that recipes name: the commit that lies here, else `own-` and a print of it.

    A folder that the shop made itself is no commit of anybody's; other weights in it are another
    revision, so that no result of the old ones is taken for theirs. Where the catalog states a
    hash of the folder's file (`verify` holds it to that), it is the catalog's commit.
    """
    if here.commit:
        return here.commit
    if entry.pinned and entry.files:
        return entry.revision
    return f"own-{_print_of(here.folder)}"


def verify(here: Here, entry: ModelEntry) -> None:
    """Returns when every file whose hash is known has it, and the commit is the pinned one.

    Reads every byte: about a second a gigabyte. Raises WeightsInvalid.
    """
    if entry.pinned and here.commit and here.commit != entry.revision:
        raise WeightsInvalid(
            f"{here.folder} holds {entry.repo} at {here.commit}, pinned is {entry.revision}. "
            f"Run: content-engine models pull {entry.name}"
        )
    for path, sha256 in here.stated.items():
        _require(here.folder / path, sha256, entry=entry.name)


def verify_lora(file: Path, lora: Lora) -> None:
    """Returns when the adapter's file is the pinned one. Raises WeightsInvalid."""
    _require(file, lora.sha256, entry=lora.name)


def lora_file(entry: ModelEntry, lora: Lora, models_dir: Path | None) -> Path | None:
    """The adapter's file: `models_dir/loras/MODEL/NAME.safetensors`, else the hub's cache."""
    own = lora_folder(entry, models_dir)
    if own is not None and (own / f"{lora.name}.safetensors").is_file():
        return own / f"{lora.name}.safetensors"
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(lora.repo, lora.file)
    return Path(found) if isinstance(found, str) else None


def lora_folder(entry: ModelEntry, models_dir: Path | None) -> Path | None:
    """Where an operator puts adapters of a brand's style, one file each; None: no such place."""
    return None if models_dir is None else models_dir / "loras" / entry.name


def pull(entry: ModelEntry, models_dir: Path | None, *, say: Callable[[str], None]) -> Path:
    """The folder with the model's files, fetched from the hub; what is there is not fetched again.

    A broken download goes on where it stopped. Every file that the hub states a hash of is checked.
    Raises BackendUnavailable when the hub can't be reached, WeightsInvalid for a wrong file.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    into = None if models_dir is None else models_dir / entry.name
    try:
        told: Any = HfApi().model_info(entry.repo, revision=entry.revision, files_metadata=True)
        say(f"{entry.repo} at {told.sha}")
        got = snapshot_download(
            entry.repo, revision=told.sha, local_dir=into, allow_patterns=_WANTED
        )
        for lora in entry.loras.values():
            _pull_lora(entry, lora, models_dir, say=say)
    except (OSError, HfHubHTTPError, OfflineModeIsEnabled) as error:
        raise BackendUnavailable(f"{entry.repo} can't be fetched: {error}") from error
    folder = Path(got)
    if into is not None:
        _note(folder, commit=told.sha, siblings=told.siblings)
    here = weights_here(entry, models_dir)
    if here is None:
        raise WeightsInvalid(f"{entry.repo} holds no file that is wanted: {', '.join(_WANTED)}")
    verify(here, entry)
    return folder


def _pull_lora(
    entry: ModelEntry, lora: Lora, models_dir: Path | None, *, say: Callable[[str], None]
) -> None:
    from huggingface_hub import hf_hub_download

    say(f"{lora.repo} {lora.file}")
    folder = lora_folder(entry, models_dir)
    got = Path(hf_hub_download(lora.repo, lora.file, local_dir=folder))
    if folder is not None:
        got = got.rename(folder / f"{lora.name}.safetensors")
    verify_lora(got, lora)


def _print_of(folder: Path) -> str:
    """12 hexadecimal digits: of every file the name, the size, and both ends."""
    seen = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        size = path.stat().st_size
        seen.update(f"{path.relative_to(folder).as_posix()}\n{size}\n".encode())
        with path.open("rb") as file:
            seen.update(file.read(_END_BYTES))
            file.seek(max(0, size - _END_BYTES))
            seen.update(file.read(_END_BYTES))
    return seen.hexdigest()[:12]


def _note(folder: Path, *, commit: str, siblings: Any) -> None:
    """Writes down what the hub stated: files on its large store come with their sha256."""
    files = {
        each.rfilename: each.lfs.sha256
        for each in siblings
        if each.lfs is not None and (folder / each.rfilename).is_file()
    }
    text = json.dumps({"commit": commit, "files": files}, indent=1, sort_keys=True)
    (folder / PULLED).write_text(text, encoding="utf-8")


def _noted(folder: Path) -> dict[str, Any] | None:
    try:
        noted = json.loads((folder / PULLED).read_text(encoding="utf-8"))
        return {"commit": str(noted["commit"]), "files": dict(noted["files"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsInvalid(f"{folder / PULLED} can't be read: {error}") from error


def _blob_names(folder: Path) -> Iterator[tuple[str, str]]:
    """Large files of the hub's cache are links to blobs that are named by their sha256."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and _SHA256.fullmatch(path.resolve().name):
            yield path.relative_to(folder).as_posix(), path.resolve().name


def _holds_files(folder: Path) -> bool:
    """True for what may be a checkpoint: its index or its config lies at its top."""
    return folder.is_dir() and any(path.is_file() for path in folder.iterdir())


def _cached(entry: ModelEntry) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = snapshot_download(entry.repo, revision=entry.revision, local_files_only=True)
    except LocalEntryNotFoundError:
        return None
    return Path(found)


def _require(file: Path, sha256: str, *, entry: str) -> None:
    if not file.is_file():
        raise WeightsInvalid(
            f"the weights of {entry!r} lack the file {file}. Run: content-engine models pull"
        )
    found = file_sha256(file)
    if found != sha256:
        raise WeightsInvalid(
            f"{file} is not the stated file of {entry!r}: its sha256 is {found}, stated is "
            f"{sha256}. Delete it and run: content-engine models pull"
        )
