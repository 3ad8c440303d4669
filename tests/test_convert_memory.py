"""What a conversion needs beside its pipeline: every n-gram and every weight of a large model is held once or twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = Path(__file__).resolve().parent.parent / "benchmarks" / "convert.py"
CLASSES = 4


# Half as many need the same multiple to a thousandth; of fewer the fixed part would be seen.
@pytest.mark.parametrize("features", [100_000, pytest.param(200_000, marks=pytest.mark.long)])
def test_a_conversion_needs_at_most_five_times_the_memory_of_its_weights(features: int) -> None:
    weights = 8 * CLASSES * features
    command = [sys.executable, str(MEASURE), str(CLASSES), "heap", str(features)]
    highest = float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    assert highest <= 5 * weights, f"{highest / weights:.2f} times the {weights:,} bytes of coef_"
