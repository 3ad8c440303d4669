"""What ``classify`` of one short text costs over the engine's own time: Python's part of a keystroke in the kernel.

The engine's own time is that of ``wcw_classify`` on a request of one text that lies ready in its memory, less that of
an export that does nothing, called the same way.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from cases import CASES, OVER_THE_ENGINE_US, SIZES
from record import Row
from systems import classifier, scikit_learn
from texts import texts

import wasm_clf_widget as wcw
from wasm_clf_widget.engines import wasm_abi as abi
from wasm_clf_widget.engines.wasm_engine import allocate
from wasm_clf_widget.model.shape import shape_of

ROUNDS = 15
TEXTS = 64
REPEATS = 8


def rows() -> Iterator[Row]:
    """One row for each kind of pipeline, English texts of 12 words."""
    data = texts("English", SIZES)
    some = data.test[12][:TEXTS]
    for case in CASES:
        if case.language == "English":
            ours = classifier(scikit_learn(case.kind, data.train, data.labels), "auto")
            yield _row(ours, some, f"English, {case.kind.name}, 12 words")


def _row(ours: wcw.Classifier, some: list[str], name: str) -> Row:
    alone, nothing = _engine_alone(ours, some)

    def python() -> None:
        for text in some:
            ours.classify(text)

    over, whole, own = [], [], []
    for _ in range(ROUNDS):
        a, b, c = (_microseconds(run) for run in (python, alone, nothing))
        whole.append(a)
        own.append(b - c)
        over.append(a - (b - c))
    return Row(
        "one text, over the engine's own time", name, " µs", OVER_THE_ENGINE_US, "at_most",
        statistics.median(over), min(over), max(over), ROUNDS, statistics.median(own), statistics.median(whole),
    )  # fmt: skip


def _engine_alone(ours: wcw.Classifier, some: list[str]) -> tuple[Callable[[], None], Callable[[], None]]:
    """All texts, one request each; and as many calls that do nothing."""
    on: Any = ours.engine._loaded  # type: ignore[attr-defined]
    runtime, shape = on.runtime, shape_of(ours.model)
    results = allocate(runtime, abi.output_size(shape, 1))
    requests = []
    for text in some:
        data = text.encode()
        address = allocate(runtime, abi.REQUEST.size + len(data))
        places = abi.output_places(shape, 1, results)
        at = address + abi.REQUEST.size
        runtime.write(address, abi.REQUEST.pack(at, len(data), 0, 1, *places, 0, 0) + data)
        requests.append(address)
    call, handle = runtime.call, on.handle

    def alone() -> None:
        for address in requests:
            call("wcw_classify", handle, address)

    def nothing() -> None:
        for _ in requests:
            call("wcw_abi")

    return alone, nothing


def _microseconds(run: Callable[[], None]) -> float:
    """CPU time of one text."""
    run()
    begin = time.process_time_ns()
    for _ in range(REPEATS):
        run()
    return (time.process_time_ns() - begin) / (1000 * REPEATS * TEXTS)


if __name__ == "__main__":
    for row in rows():
        print(f"{row.case}: {row.measured:.1f} µs ({row.low:.1f} to {row.high:.1f}); engine {row.peer_us:.1f} µs")
