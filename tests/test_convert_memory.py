"""What a conversion needs beside its pipeline: every n-gram and every weight of a large model is held once or twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MEASURE = Path(__file__).resolve().parent.parent / "benchmarks" / "convert.py"
CLASSES, FEATURES = 4, 200_000


def test_converting_200_000_features_needs_at_most_five_times_the_memory_of_their_weights() -> None:
    weights = 8 * CLASSES * FEATURES
    command = [sys.executable, str(MEASURE), str(CLASSES), "heap"]
    highest = float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    assert highest <= 5 * weights, f"{highest / weights:.2f} times the {weights:,} bytes of coef_"
