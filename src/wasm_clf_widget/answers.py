"""What a batch of an engine's answers becomes: results, and arrays of scikit-learn's shapes (lists without numpy)."""

from __future__ import annotations

import sys
from array import array as array_type
from collections.abc import Sequence
from typing import Any, Literal

from .engines import Batch
from .labels import class_index, columns_of_scores, label
from .model.shape import pipeline_shape, shape_of
from .model.spec import Label, Model, MultiOutputHead
from .results import ClassificationResult, ClassIndex


class Results:
    """Makes the answers of one model into results.

    What is the same for every text is looked up once: for one short text it would cost more than the engine's work.
    """

    def __init__(self, model: Model, sha256: str) -> None:
        self._model = model
        self._sha256 = sha256
        self._shape = shape_of(model)
        self._classes = model.class_sets[0].values if model.targets == "single" else None
        self._names: list[dict[str, Any]] = [
            {"output": output, "label": name} if model.targets == "multioutput" else {"label": name}
            for output, name in columns_of_scores(model)
        ]

    def __call__(self, batch: Batch, place: tuple[str, str]) -> list[ClassificationResult]:
        """One result a text; ``place``: where it ran and on which variant."""
        model, names, classes = self._model, self._names, self._classes
        k, c, n_labels = self._shape
        p = None if batch.probabilities is None else list(batch.probabilities)
        kind: Literal["probability", "decision"] = "decision" if p is None else "probability"
        limit = model.uncertain_below
        ran_on, variant = place
        found = []
        for i in range(batch.n):
            values = _decisions(model, batch.scores[i * k : (i + 1) * k]) if p is None else p[i * c : (i + 1) * c]
            index: ClassIndex
            if classes is None:
                index = class_index(model, batch.labels[i * n_labels : (i + 1) * n_labels])
                named, confidence = label(model, index), None
            else:
                index = batch.labels[i]
                named, confidence = classes[index], None if p is None else values[index]
            found.append(
                ClassificationResult(
                    named,
                    index,
                    confidence,
                    kind,
                    [{**name, "score": score} for name, score in zip(names, values)],  # noqa: B905
                    batch.known[i],
                    batch.replaced[i],
                    limit is not None and confidence is not None and confidence < limit,
                    ran_on,
                    variant,
                    self._sha256,
                )
            )
        return found


def _decisions(model: Model, scores: Sequence[float]) -> Sequence[float]:
    """A score for each class: the one score s of two classes is −s and s."""
    if model.targets == "multilabel":
        return scores
    if isinstance(model.head, MultiOutputHead):
        values: list[float] = []
        at = 0
        for member, classes in zip(model.head.members, model.class_sets, strict=True):
            k = pipeline_shape(member).scores
            values.extend(_pair(scores[at : at + k], len(classes.values)))
            at += k
        return values
    return _pair(scores, len(model.classes))


def _pair(scores: Sequence[float], classes: int) -> Sequence[float]:
    return (-scores[0], scores[0]) if len(scores) == 1 and classes == 2 else scores


def predicted(model: Model, labels: Sequence[int], n: int) -> Any:
    """What ``predict`` gives: (n,) labels; (n, classes) of 0 and 1 for multilabel; (n, outputs) labels."""
    numpy = numpy_or_none()
    columns = shape_of(model).labels
    if model.targets == "single":
        return of_classes(model.class_sets[0].values, labels)
    rows = [list(labels[i * columns : (i + 1) * columns]) for i in range(n)]
    if model.targets == "multilabel":
        return rows if numpy is None else numpy.array(rows, dtype=int).reshape(n, columns)
    named = [[classes.values[i] for classes, i in zip(model.class_sets, row, strict=True)] for row in rows]
    if numpy is None:
        return named
    columns_of_labels = [numpy.array(list(column)) for column in zip(*named, strict=True)]
    return numpy.array(columns_of_labels).T if n else numpy.empty((0, columns), dtype=object)


def probabilities(model: Model, values: Sequence[float], n: int) -> Any:
    """What ``predict_proba`` gives: (n, classes); for several outputs a list of those."""
    table = matrix(values, n, shape_of(model).probabilities)
    if model.targets != "multioutput":
        return table
    return split(table, [len(classes.values) for classes in model.class_sets])


def decisions(model: Model, values: Sequence[float], n: int) -> Any:
    """What ``decision_function`` gives: (n,) for one score, else (n, scores); for several outputs a list of those."""
    columns = shape_of(model).scores
    if not isinstance(model.head, MultiOutputHead):
        return matrix(values, n, columns, flat=columns == 1 and model.targets == "single")
    widths = [pipeline_shape(member).scores for member in model.head.members]
    tables = split(matrix(values, n, columns), widths)
    if numpy_or_none() is None:
        return [[row[0] for row in t] if w == 1 else t for t, w in zip(tables, widths, strict=True)]
    return [t[:, 0] if w == 1 else t for t, w in zip(tables, widths, strict=True)]


def split(table: Any, widths: Sequence[int]) -> list[Any]:
    """The columns of a table as several tables side by side."""
    numpy = numpy_or_none()
    parts, at = [], 0
    for width in widths:
        parts.append([row[at : at + width] for row in table] if numpy is None else table[:, at : at + width])
        at += width
    return parts


def class_arrays(model: Model) -> Any:
    """``classes_``: an array, or for several outputs a list of them."""
    sets = [of_classes(classes.values, None) for classes in model.class_sets]
    return sets if model.targets == "multioutput" else sets[0]


def of_classes(classes: tuple[Label, ...], indices: Sequence[int] | None) -> Any:
    """The classes, or those of the indices."""
    numpy = numpy_or_none()
    if numpy is None:
        return list(classes) if indices is None else [classes[i] for i in indices]
    array = numpy.array(classes, dtype=_dtype(numpy, classes))
    return array if indices is None else array[numpy.asarray(indices, dtype=numpy.intp)]


def _dtype(numpy: Any, classes: tuple[Label, ...]) -> Any:
    """What holds each class as it is; None where numpy finds that itself."""
    if any(isinstance(label, str) and label.endswith("\0") for label in classes):
        return object  # a fixed-width string ends before its NULs
    numbers = [label for label in classes if isinstance(label, int)]
    if not numbers or (min(numbers) >= -(1 << 63) and max(numbers) < 1 << 63):
        return None
    return numpy.uint64 if min(numbers) >= 0 and max(numbers) < 1 << 64 else object


def matrix(values: Sequence[float], n: int, columns: int, *, flat: bool = False) -> Any:
    """The values as (n, columns), or (n,)."""
    numpy = numpy_or_none()
    if numpy is None:
        return list(values) if flat else [list(values[i * columns : (i + 1) * columns]) for i in range(n)]
    # An engine's buffer belongs to this one answer: no copy.
    array = numpy.frombuffer(values) if n > 1 and isinstance(values, array_type) else numpy.array(values, dtype=float)
    return array if flat else array.reshape(n, columns)


def numpy_or_none() -> Any:
    """numpy where it is present; a program that has not imported it need not wait for it under Pyodide."""
    if sys.platform == "emscripten" and "numpy" not in sys.modules:
        return None
    try:
        import numpy
    except ImportError:
        return None
    return numpy
