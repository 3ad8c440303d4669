"""Spark: a DataFrame with the answers as added columns, by ``mapInArrow``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..batch.columns import Columns
from ..errors import InputError
from .shipped import loaded

if TYPE_CHECKING:
    from ..batch.input import Nulls
    from ..classifier import Classifier


def classify_frame(
    classifier: Classifier,
    frame: Any,
    text: str,
    *,
    nulls: Nulls = "error",
    scores: bool = False,
    prefix: str = "",
    n_jobs: int | None = 1,
) -> Any:
    """A Spark DataFrame (lazy) with ``label``, ``confidence`` and, if asked for, scores.

    Args:
        classifier: is broadcast, so that each executor gets its bytes once. (Spark Connect has no broadcasts: there
            they travel with each task.)
        frame: a Spark DataFrame.
        text: the column of texts.
        nulls, scores, prefix: as for ``Classifier.classify_frame``.
        n_jobs: threads in each task; 1 where an executor has a task for each core.

    Raises:
        InputError: no such column, or one of the new names is taken.
    """
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StringType, StructType

    if not hasattr(frame, "mapInArrow"):
        raise InputError(
            f"a Spark DataFrame is needed, found {type(frame).__name__}: classify_frame takes one in memory"
        )
    if text not in frame.columns:
        raise InputError(f"the table has no column {text!r}; it has {', '.join(map(repr, frame.columns))}")
    if not isinstance(frame.schema[text].dataType, StringType):
        raise InputError(f"column {text!r} must hold strings, it is of type {frame.schema[text].dataType}")
    columns = Columns(classifier.model, prefix=prefix, scores=scores)
    names = frame.columns
    if frame.sparkSession.conf.get("spark.sql.caseSensitive", "false") != "true":
        # To Spark a column Label is our label, of which there would then be two that nobody can ask for.
        new = {name.lower(): name for name in columns.schema.names}
        if taken := [name for name in names if name.lower() in new and name not in new.values()]:
            ours = ", ".join(repr(new[name.lower()]) for name in taken)
            raise InputError(
                f"the table has a column {', '.join(map(repr, taken))}, which is {ours} to Spark, as it does not tell "
                "cases apart: give a prefix for the new columns, for example prefix='model_'"
            )
    columns.check_free(names)
    schema = StructType([*frame.schema.fields, *from_arrow_schema(columns.schema).fields])
    options = {"text": text, "nulls": nulls, "scores": scores, "prefix": prefix, "n_jobs": n_jobs}
    task = _Task(classifier.sha256, _broadcast(frame, classifier.model_bytes), options)
    return frame.mapInArrow(task, schema)


class _Task:
    """What each worker runs; pickled with a reference to the broadcast bytes."""

    def __init__(self, sha256: str, model: Any, options: dict[str, Any]) -> None:
        self._sha256 = sha256
        self._model = model
        self._options = options

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        data = self._model if isinstance(self._model, bytes) else self._model.value
        return loaded(self._sha256, data).classify_batches(batches, **self._options)


def _broadcast(frame: Any, data: bytes) -> Any:
    context = getattr(frame.sparkSession, "sparkContext", None) if not _is_connect(frame) else None
    return data if context is None else context.broadcast(data)


def _is_connect(frame: Any) -> bool:
    return "connect" in type(frame).__module__
