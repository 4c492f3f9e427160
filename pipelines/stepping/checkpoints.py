"""Checkpoints: a run's state in a file, so that a new process goes on where the old one died."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from content_engine.types import Digest

_MAGIC = b"content-engine checkpoint 1\n"
_SEAL_BYTES = hashlib.sha256().digest_size
_SUFFIX = ".run"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """One file a run in a folder that only its owner may enter. Safe across processes.

    A file is whole or absent: written beside its place, then renamed. A file that does not hold
    what was written is taken for absent, and the run begins anew.
    """

    folder: Path

    def write(self, recipe: Digest, saved: bytes) -> None:
        """Puts the run's state in the place of the one before. Raises OSError.

        The file is not forced to the disk: it outlives the process, which is what it is for; a
        power cut costs the run's time, no more.
        """
        self._prepare()
        descriptor, draft = tempfile.mkstemp(dir=self.folder)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_MAGIC + _seal(recipe, saved) + saved)
            Path(draft).replace(self._place(recipe))
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise

    def read(self, recipe: Digest) -> bytes | None:
        """The state last written for this recipe, or None."""
        try:
            data = self._place(recipe).read_bytes()
        except FileNotFoundError:
            return None
        seal, saved = data[len(_MAGIC) :][:_SEAL_BYTES], data[len(_MAGIC) + _SEAL_BYTES :]
        whole = data.startswith(_MAGIC) and seal == _seal(recipe, saved)
        return saved if whole else None

    def drop(self, recipe: Digest) -> None:
        """Forgets the run: it ended."""
        self._place(recipe).unlink(missing_ok=True)

    def sweep(self, *, older_than_s: float) -> int:
        """How many files were removed that nobody had taken up for so long."""
        if not self.folder.is_dir():
            return 0
        before = time.time() - older_than_s
        old = [path for path in self.folder.iterdir() if path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _place(self, recipe: Digest) -> Path:
        return self.folder / f"{recipe}{_SUFFIX}"

    def _prepare(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)


def _seal(recipe: Digest, saved: bytes) -> bytes:
    return hashlib.sha256(recipe.encode() + saved).digest()
