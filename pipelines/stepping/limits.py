"""What a step loop may do, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from content_engine.types import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopLimits:
    """The bounds of one step loop. Every default is a house rule unless a source stands by it.

    `bulk_step_s` caps a bulk batch, since a step cannot be interrupted. Source: performance.md
    (b) 1. `stretch` is how much longer than alone a step of an interactive run may take so that
    others ride along. `patience` is the deadline of an interactive run that names none, as a
    multiple of its time alone. Source: vLLM-Omni RFC 290, SLO scale 3. `bulk_share` of the
    device's time is bulk's even under endless interactive work. `residents` runs of each lane
    are on the device at a time, from head to tail. Heads and tails are counted per lane. A
    checkpoint is written when either interval is over; 0 switches that interval off. A run that
    does not fit beside others waits `lonely_most_s` for the device to itself, then it fails:
    what came after it in its lane waits as long.
    """

    batch_most: int = 16
    batch_tokens: int = 32_768
    bulk_step_s: float = 0.150
    stretch: float = 1.5
    patience: float = 3.0
    bulk_share: float = 0.1
    residents: int = 24
    heads: int = 1
    tails: int = 2
    checkpoint_every_s: float = 2.0
    checkpoint_every_steps: int = 0
    hung_factor: float = 20.0
    hung_least_s: float = 10.0
    first_step_most_s: float = 300.0
    side_most_s: float = 600.0
    lonely_most_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFacts:
    """What a step loop did and does, at one moment.

    `waiting` are not on the device yet, `resident` are (head, steps or tail). `busy_s` is the
    time within steps, by the lane that led them. `batches` counts steps by how many runs they
    advanced. `step_age_s` is how long the running step takes already, 0.0 between steps.
    `stuck` is True when this process should be replaced, and `why` then says why.
    """

    waiting: Mapping[Lane, int]
    resident: Mapping[Lane, int]
    steps: int
    busy_s: Mapping[Lane, float]
    batches: Mapping[int, int]
    finished: int
    failed: int
    cancelled: int
    checkpoints: int
    resumed: int
    step_age_s: float
    stuck: bool
    why: str
