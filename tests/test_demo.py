"""`make demo`: it says what it is doing, keeps what nobody needs to itself, and ends without a question."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOISE = "npm warn something"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree in which every step only prints, and fails where the file `broken` is."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/demo.sh", tmp_path / "tools")
    (tmp_path / "tools/setup.sh").write_text(f"echo {NOISE} $1; [ ! -e broken-$1 ]\n")
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@"; case $1 in tools/demo.py) ;; *) echo {NOISE} >&2 ;; esac\n')
    python.chmod(0o755)
    return tmp_path


def demo(tree: Path) -> subprocess.CompletedProcess[str]:
    command = ["bash", "tools/demo.sh", "--no-open"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_each_step_is_named_and_its_noise_is_not_shown(tree: Path) -> None:
    ended = demo(tree)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert "minutes" in lines[0]
    assert [line[:18] for line in lines[1:-1]] == [f"demo: step {n} of 6: "[:18] for n in range(1, 7)]
    assert all("about" in line for line in lines[1:-1])
    assert lines[-1] == "tools/demo.py --no-open"
    assert NOISE not in ended.stdout


def test_a_step_that_fails_shows_what_it_said(tree: Path) -> None:
    (tree / "broken-node").touch()
    ended = demo(tree)
    assert ended.returncode == 1
    assert f"{NOISE} node" in ended.stderr
    assert "demo: step 3 failed" in ended.stderr.splitlines()[-1]
    assert "step 4" not in ended.stdout


def test_the_address_comes_last_and_ctrl_c_asks_nothing() -> None:
    server = subprocess.Popen(
        [sys.executable, ROOT / "tools/demo.py", "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    lines = []
    try:
        for line in server.stdout:
            lines.append(line)
            if line.startswith("demo: open http://127.0.0.1:"):
                break
    finally:
        os.killpg(server.pid, signal.SIGINT)  # as a terminal does it: the server is told as well
    rest, _ = server.communicate(timeout=60)
    assert server.returncode == 0
    assert lines[-1].startswith("demo: open http"), lines
    assert not [line for line in lines if line.startswith("[")], "JupyterLab's messages are in a file"
    assert rest.strip() == ""
    assert "y/[n]" not in (ROOT / ".cache/demo-jupyter.log").read_text()
