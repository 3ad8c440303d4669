"""Rounding of a fitted estimator to int8 × scale, in training: what is stored then is the model, not a copy of it.

The scale has at most 16 significant bits, so every product q · scale (q of 7 bits) is exact in float32 as well: the
file loses nothing whether it is used as float64 or as float32.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_LARGEST = 127
_SCALE_BITS = 16


def to_int8_grid(values: Numbers) -> Numbers:
    """The nearest multiples q · scale with |q| ≤ 127, one scale for all; the largest |value| becomes ±127 · scale."""
    largest = float(np.abs(values).max())
    if not 0.0 < largest < math.inf:
        raise ValueError(f"the largest absolute value is {largest}: nothing to scale")
    fraction, exponent = math.frexp(largest / _LARGEST)
    # Rounded up: rounded down, the largest value would need a q of 128.
    scale = math.ldexp(math.ceil(math.ldexp(fraction, _SCALE_BITS)), exponent - _SCALE_BITS)
    rounded: Numbers = np.round(values / scale) * scale
    return rounded
