"""Dask: a DataFrame with the answers as added columns, computed partition by partition on the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    """A Dask DataFrame (lazy, of the same partitions) with ``label``, ``confidence`` and, if asked for, scores.

    Args:
        classifier: travels as one node of the graph, so that each worker gets its bytes once.
        frame: a Dask DataFrame.
        text: the column of texts.
        nulls, scores, prefix: as for ``Classifier.classify_frame``.
        n_jobs: threads in each task; 1 where a worker has a task for each core.

    Raises:
        InputError: no such column, or one of the new names is taken.
    """
    import dask.dataframe as dd
    from dask.delayed import delayed

    if not isinstance(frame, dd.DataFrame):
        raise InputError(
            f"a Dask DataFrame is needed, found {type(frame).__name__}: classify_frame takes one in memory"
        )
    whole: Any = frame
    options = {"nulls": nulls, "scores": scores, "prefix": prefix, "n_jobs": n_jobs}
    empty = frame._meta.head(0)
    if text in empty.columns:
        # An empty column says of Python objects that they are floats, or nothing at all.
        empty = empty.assign(**{text: empty[text].astype(str)})
    meta = classifier.classify_frame(empty, text, nulls=nulls, scores=scores, prefix=prefix)
    meta[text] = frame._meta[text]
    model = delayed(classifier.model_bytes, name=f"wasm-clf-{classifier.sha256}", traverse=False)
    return whole.map_partitions(_classify, classifier.sha256, model, text, options, meta=meta)


def _classify(part: Any, sha256: str, model: bytes, text: str, options: dict[str, Any]) -> Any:
    return loaded(sha256, model).classify_frame(part, text, **options)
