"""A client for the bench, in a process of its own: keep-alive GETs over plain sockets.

`python -m serving.bench.client PORT PATH CONNECTIONS SECONDS` prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time


async def hammer(port: int, path: str, *, connections: int, seconds: float) -> dict[str, float]:
    """Requests per second and the median and 99th percentile of their milliseconds."""
    end = time.perf_counter() + seconds
    runs = [_ask(port, path, end) for _ in range(connections)]
    took_ms = sorted(ms for found in await asyncio.gather(*runs) for ms in found)
    return {
        "per_s": len(took_ms) / seconds,
        "p50_ms": took_ms[len(took_ms) // 2],
        "p99_ms": took_ms[len(took_ms) * 99 // 100],
    }


async def _ask(port: int, path: str, end: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    took_ms: list[float] = []
    while (start := time.perf_counter()) < end:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the door answered {head[:40]!r}")
        await reader.readexactly(_length(head))
        took_ms.append(1000 * (time.perf_counter() - start))
    writer.close()
    return took_ms


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))


def main() -> None:
    """Measures as the arguments say."""
    port, path, connections, seconds = sys.argv[1:]
    found = asyncio.run(
        hammer(int(port), path, connections=int(connections), seconds=float(seconds))
    )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
