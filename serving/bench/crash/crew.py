"""Keeps processes and servers running, as a supervisor does, and kills one when it is told to."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from serving.bench.crash.nursery import Child, Nursery, Order
from serving.bench.crash.servers import Server

_DOWN_MOST_S = 0.5
"""How long a supervisor may take to notice."""
_WEIGHTS = {"door": 3, "dispatcher": 4, "replica": 4, "postgres": 3, "store": 2}
"""How often each is hit, by its share. Servers take seconds to come back, the others one."""


class _Kept:
    """A server that comes back by itself, in a thread of its own, each time it was killed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        # One thread for good: a server ends with the thread that started it (PR_SET_PDEATHSIG).
        self._keeper = ThreadPoolExecutor(1)
        self._coming: Future[None] = self._keeper.submit(server.start)

    @property
    def is_up(self) -> bool:
        """True when it answers."""
        return self._coming.done()

    def kill(self, *, down_s: float) -> None:
        """Kills it; it is started again after `down_s`."""
        self._server.kill()
        self._coming = self._keeper.submit(self._come_back, down_s)

    def wait(self) -> None:
        """Returns when it is up. Raises TimeoutError when it does not come."""
        self._coming.result()

    def _come_back(self, down_s: float) -> None:
        time.sleep(down_s)
        self._server.start()


@dataclass
class _Post:
    """A place in the crew that is never left empty for long."""

    order: Order
    child: Child
    back_at: float = 0.0

    @property
    def is_at_work(self) -> bool:
        """True while its process lives, was not shot and has opened everything it needs."""
        # One that was shot a moment ago still answers to its name.
        return not self.back_at and self.child.is_alive and self.child.is_up


class Crew:
    """Processes by order and servers by name. `deaths` are those that nobody caused."""

    def __init__(
        self, nursery: Nursery, orders: Sequence[Order], servers: Mapping[str, Server]
    ) -> None:
        self._nursery = nursery
        self._servers = {name: _Kept(server) for name, server in servers.items()}
        for server in self._servers.values():
            server.wait()
        self._posts = [_Post(order, nursery.bear(order)) for order in orders]
        self.kills: Counter[str] = Counter()
        self.deaths: list[str] = []

    def tend(self) -> None:
        """Starts again what has ended; call often."""
        now = time.monotonic()
        for post in self._posts:
            if post.child.is_alive:
                continue
            if not post.back_at:
                # One that could not even open the ledger is started again: nothing was promised.
                if post.child.is_up:
                    self.deaths.append(f"the {post.order.role} ended by itself")
                post.back_at = now + _DOWN_MOST_S
            if now >= post.back_at:
                post.child.close()
                post.child, post.back_at = self._nursery.bear(post.order), 0.0

    def kill_one(self, rng: random.Random) -> bool:
        """Kills a process or a server; False when what was drawn is down just now."""
        roles = sorted({post.order.role for post in self._posts} | set(self._servers))
        (role,) = rng.choices(roles, weights=[_WEIGHTS[each] for each in roles])
        down_s = rng.uniform(0.0, _DOWN_MOST_S)
        if role in self._servers:
            if not self._servers[role].is_up:
                return False
            self._servers[role].kill(down_s=down_s)
        else:
            # Also while it is starting: that is a random moment, too.
            alive = [post for post in self._posts if post.order.role == role and not post.back_at]
            if not alive:
                return False
            post = rng.choice(alive)
            try:
                post.child.kill()
            except ProcessLookupError:
                return False
            post.back_at = time.monotonic() + down_s
        self.kills[role] += 1
        return True

    def settle(self, *, within_s: float) -> None:
        """Returns when everything is up. Raises TimeoutError naming what is not."""
        for server in self._servers.values():
            server.wait()
        end = time.monotonic() + within_s
        # Whoever was killed last must be started again, too.
        while missing := [post for post in self._posts if not post.is_at_work]:
            if time.monotonic() > end:
                raise TimeoutError(f"the {missing[0].order.role} did not come up")
            self.tend()
            time.sleep(0.05)

    def close(self) -> None:
        """Ends every process of the crew."""
        for post in self._posts:
            post.child.close()
        self._nursery.close()
