"""Runs the programs that a site is made with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(command: list[str], folder: Path | None = None) -> str:
    """What a program printed; where it fails, its own words are the last ones of this run."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"lite: `{' '.join(command)}` failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout
