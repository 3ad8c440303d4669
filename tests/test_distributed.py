"""Dask and Spark for real: two workers, one of which is killed in the middle; every row arrives once."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import wasm_clf_widget as wcw
from wasm_clf_widget.distributed import shipped

ROWS = 1200


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.from_weights(["good", "bad"], [[1.5, -1.5]], [0.1], ["neg", "pos"], name="d")


def table() -> pd.DataFrame:
    words = ["good", "bad", "服务", "good bad good"]
    return pd.DataFrame({"id": range(ROWS), "review": [f"{words[i % 4]} {i}" for i in range(ROWS)]})


def dies_once(batches: Iterator[Any], marker: str) -> Iterator[Any]:
    """Kill this worker's process at its first batch; the second process finds the marker and works."""
    for batch in batches:
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            yield batch
        else:
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_loads_the_file_once_and_checks_it(clf: wcw.Classifier) -> None:
    one = shipped.loaded(clf.sha256, clf.model_bytes)
    assert shipped.loaded(clf.sha256, clf.model_bytes) is one
    assert one.predict(["good"]).tolist() == ["pos"]
    shipped._loaded.clear()
    with pytest.raises(wcw.ModelFileError, match="their SHA-256 differs"):
        shipped.loaded(clf.sha256, clf.model_bytes[:-1] + b"x")
    for number in range(4):
        other = wcw.Classifier.from_weights(["good"], [[1.0]], [float(number)], ["neg", "pos"], name="o")
        shipped.loaded(other.sha256, other.model_bytes)
    assert len(shipped._loaded) == 2


def test_a_pickle_is_little_more_than_the_file(clf: wcw.Classifier) -> None:
    clf.predict(["good"] * 10_000, n_jobs=2)
    assert len(pickle.dumps(clf)) < len(clf.model_bytes) + 500


# --- Dask


def dies_in_partition(part: pd.DataFrame, number: int, marker: str) -> pd.DataFrame:
    """The worker that computes this partition dies the first time."""
    if number == 3 and len(part):
        list(dies_once(iter([part]), marker))
    return part


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as local,
        Client(local) as client,
    ):
        yield client


def test_dask_gives_every_row_once_though_a_worker_dies(clf: wcw.Classifier, cluster: Any, tmp_path: Path) -> None:
    import dask.dataframe as dd

    from wasm_clf_widget.distributed.dask import classify_frame

    given = table()
    frame = dd.from_pandas(given, npartitions=12)
    marker = tmp_path / "died"
    parts = [frame.partitions[i].map_partitions(dies_in_partition, i, str(marker), meta=frame._meta) for i in range(12)]
    answered = classify_frame(clf, dd.concat(parts), "review", scores=True)
    workers = {info["id"]: info["nanny"] for info in cluster.scheduler_info()["workers"].values()}
    before = set(cluster.run(os.getpid).values())
    got = answered.compute()
    assert marker.exists()
    assert set(cluster.run(os.getpid).values()) != before, workers
    expected = clf.classify_frame(given, "review", scores=True)
    assert got["id"].tolist() == expected["id"].tolist()
    for column in ("label", "confidence", "score_neg", "score_pos"):
        assert got[column].tolist() == expected[column].tolist()
        assert answered.dtypes[column] == got[column].dtype


def test_the_model_is_one_node_of_a_dask_graph(clf: wcw.Classifier) -> None:
    import dask.dataframe as dd

    from wasm_clf_widget.distributed.dask import classify_frame

    large = wcw.Classifier.from_weights(
        [f"w{i}" for i in range(2000)], [[0.5] * 2000], [0.0], ["neg", "pos"], name="large"
    )
    graph = dict(classify_frame(large, dd.from_pandas(table(), npartitions=40), "review").optimize().dask)
    sizes = sorted((len(pickle.dumps(value)) for key, value in graph.items() if "wasm-clf" in str(key)), reverse=True)
    assert sizes[0] > len(large.model_bytes)
    assert len(sizes) == 1
    tasks = [value for key, value in graph.items() if "wasm-clf" not in str(key)]
    assert all(len(pickle.dumps(task)) < len(large.model_bytes) for task in tasks)


