"""The columns that a table gets: label, confidence and, where asked for, a score of each class.

| targets | columns |
| --- | --- |
| one class a text | ``label``; ``confidence``, its probability (null without probabilities); ``score_CLASS`` |
| any set of classes | ``label`` a list; ``score_CLASS``; no confidence: each class has its own score |
| several outputs | ``label_0``, ``confidence_0``, ``score_0_CLASS``, … |

Scores are probabilities, or decision scores where there are none (−s and s where there is one), as in ``all_scores``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..engines import Batch
from ..errors import InputError
from ..model.shape import pipeline_shape, shape_of
from ..model.spec import Classes, Model, MultiOutputHead
from .input import arrow
from .work import Answered


@dataclass(frozen=True, slots=True)
class _Output:
    """One output: its names, its classes, the first of its columns of probabilities (or scores) and how many it has."""

    label: str
    confidence: str | None
    scores: tuple[str, ...]
    classes: Any
    first: int
    width: int


class Columns:
    """Makes answers into columns of a fixed schema. ``prefix`` stands before every name."""

    def __init__(self, model: Model, *, prefix: str = "", scores: bool = False) -> None:
        pa = arrow()
        shape = shape_of(model)
        self._shape = shape
        self._many = model.targets == "multilabel"
        self._has_probabilities = shape.probabilities > 0
        self._with_scores = scores
        self._outputs: list[_Output] = []
        first = 0
        own = widths(model)
        for number, classes in enumerate(model.class_sets):
            suffix = f"_{number}" if model.targets == "multioutput" else ""
            width = own[number]
            names = tuple(f"{prefix}score{suffix}_{value}" for value in classes.values) if scores else ()
            confidence = None if self._many else f"{prefix}confidence{suffix}"
            values = pa.array(classes.values, _arrow_type(classes))
            self._outputs.append(_Output(f"{prefix}label{suffix}", confidence, names, values, first, width))
            first += width
        self.schema = pa.schema([field for output in self._outputs for field in self._fields(output)])

    def _fields(self, output: _Output) -> list[Any]:
        pa = arrow()
        kind = pa.list_(output.classes.type) if self._many else output.classes.type
        return [
            pa.field(output.label, kind),
            *([] if output.confidence is None else [pa.field(output.confidence, pa.float64())]),
            *(pa.field(name, pa.float64()) for name in output.scores),
        ]

    def check_free(self, names: Iterable[str], how: str = "prefix='model_'") -> None:
        """InputError where the table has a column of such a name already. ``how`` is how a prefix is given."""
        taken = set(names).intersection(self.schema.names)
        if taken:
            raise InputError(
                f"the table has a column {', '.join(map(repr, sorted(taken)))} already: give a prefix for the new "
                f"columns, for example {how}"
            )

    def record(self, answered: Answered) -> Any:
        """The rows of a piece, as a pyarrow RecordBatch."""
        pa = arrow()
        batch = pa.RecordBatch.from_arrays(self._arrays(answered.batch), schema=self.schema)
        return batch if answered.places is None else batch.take(answered.places)

    def _arrays(self, batch: Batch) -> list[Any]:
        import numpy as np

        pa = arrow()
        n = batch.n
        labels = np.asarray(batch.labels, np.uint32).reshape(n, self._shape.labels)
        numbers = batch.scores if batch.probabilities is None else batch.probabilities
        columns = self._shape.scores if batch.probabilities is None else self._shape.probabilities
        scores = np.asarray(numbers, np.float64).reshape(n, columns)
        arrays = []
        for number, output in enumerate(self._outputs):
            own = scores[:, output.first : output.first + output.width]
            if self._many:
                arrays.append(_lists(labels, output.classes))
            else:
                index = labels[:, number]
                arrays.append(output.classes.take(pa.array(index)))
                arrays.append(
                    pa.array(own[np.arange(n), index]) if self._has_probabilities else pa.nulls(n, pa.float64())
                )
            if self._with_scores:
                both = np.column_stack([-own, own]) if output.width == 1 and len(output.classes) == 2 else own
                arrays += [pa.array(np.ascontiguousarray(column)) for column in both.T]
        return arrays


def widths(model: Model) -> list[int]:
    """Columns of each output among the probabilities or, without those, the scores."""
    shape = shape_of(model)
    if shape.probabilities:
        return [len(classes.values) for classes in model.class_sets]
    if isinstance(model.head, MultiOutputHead):
        return [pipeline_shape(member).scores for member in model.head.members]
    return [shape.scores]


def _arrow_type(classes: Classes) -> Any:
    pa = arrow()
    if classes.type == "int":
        return pa.int64() if all(int(label) < 1 << 63 for label in classes.values) else pa.uint64()
    return pa.string() if classes.type == "str" else pa.bool_()


def _lists(labels: Any, classes: Any) -> Any:
    """For each row the classes that are 1."""
    import numpy as np

    pa = arrow()
    offsets = np.zeros(len(labels) + 1, np.int32)
    np.cumsum(labels.sum(axis=1), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), classes.take(pa.array(np.nonzero(labels)[1])))
