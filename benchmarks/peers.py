"""Every system on the same texts, side by side: ``make bench-peers`` (some five minutes).

    python benchmarks/peers.py [--only TEXT] [--no-record]

Ours as people call it (Python, wasm in wasmtime), the twin; the engine alone on texts that lie ready in its memory, in
wasmtime, in Chromium and as native Rust; scikit-learn, skl2onnx + ONNX Runtime, fastText. One thread each. In each
round every system runs once, in turning order; a ratio is scikit-learn's CPU time to the system's in the same round.

Before a system counts its labels must be scikit-learn's for every text. The engine alone must give the same score bits
on all three hosts. What differs stands in the table as "not counted". fastText cannot be given the pipeline: it is
trained on the same texts with n-grams of the same kind, and counts as another model.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator, Sequence  # noqa: E402
from contextlib import ExitStack  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from typing import TypeVar  # noqa: E402

from cases import CASES, SIZES, Case  # noqa: E402
from chromium import Chromium  # noqa: E402
from measure import Clock  # noqa: E402
from others import FastText, OnnxRuntime  # noqa: E402
from record import Row, show, versions, write  # noqa: E402
from systems import Different, Native, Wasm, classifier, scikit_learn  # noqa: E402
from texts import Texts, texts  # noqa: E402

_T = TypeVar("_T")
ROUNDS = 7
SECONDS_A_ROUND = 0.15
"""A system that needs longer for a batch gets fewer texts of it (not the engine alone: its texts lie ready)."""
_FEWEST = 16
NOT_COUNTED = ": not counted"


@dataclass
class System:
    """Something that classifies: ``run`` does the first ``count`` texts of the batch; ``found`` says what was equal."""

    name: str
    run: Callable[[int], object]
    found: str
    count: int
    clock: Clock = time.process_time_ns
    may_be_cut: bool = True
    samples: list[float] = field(default_factory=list)

    def fit(self) -> None:
        """A number of texts that takes no longer than a round may."""
        self.run(min(self.count, _FEWEST))
        first = self.clock()
        self.run(min(self.count, 4 * _FEWEST))
        each = (self.clock() - first) / min(self.count, 4 * _FEWEST)
        if self.may_be_cut:
            self.count = max(_FEWEST, min(self.count, int(1e9 * SECONDS_A_ROUND / max(1.0, each))))
        self.run(self.count)

    def sample(self) -> None:
        """CPU time of a text, in ns."""
        begin = self.clock()
        self.run(self.count)
        self.samples.append((self.clock() - begin) / self.count)


def systems(case: Case, data: Texts, words: int, stack: ExitStack, refused: list[str]) -> list[System]:
    """All systems that can do the case, scikit-learn first; what cannot is told in ``refused``."""
    batch = data.test[words]
    n = len(batch)
    pipeline = _once("scikit-learn", lambda: scikit_learn(case.kind, data.train, data.labels))
    ours = _once("ours", lambda: classifier(pipeline, "auto"))
    twin = ours.with_engine("twin")
    right = [str(label) for label in pipeline.predict(batch)]
    all_systems = [System("scikit-learn", lambda c: pipeline.predict_proba(batch[:c]), "the reference", n)]

    def add(name: str, make: Callable[[], System]) -> None:
        try:
            all_systems.append(make())
        except Different as error:
            refused.append(f"{name}, {case.language}, {case.kind.name}, {words} words: {error}")

    def same(labels: Sequence[object]) -> str:
        equal = sum(str(a) == b for a, b in zip(labels, right, strict=False)) / len(labels)
        return "same labels" if equal == 1.0 else f"{equal:.2%} of the labels are the same{NOT_COUNTED}"

    def python() -> System:
        return System("ours, Python", lambda c: ours.predict_proba(batch[:c]), same(ours.predict(batch)), n)

    def in_twin() -> System:
        some = batch[:256]
        return System("ours, twin", lambda c: twin.predict_proba(batch[:c]), same(twin.predict(some)), n)

    info = ours.model_info()
    shape = (info.outputs, len(info.classes))
    wasm = Wasm(ours.model_bytes, batch, *shape)

    def in_wasmtime() -> System:
        wasm.run()
        labels = [info.classes[i] for i in wasm.labels()]
        return System("engine, wasmtime", lambda _: wasm.run(), same(labels), n, may_be_cut=False)

    def native() -> System:
        program = stack.enter_context(Native(ours.model_bytes, batch))
        return _engine_alone("engine, native Rust", program.run, program.clock, program.scores, wasm.scores, n)

    def in_chromium() -> System:
        page = stack.enter_context(Chromium(ours.model_bytes, batch, *shape))
        return _engine_alone("engine, Chromium", page.run, page.clock, page.scores, wasm.scores, n)

    def onnx() -> System:
        session = OnnxRuntime(pipeline)
        return System("ONNX Runtime", lambda c: session.labels(batch[:c]), same(session.labels(batch)), n)

    def fast_text() -> System:
        model = _once("fastText", lambda: FastText(case, data))
        labels = model.labels(batch)
        equal = sum(a == b for a, b in zip(labels, right, strict=True)) / n
        return System("fastText", lambda c: model.labels(batch[:c]), f"another model, {equal:.0%} the same labels", n)

    for name, make in (
        ("ours, Python", python),
        ("ours, twin", in_twin),
        ("engine, wasmtime", in_wasmtime),
        ("engine, native Rust", native),
        ("engine, Chromium", in_chromium),
        ("ONNX Runtime", onnx),
        ("fastText", fast_text),
    ):
        add(name, make)
    return all_systems


def _engine_alone(
    name: str,
    run: Callable[[], object],
    clock: Clock,
    scores: Callable[[], bytes],
    expected: Callable[[], bytes],
    n: int,
) -> System:
    run()
    if scores() != expected():
        raise Different("its scores differ in their bits from those in wasmtime")
    return System(name, lambda _: run(), "same bits as in wasmtime", n, clock, may_be_cut=False)


_made: dict[str, object] = {}


def _once(key: str, make: Callable[[], _T]) -> _T:
    """Models of the case at hand are fitted once for both sizes of texts."""
    if key not in _made:
        _made[key] = make()
    return _made[key]  # type: ignore[return-value]


def rows(case: Case, words: int, refused: list[str]) -> Iterator[Row]:
    """All systems on one case, interleaved."""
    data = texts(case.language, SIZES)
    with ExitStack() as stack:
        measured = systems(case, data, words, stack, refused)
        for system in measured:
            system.fit()
        for number in range(ROUNDS):
            turn = number % len(measured)
            for system in measured[turn:] + measured[:turn]:
                system.sample()
    reference = measured[0].samples
    for system in measured:
        ratios = [peer / own for peer, own in zip(reference, system.samples, strict=True)]
        yield Row(
            f"system: {system.name}", f"{case.language}, {case.kind.name}, {words} words", "×", None, "at_least",
            statistics.median(ratios), min(ratios), max(ratios), ROUNDS, statistics.median(reference) / 1000,
            statistics.median(system.samples) / 1000, system.found,
        )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name holds TEXT; writes no record")
    parser.add_argument("--no-record", action="store_true", help="print the table only")
    options = parser.parse_args()
    begin = time.monotonic()
    measured: list[Row] = []
    refused: list[str] = []
    for case in CASES:
        if case.language not in ("English", "Chinese") or options.only not in f"{case.language} {case.kind.name}":
            continue
        _made.clear()
        for words, _ in SIZES:
            print(
                f"{time.monotonic() - begin:4.0f} s  {case.language}, {case.kind.name}, {words} words", file=sys.stderr
            )
            measured += rows(case, words, refused)
    if not measured:
        print(f"no case has {options.only!r} in its name", file=sys.stderr)
        return 2
    show(measured)
    for line in refused:
        print(f"not counted: {line}")
    if not (options.only or options.no_record):
        print(f"record: {write(measured, versions('onnxruntime', 'skl2onnx', 'fasttext-community'), 'systems-')}")
    print(f"{len(measured)} measures, {time.monotonic() - begin:.0f} s")
    # Where one of ours answers otherwise, something is broken; what others answer is theirs.
    broken = [row for row in measured if row.labels.endswith(NOT_COUNTED) and row.measure.startswith("system: ours")]
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