def test_errors_of_a_dask_frame_come_before_any_work(clf: wcw.Classifier) -> None:
    import dask.dataframe as dd

    from wasm_clf_widget.distributed.dask import classify_frame

    frame = dd.from_pandas(table(), npartitions=2)
    with pytest.raises(wcw.InputError, match="no column 'text'"):
        classify_frame(clf, frame, "text")
    with pytest.raises(wcw.InputError, match="a Dask DataFrame is needed, found DataFrame"):
        classify_frame(clf, table(), "review")


# --- Spark


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    # Spark's workers are processes of their own, which find modules by PYTHONPATH alone.
    folders = [str(Path(wcw.__file__).parents[1]), str(Path(__file__).parent)]
    environment = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    environment |= {"PYTHONPATH": os.pathsep.join(folders), "SPARK_LOCAL_IP": "127.0.0.1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        session = (
            SparkSession.builder.master("local-cluster[2,1,1024]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.executorEnv.PYTHONPATH", os.pathsep.join(folders))
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
            .getOrCreate()
        )
        yield session
        session.stop()


needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 or later")


@pytest.mark.long
@pytest.mark.timeout(900)
@needs_java
def test_spark_gives_every_row_once_though_a_worker_dies(clf: wcw.Classifier, spark: Any, tmp_path: Path) -> None:
    from wasm_clf_widget.distributed.spark import classify_frame

    given = table()
    marker = str(tmp_path / "died")
    frame = spark.createDataFrame(given).repartition(8)
    dying = frame.mapInArrow(lambda batches: dies_once(batches, marker), frame.schema)
    got = classify_frame(clf, dying, "review", scores=True).toPandas().sort_values("id")
    assert Path(marker).exists()
    expected = clf.classify_frame(given, "review", scores=True)
    assert got["id"].tolist() == expected["id"].tolist()
    for column in ("label", "confidence", "score_neg", "score_pos"):
        assert got[column].tolist() == expected[column].tolist()


@pytest.mark.long
@pytest.mark.timeout(900)
@needs_java
def test_classify_batches_is_what_map_in_arrow_takes(clf: wcw.Classifier, spark: Any) -> None:
    import functools

    frame = spark.createDataFrame(table()).repartition(3)
    schema = "id long, review string, label string, confidence double"
    got = frame.mapInArrow(functools.partial(clf.classify_batches, text="review"), schema).toPandas()
    assert got.sort_values("id")["label"].tolist() == clf.predict(table()["review"]).tolist()


def spark_frame(names: list[str], case_sensitive: str) -> Any:
    """As much of a Spark DataFrame as is asked before a job starts."""
    from pyspark.sql.types import StringType, StructType

    schema = StructType()
    for name in names:
        schema = schema.add(name, StringType())
    settings = SimpleNamespace(get={"spark.sql.caseSensitive": case_sensitive}.get)
    session = SimpleNamespace(conf=settings, sparkContext=SimpleNamespace(broadcast=lambda data: data))
    return SimpleNamespace(columns=names, schema=schema, sparkSession=session, mapInArrow=lambda task, schema: schema)


def test_a_column_that_differs_in_case_alone_is_taken_in_spark(clf: wcw.Classifier) -> None:
    from wasm_clf_widget.distributed.spark import classify_frame

    names = ["review", "Label", "CONFIDENCE"]
    with pytest.raises(wcw.InputError, match="'Label', 'CONFIDENCE', which is 'label', 'confidence' to Spark"):
        classify_frame(clf, spark_frame(names, "false"), "review")
    assert classify_frame(clf, spark_frame(names, "false"), "review", prefix="model_").names[3:] == [
        "model_label",
        "model_confidence",
    ]
    assert classify_frame(clf, spark_frame(names, "true"), "review").names[3:] == ["label", "confidence"]
    with pytest.raises(wcw.InputError, match="the table has a column 'label' already"):
        classify_frame(clf, spark_frame(["review", "label"], "false"), "review")


@pytest.mark.long
@pytest.mark.timeout(900)
@needs_java
def test_errors_of_a_spark_frame_come_before_any_work(clf: wcw.Classifier, spark: Any) -> None:
    from wasm_clf_widget.distributed.spark import classify_frame

    frame = spark.createDataFrame(table())
    with pytest.raises(wcw.InputError, match="no column 'text'"):
        classify_frame(clf, frame, "text")
    with pytest.raises(wcw.InputError, match="column 'id' must hold strings, it is of type LongType"):
        classify_frame(clf, frame, "id")
    with pytest.raises(wcw.InputError, match="a Spark DataFrame is needed, found DataFrame"):
        classify_frame(clf, table(), "review")
