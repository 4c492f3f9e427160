"""Memory that is free, handed back to the system before a large need, so that a peak stays low."""

from __future__ import annotations

import ctypes


def give_back_free_memory() -> bool:
    """True when the C library gave free pages back; False where it can't (any but glibc).

    numpy and networks free blocks of many MB in changing order; glibc keeps those up to 32 MB and
    can't use the pieces for the next large block. Costs some ms. Source: malloc_trim(3), and
    mallopt(3) on the dynamic M_MMAP_THRESHOLD.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and bool(trim(0))
