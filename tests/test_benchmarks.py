"""The benchmarks run and count only what answers alike; their figures are no matter of tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def ran(*arguments: str) -> str:
    command = [sys.executable, *arguments, "--no-record"]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_system_of_ours_does_the_same_work() -> None:
    output = ran("peers.py", "--only", "English word 1-1")
    refused = [line for line in output.splitlines() if line.startswith("not counted: ")]
    # Other people's systems may be absent; ours must all be there, with scikit-learn's labels and one another's bits.
    assert not [line for line in refused if "ours" in line or "engine" in line], refused
    for name, found in {
        "ours, Python": "same labels",
        "ours, twin": "same labels",
        "engine, wasmtime": "same labels",
        "engine, native Rust": "same bits",
        "engine, Chromium": "same bits",
    }.items():
        rows = re.findall(rf"system: {name} .*", output)
        assert len(rows) == 2, output
        assert all(found in row and "not counted" not in row for row in rows), rows


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_batch_job_has_the_peers_labels_and_little_memory() -> None:
    output = ran("batch_job.py", "--rows", "300000", "--peer-rows", "20000")
    assert "same labels" in output
    megabytes = re.search(r"peak memory .*?≤ 400 MB +│ +(\d+) MB", output)
    assert megabytes is not None, output
    assert int(megabytes[1]) <= 400
