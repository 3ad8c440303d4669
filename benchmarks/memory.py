"""What a run of batches adds to peak memory, in a process of its own: ``memory.py MODEL BATCH COUNT`` prints kB.

The texts of each batch are made when it is its turn and its answers are dropped, as a stream of records would be.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path


def added(model: Path, batch: int, count: int) -> int:
    """Kilobytes by which peak resident memory grows while ``count`` batches run, in a fresh process."""
    command = [sys.executable, __file__, str(model), str(batch), str(count)]
    return int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def main() -> None:
    import wasm_clf_widget as wcw

    classifier = wcw.Classifier.load(Path(sys.argv[1]))
    batch, count = int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(5)
    words = [f"word{i}" for i in range(2000)]
    # Interpreter, libraries, the compiled engine and the model are there either way.
    classifier.predict_proba(["word1"])
    before = _highest()
    for _ in range(count):
        classifier.predict_proba([" ".join(rng.choices(words, k=50)) for _ in range(batch)])
    print(_highest() - before)


def _highest() -> int:
    # VmHWM belongs to this process's own memory; ru_maxrss would include what the parent had when it forked.
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise SystemExit("/proc/self/status has no VmHWM: this measure needs Linux")
    return int(found.group(1))


if __name__ == "__main__":
    main()
