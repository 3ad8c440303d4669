"""Two threads against one, by the clock on the wall; two processes beside them, which share nothing, as the bound.

CPU time says nothing here, so a busy machine gives no figure at all: the row says how busy it was. What two processes
do not reach either (a second core that is none, memory, other people's work) is no fault of the threads.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pyarrow as pa
from cases import CASES, SIZES, TWO_THREADS
from record import Row
from systems import classifier, scikit_learn
from texts import texts

import wasm_clf_widget as wcw

ROUNDS = 9
BYTES = 16 << 20


def rows() -> Iterator[Row]:
    """For lists of str and for Arrow, short and long texts: two threads, and two processes, against one thread."""
    case = next(case for case in CASES if case.language == "English")
    data = texts("English", SIZES)
    model = classifier(scikit_learn(case.kind, data.train, data.labels), "auto").model_bytes
    for words, _ in SIZES:
        some = data.test[words]
        batch = some * max(1, BYTES // sum(map(len, some)))
        for name, column in (("list of str", batch), ("Arrow", pa.array(batch))):
            yield from _rows(model, column, f"{name}, {case.kind.name}, {words} words, {len(batch):,} texts")


def _rows(model: bytes, column: Any, name: str) -> Iterator[Row]:
    ours = wcw.Classifier.load(model)
    half = column[: len(column) // 2]
    # Not by fork: this process has threads.
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in range(2)]
    workers = [context.Process(target=_work, args=(theirs, model, half), daemon=True) for _, theirs in pairs]
    for worker in workers:
        worker.start()
    pipes = [own for own, _ in pairs]
    try:
        for pipe in pipes:
            pipe.recv()
        samples: dict[str, list[float]] = {"one": [], "threads": [], "processes": []}
        if list(ours.predict(half, n_jobs=2)) != list(ours.predict(half)):
            raise RuntimeError(f"{name}: two threads give other labels than one")
        for number in range(ROUNDS + 1):
            runs = {
                "one": lambda: ours.predict_proba(column),
                "threads": lambda: ours.predict_proba(column, n_jobs=2),
                "processes": lambda: _both(pipes),
            }
            for run in runs if number % 2 else reversed(runs):
                begin = time.perf_counter()
                runs[run]()
                if number:  # the first round warms up
                    samples[run].append(time.perf_counter() - begin)
    finally:
        for worker in workers:
            worker.kill()
    load = f"same labels; load {os.getloadavg()[0]:.1f}"
    for kind, asked in (("threads", TWO_THREADS), ("processes", None)):
        ratios = [one / two for one, two in zip(samples["one"], samples[kind], strict=True)]
        yield Row(
            f"two {kind}, wall time", name, "×", asked, "at_least", statistics.median(ratios), min(ratios), max(ratios),
            ROUNDS, 1e6 * statistics.median(samples["one"]) / len(column),
            1e6 * statistics.median(samples[kind]) / len(column), load,
        )  # fmt: skip


def _both(pipes: list[Connection]) -> None:
    for pipe in pipes:
        pipe.send(True)
    for pipe in pipes:
        pipe.recv()


def _work(pipe: Connection, model: bytes, half: Any) -> None:
    """Half of the column, whenever it is asked for, in a process of its own."""
    ours = wcw.Classifier.load(model)
    ours.predict_proba(half)
    pipe.send(True)
    while pipe.recv():
        ours.predict_proba(half)
        pipe.send(True)


if __name__ == "__main__":
    for row in rows():
        print(f"{row.measure}, {row.case}: {row.measured:.2f} ({row.low:.2f} to {row.high:.2f}), {row.labels}")
