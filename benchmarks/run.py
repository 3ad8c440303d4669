"""Every claimed ratio, measured in one run against the peer itself: ``make bench`` (some ten minutes).

    python benchmarks/run.py [--only TEXT] [--no-record]

One thread, CPU time, pairs of samples with alternating order, medians with the lowest and highest; before a case
counts, both systems must give the same labels. ``--only`` takes the cases whose name holds TEXT ("English", "hashing",
"native", "wide", "threads", "over", "page", "memory"). Of "threads" alone the wall clock counts.
"""

from __future__ import annotations

import os

# Before numpy: it reads them when it is loaded. The first two may be set on a machine and slow the peer down.
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import itertools  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import convert  # noqa: E402
import keystroke  # noqa: E402
import latency  # noqa: E402
import memory  # noqa: E402
import numpy as np  # noqa: E402
import payload  # noqa: E402
import threads  # noqa: E402
import wide  # noqa: E402
from cases import CASES, LONGER_RUN, ONE_TEXT, SIZES, WASM_TO_NATIVE, Case  # noqa: E402
from measure import ratio  # noqa: E402
from record import Row, show, versions, write  # noqa: E402
from systems import Different, Native, Wasm, classifier, scikit_learn  # noqa: E402
from texts import texts  # noqa: E402

import wasm_clf_widget as wcw  # noqa: E402


def check(pipeline: Any, ours: wcw.Classifier, batch: list[str]) -> str:
    """What was found equal, in words, or ``Different``."""
    weights = ours.model_info().weights
    wrong = int(np.count_nonzero(pipeline.predict(batch) != ours.predict(batch)))
    if wrong:
        raise Different(f"{wrong} of {len(batch)} labels differ ({weights})")
    if weights == "float64":
        bits = [s.decision_function(batch).view(np.int64) for s in (pipeline, ours)]
        if different := int(np.count_nonzero(bits[0] != bits[1])):
            raise Different(f"{different} scores differ in their bits, which float64 weights promise not to")
        return "same labels, same bits"
    apart = float(np.abs(pipeline.predict_proba(batch) - ours.predict_proba(batch)).max())
    return f"same labels, |Δp| {apart:.0e}"


def batches(case: Case) -> Iterator[Row]:
    """All rows of one case: both sizes, each asked weights; for English also one text at a time, and native."""
    data = texts(case.language, SIZES)
    pipeline = scikit_learn(case.kind, data.train, data.labels)
    name = f"{case.language}, {case.kind.name}"
    for weights, asked in case.asked.items():
        ours = classifier(pipeline, weights)
        chosen = ours.model_info().weights
        if weights == "auto" and chosen != "float32":
            raise Different(f"{name}: weights='auto' chose {chosen}, float32 was to be chosen")
        for words, count in SIZES:
            batch = data.test[words]
            found = check(pipeline, ours, batch)
            result = ratio(lambda b=batch: pipeline.predict_proba(b), lambda b=batch, o=ours: o.predict_proba(b))
            scale = 1000 * count
            yield Row(
                f"batch, {weights}",
                f"{name}, {words} words",
                "×",
                asked,
                "at_least",
                result.median,
                result.low,
                result.high,
                result.pairs,
                result.peer_ns / scale,
                result.ours_ns / scale,
                found,
            )
    if case.language == "English":
        ours = classifier(pipeline, "auto")
        yield one_text(name, pipeline, ours, data.test[12])
        for words, _ in SIZES:
            yield native(f"{name}, {words} words", ours, data.test[words])


def one_text(name: str, pipeline: Any, ours: wcw.Classifier, batch: list[str]) -> Row:
    """Texts one by one: ``classify`` against ``predict_proba`` of a list of one."""
    some = batch[:64]
    if [result.label for result in ours.classify(some)] != list(pipeline.predict(some)):
        raise Different(f"{name}: classify gives other labels")
    for_peer, for_ours = itertools.cycle(some), itertools.cycle(some)
    result = ratio(lambda: pipeline.predict_proba([next(for_peer)]), lambda: ours.classify(next(for_ours)))
    return Row(
        "one text",
        f"{name}, 12 words",
        "×",
        ONE_TEXT,
        "at_least",
        result.median,
        result.low,
        result.high,
        result.pairs,
        result.peer_ns / 1000,
        result.ours_ns / 1000,
        "same labels",
    )


