"""What a stretch of work took: of this process, and of the database server that it asked."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of wall time, of CPU here and in the server, and how often this process waited.

    `waits` are its voluntary context switches: about the round trips to the server.
    """

    wall_s: float
    client_s: float
    server_s: float
    waits: int

    @property
    def cpu_s(self) -> float:
        """Both sides."""
        return self.client_s + self.server_s


class Meter:
    """Measures from when it is made. The server's share is 0 where there is none on this machine.

    The connections of the work must be open before and still open when it is asked: a backend that
    has ended took its seconds with it to the server's first process.
    """

    def __init__(self, url: str) -> None:
        self._server = _postmaster(url)
        self._began = self._now()

    def spent(self) -> Spent:
        """What was spent since the meter was made."""
        began, now = self._began, self._now()
        return Spent(
            wall_s=now.wall_s - began.wall_s,
            client_s=now.client_s - began.client_s,
            server_s=now.server_s - began.server_s,
            waits=now.waits - began.waits,
        )

    def _now(self) -> Spent:
        return Spent(
            server_s=_cpu_s(self._server) if self._server else 0.0,
            client_s=time.process_time(),
            waits=resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw,
            wall_s=time.perf_counter(),
        )


def _postmaster(url: str) -> psutil.Process | None:
    """The first process of the Postgres at that address when it runs here, else None."""
    if url.startswith("sqlite"):
        return None
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
    engine.dispose()
    known = Path(folder) / "postmaster.pid"
    return psutil.Process(int(known.read_text().split()[0])) if known.is_file() else None


def _cpu_s(server: psutil.Process) -> float:
    times = server.cpu_times()
    gone = times.children_user + times.children_system
    return gone + sum(map(_own_cpu_s, [server, *server.children(recursive=True)]))


def _own_cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # an idle worker of the server's own may end at any time
        return 0.0
    return times.user + times.system
