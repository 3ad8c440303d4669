"""``wasm-clf batch`` on a real terminal and without one: its progress, and Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wasm_clf_widget as wcw

GENEROUS = 20.0
"""Seconds from SIGINT to the end on a machine that others use as well; asked is one on a quiet machine (see -s)."""
ROWS = 60_000
INTERRUPTED_PARTS = 20
"""Of 4,000 rows. The signal comes after the second: what is left takes longer than it needs to arrive."""
PROGRAM = (
    "from wasm_clf_widget import cli_progress; from wasm_clf_widget.batch import job, readers; "
    "job.PART_ROWS, readers.GROUP_ROWS, cli_progress.LINE_SECONDS = 4000, 1000, 0.0; "
    "from wasm_clf_widget.cli import app; app()"
)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clf = wcw.Classifier.from_weights(["good", "bad"], [[1.5, -1.5]], [0.1], ["neg", "pos"], name="t")
    return clf.save(tmp_path_factory.mktemp("model") / "m.safetensors")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("in") / "in.csv"
    path.write_text("review\n" + "".join(f"good or bad {i} {'word ' * 30}\n" for i in range(ROWS)))
    return path


def command(*arguments: Any) -> list[str]:
    return list(map(str, [sys.executable, "-c", PROGRAM, "batch", *arguments]))


def on_terminal(arguments: list[str]) -> tuple[int, str]:
    """Run with a terminal of 100 columns as stdin and stderr; the exit code and all that was written to it."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    for name in ("NO_COLOR", "CI", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "FORCE_COLOR"):
        environment.pop(name, None)
    process = subprocess.Popen(arguments, stdin=theirs, stderr=theirs, stdout=theirs, env=environment)
    os.close(theirs)
    written = b""
    while True:
        ready, _, _ = select.select([ours], [], [], 60)
        try:
            data = os.read(ours, 65536) if ready else b""
        except OSError:  # the other side is closed
            break
        if not data:
            break
        written += data
    os.close(ours)
    return process.wait(), ESCAPES.sub("", written.decode())


def test_a_terminal_sees_a_bar_with_rows_speed_and_time_left(model: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    code, seen = on_terminal(command(source, "-m", model, "-t", "review", "-o", out))
    assert code == 0, seen
    drawn = re.findall(r"(\d+) % +([\d,]+) rows +([\d.]+) MB/s +(\d+:\d\d:\d\d) +left +([\d:-]+)", seen)
    rows = [int(row.replace(",", "")) for _, row, _, _, _ in drawn]
    assert rows[-1] == ROWS
    assert rows == sorted(rows)
    assert len(set(rows)) > 2, "the bar moves"
    assert drawn[-1][0] == "100"
    assert float(drawn[-1][2]) > 0
    assert any(re.fullmatch(r"\d+:\d\d:\d\d", left) for *_, left in drawn), "time left"
    assert f"wasm-clf: {ROWS:,} rows in {out}" in seen.replace("\r\n", "")


def test_a_log_gets_plain_lines(model: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = subprocess.run(
        command(source, "-m", model, "-t", "review", "-o", out), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *lines, last = done.stderr.splitlines()
    assert len(lines) == 15
    assert all(
        re.fullmatch(r"wasm-clf: \d+ %, [\d,]+ rows, [\d.]+ MB/s, \d+:\d\d:\d\d left", line) for line in lines
    ), lines
    assert lines[0].startswith("wasm-clf: 7 %, 4,000 rows") or "4,000 rows" in lines[0]
    assert lines[-1].startswith(f"wasm-clf: 100 %, {ROWS:,} rows")
    assert last == f"wasm-clf: {ROWS:,} rows in {out}"
    assert done.stdout == ""


def test_quiet_is_quiet(model: Path, source: Path, tmp_path: Path) -> None:
    arguments = command(source, "-m", model, "-t", "review", "-o", tmp_path / "out.csv", "-q")
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert on_terminal(command(source, "-m", model, "-t", "review", "-o", tmp_path / "2.csv", "-q")) == (0, "")


# --- Ctrl-C


def interrupted(process: subprocess.Popen[str], name: str) -> str:
    """SIGINT: what it says on its way out, which must not take long."""
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    took = time.monotonic() - begin
    print(f"{name}: {took:.2f} s from SIGINT to the end")
    assert took < GENEROUS
    return errors


# Each kind and each number of threads in every run, all pairs of them in test-long.
@pytest.mark.parametrize(
    ("kind", "n_jobs"),
    [
        ("csv", 1),
        ("parquet", 2),
        *(pytest.param(*case, marks=pytest.mark.long) for case in (("csv", 2), ("parquet", 1))),
    ],
)
def test_control_c_ends_the_command_and_leaves_nothing_half_written(
    model: Path, tmp_path: Path, kind: str, n_jobs: int
) -> None:
    given, out = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    table = pa.table({"review": [f"good or bad {i} {'word ' * 60}" for i in range(4000)] * INTERRUPTED_PARTS})
    if kind == "csv":
        given.write_text("review\n" + "\n".join(table["review"].to_pylist()) + "\n")
    else:
        pq.write_table(table, given)
    arguments = command(given, "-m", model, "-t", "review", "-o", out, "--n-jobs", n_jobs)
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    parts = out.with_name(out.name + ".partial")
    while process.poll() is None and not (parts / f"part-000001.{kind}").exists():
        time.sleep(0.001)
    errors = interrupted(process, f"command, {kind}, {n_jobs} threads")
    assert process.returncode == 130, errors
    assert "stopped. Finished parts are safe" in errors
    assert "Traceback" not in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == [given.name, parts.name]
    # Whatever stands under a part's name is whole, and has its note.
    finished = sorted(parts.glob(f"part-*.{kind}"))
    assert len(finished) >= 2
    for path in finished:
        assert path.with_name(path.name + ".json").exists()
        if kind == "parquet":
            assert pq.read_table(path)["label"].null_count == 0
    again = subprocess.run([*arguments, "--resume", "-q"], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([given.name, out.name])


ENDLESS = """
import sys, pyarrow as pa
import wasm_clf_widget as wcw
clf = wcw.Classifier.load(sys.argv[1])
n_jobs = int(sys.argv[2])
table = pa.table({"review": ["good or bad " + "word " * 60] * 20_000})
clf.classify_frame(table, "review", n_jobs=n_jobs)
print("ready", flush=True)
try:
    if sys.argv[3] == "frame":
        large = pa.concat_tables([table] * 2_000)
        clf.classify_frame(large, "review", n_jobs=n_jobs)
    else:
        for _ in clf.classify_batches(iter(lambda: table.to_batches()[0], None), text="review", n_jobs=n_jobs):
            pass
except KeyboardInterrupt:
    # The classifier is as good as before.
    assert clf.predict(["good"]).tolist() == ["pos"]
    print("stopped", flush=True)
"""


@pytest.mark.parametrize(
    ("what", "n_jobs"),
    [
        ("frame", 1),
        ("batches", 2),
        *(pytest.param(*case, marks=pytest.mark.long) for case in (("frame", 2), ("batches", 1))),
    ],
)
def test_control_c_in_python_is_a_keyboard_interrupt(model: Path, what: str, n_jobs: int) -> None:
    arguments = [sys.executable, "-c", ENDLESS, str(model), str(n_jobs), what]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopped\n", process.communicate()[1]
    took = time.monotonic() - begin
    print(f"Python, {what}, {n_jobs} threads: {took:.2f} s from SIGINT to the KeyboardInterrupt")
    assert took < GENEROUS
    process.communicate(timeout=60)
    assert process.returncode == 0
