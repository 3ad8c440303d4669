"""The number that random tests are drawn from.

New in each run, and a part of the tests' names; `WCW_SEED=… pytest …` runs the same again. `.ci/run` sets it, so that a
change is judged by what it changed.
"""

from __future__ import annotations

import os
import zlib

# pytest-xdist gives all workers of a run the same id, and they must agree on the tests' names.
SEED = int(
    os.environ.get("WCW_SEED") or zlib.crc32(os.environ.get("PYTEST_XDIST_TESTRUNUID", os.urandom(8).hex()).encode())
)
