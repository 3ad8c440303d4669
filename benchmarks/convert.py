"""What converting 200,000 features costs: ``convert.py CLASSES time|heap|resident [FEATURES]`` prints one number.

The pipeline is TF-IDF over words and pairs of words with a linear head, its weights drawn at random (which convert like
any others). Counted is all that ``Classifier.from_sklearn`` does, trial texts, twin, engine and certificate too:

- ``time``: CPU seconds of the whole process, the median of three runs;
- ``heap``: the highest sum of what Python and numpy had allocated meanwhile (``tracemalloc``), in bytes;
- ``resident``: by how much the process's resident memory grew at its highest, in bytes: the engine's instance too,
  which loads the whole model to try it.
"""

from __future__ import annotations

import gc
import itertools
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from record import Row

FEATURES = 200_000
SECONDS = 2.0
TIMES_WEIGHTS = 5.0


def pipeline(classes: int, features: int = FEATURES) -> Any:
    """A fitted pipeline; one in four of the features is a word, the others are pairs of words."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(7)
    words = [
        "".join(letters) for letters in itertools.islice(itertools.product("etaoinshrdlu", repeat=5), features // 4)
    ]
    left, right = rng.integers(0, len(words), (2, 2 * features))
    pairs = dict.fromkeys(f"{words[a]} {words[b]}" for a, b in zip(left.tolist(), right.tolist(), strict=True))
    vocabulary = sorted([*words, *list(pairs)[: features - len(words)]])
    made = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), vocabulary={entry: i for i, entry in enumerate(vocabulary)}),
        LogisticRegression(max_iter=1),
    )
    made[0].fit(vocabulary[:50])
    made[0].idf_ = 1.0 + rng.exponential(5.0, features)
    head = made[-1]
    head.classes_ = np.arange(classes)
    head.coef_ = rng.normal(size=(1 if classes == 2 else classes, features))
    head.intercept_ = np.zeros(len(head.coef_))
    head.n_features_in_ = features
    return made


def rows(classes: int = 4) -> Iterator[Row]:
    """Seconds, and memory as multiples of ``coef_`` alone; what idf and vocabulary take is not counted as weights."""
    weights = 8 * classes * FEATURES
    name = f"{FEATURES:,} features, {classes} classes"
    for what, case, unit, asked, size in (
        ("time", "CPU time", " s", SECONDS, 1),
        ("heap", "Python's memory, to that of coef_", "×", TIMES_WEIGHTS, weights),
        ("resident", "resident memory, to that of coef_", "×", None, weights),
    ):
        value = _measure(classes, what) / size
        yield Row("convert", f"{name}: {case}", unit, asked, "at_most", value, value, value, 1)


def _measure(classes: int, what: str) -> float:
    """One number in a process of its own."""
    command = [sys.executable, __file__, str(classes), what]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def main() -> None:
    import wasm_clf_widget as wcw

    made = pipeline(int(sys.argv[1]), int(sys.argv[3]) if len(sys.argv) > 3 else FEATURES)
    # Libraries and the compiled engine are there either way.
    wcw.Classifier.from_sklearn(pipeline(2, 100), name="small")
    gc.collect()

    def convert() -> wcw.Classifier:
        return wcw.Classifier.from_sklearn(made, name="large")

    match sys.argv[2]:
        case "time":
            seconds = []
            for _ in range(3):
                begin = time.process_time()
                convert()
                seconds.append(time.process_time() - begin)
            print(sorted(seconds)[1])
        case "heap":
            tracemalloc.start()
            convert()
            print(tracemalloc.get_traced_memory()[1])
        case "resident":
            Path("/proc/self/clear_refs").write_text("5")  # the highest is counted from here
            before = _kilobytes("VmRSS")
            convert()
            print(1024 * (_kilobytes("VmHWM") - before))


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
