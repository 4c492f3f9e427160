"""The inside of a cell: reads files from a pipe, looks at each, tells what it saw."""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import sys
from contextlib import suppress
from functools import partial
from typing import IO, Any

import av
from PIL import Image, ImageCms

from assets.cells import read_message, write_message
from assets.errors import AssetError, CorruptMedia
from assets.looks import LOOKS
from assets.provenance import read_manifest


def main() -> None:
    """Serves until its pipe ends; an error that is none of ours ends it with a word to the asker.

    Arguments: bytes of address space, seconds of processor time a file.
    """
    memory_bytes, cpu_s = map(int, sys.argv[1:3])
    into, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints must not be taken for an answer
    sys.excepthook = partial(_last_word, out)
    _warm()
    _shut(memory_bytes)
    while into.peek(1):
        _more_time(cpu_s)
        head, data = read_message(into)
        try:
            seen = LOOKS[head["look"]](data, head["max_bytes"])
        except AssetError as error:
            write_message(out, {"error": type(error).__name__, "message": str(error)}, b"")
        else:
            write_message(out, {"facts": seen.facts}, seen.data)


def _last_word(out: IO[bytes], kind: type[BaseException], error: object, _: object) -> None:
    """Says what ends the cell: an error that no look may raise."""
    write_message(out, {"error": f"{kind.__module__}.{kind.__name__}", "message": str(error)}, b"")


def _warm() -> None:
    """Loads what decoders load when they are first used: later no file can be opened."""
    for module in pkgutil.walk_packages(av.__path__, prefix="av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    Image.init()
    ImageCms.createProfile("sRGB")
    with suppress(CorruptMedia):
        read_manifest(b"", "image/png")


def _shut(memory_bytes: int) -> None:
    """Takes away what no decoder needs. What is open stays open."""
    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _more_time(cpu_s: int) -> None:
    """From now on so many seconds of processor time; then the system ends this process."""
    used: Any = resource.getrusage(resource.RUSAGE_SELF)
    end_s = int(used.ru_utime + used.ru_stime) + 1 + cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (end_s, resource.RLIM_INFINITY))
