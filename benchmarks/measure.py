"""CPU time of two systems, taken in pairs within one process, so that what disturbs the machine disturbs both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], int]
LEAST_PAIRS, MOST_PAIRS = 5, 15
SECONDS = 4.0
LEAST_SAMPLE_NS = 10_000_000


@dataclass(frozen=True)
class Ratio:
    """Median of the pairs' ratios with the lowest and highest; and each side's median time for one run, in ns."""

    median: float
    low: float
    high: float
    pairs: int
    peer_ns: float
    ours_ns: float


def ratio(
    peer: Callable[[], object],
    ours: Callable[[], object],
    *,
    peer_clock: Clock = time.process_time_ns,
    ours_clock: Clock = time.process_time_ns,
) -> Ratio:
    """CPU time of ``peer`` divided by that of ``ours``.

    Both run once unmeasured; a run shorter than 10 ms is repeated within its sample; the order in a pair alternates.
    """
    repeats = [_repeats(peer, peer_clock), _repeats(ours, ours_clock)]
    samples: list[tuple[float, float]] = []
    begin = time.monotonic()
    while len(samples) < LEAST_PAIRS or (len(samples) < MOST_PAIRS and time.monotonic() - begin < SECONDS):
        if len(samples) % 2:
            second = _sample(ours, ours_clock, repeats[1])
            first = _sample(peer, peer_clock, repeats[0])
        else:
            first = _sample(peer, peer_clock, repeats[0])
            second = _sample(ours, ours_clock, repeats[1])
        samples.append((first, second))
    ratios = [a / b for a, b in samples]
    return Ratio(
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        len(samples),
        statistics.median(a for a, _ in samples),
        statistics.median(b for _, b in samples),
    )


def _repeats(run: Callable[[], object], clock: Clock) -> int:
    """How often to run in a sample; the first run warms caches up and is not counted."""
    run()
    return max(1, round(LEAST_SAMPLE_NS / max(1.0, _sample(run, clock, 1))))


def _sample(run: Callable[[], object], clock: Clock, repeats: int) -> float:
    begin = clock()
    for _ in range(repeats):
        run()
    return (clock() - begin) / repeats
