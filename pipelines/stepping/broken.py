"""What a backend may raise, and whose fault it is."""

from __future__ import annotations

from content_engine.errors import ContentEngineError, GenerationFailed
from pipelines.backend import DeviceFull

BROKEN = (
    *(ArithmeticError, AssertionError, AttributeError, ContentEngineError, LookupError),
    *(MemoryError, OSError, RuntimeError, TypeError, ValueError),
)
"""What a backend may raise when one run is broken. Anything else ends the loop, and with it this
process: its replica is replaced, and the runs go on from their checkpoints."""


def failure(error: BaseException) -> ContentEngineError:
    """What a caller is told when the run raised this: the engine's own errors as they are."""
    if isinstance(error, DeviceFull):
        told = GenerationFailed(f"the device's memory does not hold this recipe: {error}")
    elif isinstance(error, ContentEngineError):
        return error
    else:
        told = GenerationFailed(f"the backend broke: {type(error).__name__}: {error}")
    told.__cause__ = error
    return told


def device_is_lost(error: BaseException) -> bool:
    """True when no later work on this device can succeed in this process.

    Source: torch 2.13, torch.AcceleratorError; earlier versions raise RuntimeError "CUDA error".
    Both stay for the rest of the process.
    """
    return type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error)
