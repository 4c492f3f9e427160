"""SIGTERM and Ctrl-C as a call on the running event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence

STOP = (signal.SIGTERM, signal.SIGINT)


def call_on(signals: Sequence[signal.Signals], call: Callable[[], object]) -> None:
    """Calls `call` on the running loop when one of the signals comes.

    Do it again after Ray has started: it puts a handler of its own on SIGTERM, which prints a
    stack of C++ frames before anything else.
    """
    loop = asyncio.get_running_loop()
    for each in signals:
        loop.add_signal_handler(each, call)
