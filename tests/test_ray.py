"""``classify_batches`` as Ray Data's ``map_batches`` calls it: with a table, or columns by name, at a time.

Ray itself is no dependency of this project (600 MB): the last test runs where it is installed, in a Python of its own
that ``WCW_RAY_PYTHON`` names (it needs ray[data], wasmtime and narwhals beside), or in this one.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from types import GeneratorType

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import wasm_clf_widget as wcw

TEXTS = ["good", "bad", "服务", "good bad good"] * 50
RAY = os.environ.get("WCW_RAY_PYTHON") or (sys.executable if importlib.util.find_spec("ray") else None)


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.from_weights(["good", "bad"], [[1.5, -1.5]], [0.1], ["neg", "pos"], name="r")


@pytest.mark.parametrize(
    "batch",
    [
        pa.table({"review": TEXTS, "id": range(len(TEXTS))}),
        pa.record_batch({"review": TEXTS, "id": list(range(len(TEXTS)))}),
        {"review": np.array(TEXTS, dtype=object), "id": np.arange(len(TEXTS))},
        {"review": np.array(TEXTS), "id": np.arange(len(TEXTS)), "vector": np.zeros((len(TEXTS), 3))},
        {"review": pa.array(TEXTS), "id": list(range(len(TEXTS)))},
    ],
    ids=["table", "record batch", "objects", "numpy strings and a matrix", "arrow columns"],
)
def test_a_lone_batch_is_one_batch(clf: wcw.Classifier, batch: object) -> None:
    answers = functools.partial(clf.classify_batches, text="review")(batch)
    # Ray takes several batches from a call where it gives a generator, of no other kind of iterator.
    assert isinstance(answers, GeneratorType)
    (only,) = answers
    assert only["label"].to_pylist() == clf.predict(TEXTS).tolist()
    assert only["id"].to_pylist() == list(range(len(TEXTS)))


def test_other_kinds_of_tables_say_what_to_call(clf: wcw.Classifier) -> None:
    frame = pd.DataFrame({"review": TEXTS})
    with pytest.raises(wcw.InputError, match=r"found a DataFrame: .* call classify_frame .*batch_format='pyarrow'"):
        next(clf.classify_batches(frame, text="review"))
    with pytest.raises(wcw.InputError, match="do not make a table"):
        next(clf.classify_batches({"review": ["a", "b"], "id": [1]}, text="review"))
    with pytest.raises(wcw.InputError, match="batch 0 has no column 'text'; it has 'review'"):
        next(clf.classify_batches({"review": ["a", "b"]}, text="text"))


PROGRAM = """
    import functools, os, signal, sys

    import pyarrow as pa
    import ray
    import ray.data
    from ray._private import services

    import wasm_clf_widget as wcw

    # Ray takes the host's own address for 127.0.0.1, and would listen to others.
    services.resolve_ip_for_localhost = lambda address: address
    model, marker = sys.argv[1:]
    options = {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "log_to_driver": False}
    ray.init(num_cpus=2, logging_level="ERROR", **options)
    ray.data.DataContext.get_current().enable_progress_bars = False
    clf = wcw.Classifier.load(model)
    n = 1200
    texts = [("good", "bad", "服务", "good bad good")[i % 4] + f" {i}" for i in range(n)]
    expected = clf.predict(texts).tolist()

    def dies_once(batch):
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return batch
        os.kill(os.getpid(), signal.SIGKILL)

    data = ray.data.from_arrow(pa.table({"id": range(n), "review": texts})).repartition(6)
    function = functools.partial(clf.classify_batches, text="review")
    for format in ("pyarrow", "numpy"):
        got = data.map_batches(dies_once, batch_format="pyarrow").map_batches(function, batch_format=format)
        rows = sorted(got.take_all(), key=lambda row: row["id"])
        assert [row["id"] for row in rows] == list(range(n)), "rows are lost or there twice"
        assert [row["label"] for row in rows] == expected, format
    assert os.path.exists(marker)
    nodes = ray.nodes()
    assert [node["NodeManagerAddress"] for node in nodes] == ["127.0.0.1"], nodes
    ray.shutdown()
    print("all rows once")
"""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(RAY is None, reason="needs ray[data]: install it, or name another Python in WCW_RAY_PYTHON")
def test_map_batches_takes_it_and_a_worker_may_die(clf: wcw.Classifier, tmp_path: Path) -> None:
    model = clf.save(tmp_path / "m.safetensors")
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(wcw.__file__).parents[1]),
        "RAY_USAGE_STATS_ENABLED": "0",
        # On a busy machine Ray's helpers need more than the 15 seconds that it gives them to start.
        "RAY_agent_register_timeout_ms": "120000",
    }
    assert RAY is not None
    command = [RAY, str(program), str(model), str(tmp_path / "died")]
    # A short path: that of a socket in it may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="ray") as folder:
        environment["RAY_TMPDIR"] = folder
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "all rows once" in done.stdout