def native(name: str, ours: wcw.Classifier, batch: list[str]) -> Row:
    """The engine alone, texts already in its memory: wasm (simd, wasmtime) against native Rust."""
    info = ours.model_info()
    wasm = Wasm(ours.model_bytes, batch, info.outputs, len(info.classes))
    with Native(ours.model_bytes, batch) as program:
        result = ratio(program.run, wasm.run, peer_clock=program.clock)
        if program.scores() != wasm.scores():
            raise Different(f"{name}: native and wasm scores differ in their bits")
    scale = 1000 * len(batch)
    return Row(
        "wasm to native",
        name,
        "×",
        WASM_TO_NATIVE,
        "at_least",
        result.median,
        result.low,
        result.high,
        result.pairs,
        result.peer_ns / scale,
        result.ours_ns / scale,
        "same bits",
    )


def batch_memory() -> Iterator[Row]:
    """What short and long runs, small and large batches add to peak memory."""
    data = texts("English", SIZES)
    kind = next(case.kind for case in CASES if case.language == "English")
    ours = classifier(scikit_learn(kind, data.train, data.labels), "auto")
    with tempfile.TemporaryDirectory(prefix="wcw-bench-") as folder:
        model = ours.save(Path(folder) / "model.safetensors")
        short, long, large = (memory.added(model, batch, count) for batch, count in ((8192, 4), (8192, 40), (32768, 4)))
    print(f"memory added: {short:,} kB by 4 batches of 8,192, {long:,} kB by 40; {large:,} kB by 4 of 32,768")
    for case, asked, kilobytes in (("40 batches to 4", LONGER_RUN, long), ("batches of 32,768 to 8,192", None, large)):
        value = kilobytes / short
        yield Row("peak memory", case, "×", asked, "at_most", value, value, value, 1)


def groups() -> Iterator[tuple[str, Callable[[], Iterator[Row]]]]:
    """(name, measures) in the order of the table."""
    for case in CASES:
        yield f"{case.language} {case.kind.name} native one text", lambda c=case: batches(c)  # type: ignore[misc]
    for name, *_ in wide.CASES:
        yield f"wide {name}", lambda n=name: wide.rows(n)  # type: ignore[misc]
    yield "over the engine", latency.rows
    yield "threads", threads.rows
    yield "page payload", payload.rows
    yield "page keystroke", keystroke.rows
    yield "memory", batch_memory
    yield "convert", convert.rows


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose name holds TEXT; writes no record")
    parser.add_argument("--no-record", action="store_true", help="print the table only")
    options = parser.parse_args()
    begin = time.monotonic()
    rows: list[Row] = []
    failures = []
    for name, measures in groups():
        if options.only not in name:
            continue
        print(f"{time.monotonic() - begin:4.0f} s  {name}", file=sys.stderr, flush=True)
        try:
            for row in measures():
                rows.append(row)
                print(f"        {row.measure}, {row.case}: {row.measured:.3g}{row.unit}", file=sys.stderr, flush=True)
        except Different as error:
            failures.append(f"{name}: {error}")
        except Exception as error:
            # Minutes of other cases are not thrown away for one that cannot run; the exit code says that it could not.
            traceback.print_exc()
            failures.append(f"{name}: {type(error).__name__}: {error}")
        except KeyboardInterrupt:
            failures.append(f"{name} and all after it: interrupted")
            break
    if not rows and not failures:
        print(f"no case has {options.only!r} in its name", file=sys.stderr)
        return 2
    show(rows)
    if not (options.only or options.no_record or failures):
        print(f"record: {write(rows, versions())}")
    missed = [row for row in rows if not row.met]
    for row in missed:
        print(f"missed: {row.measure}, {row.case}: {row.measured:.3g}, asked {row.asked:.3g}")
    for failure in failures:
        print(f"not counted: {failure}")
    print(f"{len(rows)} measures, {len(missed)} missed, {len(failures)} not counted, {time.monotonic() - begin:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
