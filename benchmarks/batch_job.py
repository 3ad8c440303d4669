"""A parquet file through ``wasm-clf batch``, against the same job written with pandas and scikit-learn, end to end.

    python benchmarks/batch_job.py [--rows 10000000] [--peer-rows 200000] [--no-record]

Reading and writing are included. CPU time of whole processes is compared, per row: the peer needs minutes for each
million rows, so it gets fewer. The labels of the rows that both have must be equal before it counts. Peak memory is
that of the command's own process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import pyarrow as pa
import pyarrow.parquet as pq
from cases import CASES, SIZES
from record import Row
from systems import Different, classifier, scikit_learn
from texts import texts

ASKED_SPEED, ASKED_MEGABYTES = 5.0, 400.0
_GROUP = 1 << 20

# The last line of each program: what the process used. Ours has its start and imports in it, the peer not: it has fewer
# rows to spread them over.
_USED = """
import json, re, resource
used = resource.getrusage(resource.RUSAGE_SELF)
peak = int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
print(json.dumps({"cpu": used.ru_utime + used.ru_stime - before, "megabytes": peak / 1000}))
"""
_OURS = "import sys\nbefore = 0.0\nfrom wasm_clf_widget.cli import app\napp(standalone_mode=False)\n" + _USED
_PEER = (
    """
import sys, time, joblib, pandas, sklearn.pipeline, sklearn.linear_model, sklearn.feature_extraction.text
before = time.process_time()
model, source, target = sys.argv[1:]
pipeline = joblib.load(model)
frame = pandas.read_parquet(source)
p = pipeline.predict_proba(frame["review"])
best = p.argmax(axis=1)
frame["label"] = pipeline.classes_[best]
frame["confidence"] = p[range(len(p)), best]
frame.to_parquet(target)
"""
    + _USED
)


def measure(rows: int, peer_rows: int, pairs: int = 1) -> Iterator[Row]:
    """Speed and peak memory of the command on ``rows`` rows of 12 words."""
    case = next(case for case in CASES if case.language == "English")
    data = texts("English", SIZES)
    pipeline = scikit_learn(case.kind, data.train, data.labels)
    with tempfile.TemporaryDirectory(prefix="wcw-bench-") as name:
        folder = Path(name)
        model = classifier(pipeline, "auto").save(folder / "model.safetensors")
        joblib.dump(pipeline, folder / "pipeline.joblib")
        large = _write(folder / "large.parquet", data.test[12], rows)
        small = _write(folder / "small.parquet", data.test[12], peer_rows)
        ratios, ours_us, peer_us, peaks = [], [], [], []

        def ours_of(source: Path) -> dict[str, float]:
            options = ["-m", model, "-t", "review", "-o", folder / "ours.parquet", "--overwrite", "-q"]
            return _run(folder, _OURS, "batch", source, *options)

        def peer_of() -> dict[str, float]:
            return _run(folder, _PEER, folder / "pipeline.joblib", small, folder / "peer.parquet")

        ours_of(small)  # unmeasured: Python compiles what it imports
        for _ in range(pairs):
            # The peer on both sides of ours: a machine that changes its speed meanwhile changes both.
            peers = [peer_of(), peer_of()]
            ours = ours_of(large)
            peers += [peer_of(), peer_of()]
            peer = {name: statistics.median(run[name] for run in peers) for name in ("cpu", "wall")}
            ours_us.append(1e6 * ours["cpu"] / rows)
            peer_us.append(1e6 * peer["cpu"] / peer_rows)
            ratios.append(peer_us[-1] / ours_us[-1])
            peaks.append(ours["megabytes"])
            print(f"wall {ours['wall']:.0f} s for {rows:,} rows; peer {peer['wall']:.0f} s for {peer_rows:,}")
        _compare(folder)
    middle = sorted(range(pairs), key=ratios.__getitem__)[pairs // 2]
    yield Row(
        "batch job", f"parquet, {rows:,} rows of 12 words, {case.kind.name}", "×", ASKED_SPEED, "at_least",
        ratios[middle], min(ratios), max(ratios), pairs, peer_us[middle], ours_us[middle], "same labels",
    )  # fmt: skip
    yield Row(
        "batch job, peak memory", f"{rows:,} rows, {os.cpu_count()} threads", " MB", ASKED_MEGABYTES, "at_most",
        max(peaks), min(peaks), max(peaks), pairs,
    )  # fmt: skip


def _write(path: Path, some: list[str], rows: int) -> Path:
    """The same texts over and over, each row with its number, which makes it another text."""
    schema = pa.schema([("id", pa.int64()), ("review", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, _GROUP):
            numbers = range(start, min(rows, start + _GROUP))
            reviews = [f"{some[i % len(some)]} {i}" for i in numbers]
            writer.write_table(pa.table({"id": numbers, "review": reviews}, schema=schema))
    return path


def _run(folder: Path, program: str, *arguments: Any) -> dict[str, float]:
    begin = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    # Where Python may not keep what it compiled (some machines forbid it), each start costs two seconds more: it may
    # here, in a folder that goes with the benchmark.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    used: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**used, "wall": time.monotonic() - begin}


def _compare(folder: Path) -> None:
    peer = pq.read_table(folder / "peer.parquet", columns=["id", "label"])
    batches = pq.ParquetFile(folder / "ours.parquet").iter_batches(len(peer), columns=["id", "label"])
    ours = pa.Table.from_batches([next(batches)]).slice(0, len(peer))
    if len(ours) < len(peer):  # a batch ends with its row group
        peer = peer.slice(0, len(ours))
    if ours["id"].to_pylist() != peer["id"].to_pylist() or ours["label"].to_pylist() != peer["label"].to_pylist():
        raise Different("the command's labels differ from scikit-learn's")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--peer-rows", type=int, default=200_000)
    parser.add_argument("--no-record", action="store_true", help="print the table only")
    options = parser.parse_args()
    from record import show, versions, write

    rows = list(measure(options.rows, options.peer_rows))
    show(rows)
    if not options.no_record:
        print(f"record: {write(rows, versions('pandas', 'pyarrow'), 'batch-job-')}")


if __name__ == "__main__":
    main()
