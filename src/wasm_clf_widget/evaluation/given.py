"""The right labels as callers have them, as numbers of classes; what does not fit is named with its place."""

from __future__ import annotations

from typing import Any

from ..errors import InputError
from ..model.spec import Classes, Label

_SHOWN = 8


def single(labels: Any, classes: tuple[Label, ...]) -> Any:
    """(n,) class indices."""
    return _indices(values_of(labels), classes, "labels[{}]", "this model")


def outputs(labels: Any, class_sets: tuple[Classes, ...]) -> Any:
    """(n, outputs) class indices of a table, or of rows with one label for each output (as ``result.label``)."""
    import numpy as np

    count = len(class_sets)
    if hasattr(labels, "columns"):
        columns = [values_of(labels[name]) for name in _names(labels)]
        if len(columns) != count:
            raise InputError(f"labels: {len(columns)} columns are given, the model has {count} outputs")
    else:
        rows = [_row(row, i, f"a label for each of the {count} outputs") for i, row in enumerate(values_of(labels))]
        for i, row in enumerate(rows):
            if len(row) != count:
                raise InputError(f"labels[{i}]: {len(row)} labels are given, the model has {count} outputs")
        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in class_sets]
    found = [
        _indices(column, classes.values, f"labels[{{}}][{number}]", f"output {number}")
        for number, (column, classes) in enumerate(zip(columns, class_sets, strict=True))
    ]
    return np.column_stack(found)


def multilabel(labels: Any, classes: tuple[Label, ...]) -> Any:
    """(n, classes) of 0 and 1: from such a table (numpy, sparse, a data frame), or from sets of classes.

    A frame whose columns are named like the classes may have them in any order.
    """
    if hasattr(labels, "toarray"):
        labels = labels.toarray()
    if hasattr(labels, "columns"):
        names = _names(labels)
        if len(set(names)) == len(classes) and set(names) == {*classes}:
            names = list(classes)
        columns = [values_of(labels[name]) for name in names]
        return _table([list(row) for row in zip(*columns, strict=True)], classes)
    if len(getattr(labels, "shape", ())) == 2:
        return _table(labels.tolist(), classes)
    return _sets([_row(row, i, "the labels of a text") for i, row in enumerate(values_of(labels))], classes)


def _names(table: Any) -> list[Any]:
    """The names of a table's columns; pyarrow's ``columns`` are the columns themselves."""
    return list(table.column_names if hasattr(table, "column_names") else table.columns)


def _sets(rows: list[list[Any]], classes: tuple[Label, ...]) -> Any:
    """Rows that hold classes; of classes that are texts also rows of 0 and 1, which could mean nothing else."""
    import numpy as np

    like_table = bool(rows) and all(len(row) == len(classes) and all(_is_bit(v) for v in row) for row in rows)
    if like_table and isinstance(classes[0], str):
        return _table(rows, classes)
    if like_table and not isinstance(classes[0], bool) and {0, 1} & {*classes}:
        raise InputError(
            "labels: rows of 0 and 1 may be a table or the classes 0 and 1: give numpy.array(labels) for the table, "
            "sets for the classes"
        )
    found = np.zeros((len(rows), len(classes)), np.intp)
    for i, row in enumerate(rows):
        for index in _indices(row, classes, f"labels[{i}]", "this model", each=False):
            found[i, index] = 1
    return found


def _table(rows: list[list[Any]], classes: tuple[Label, ...]) -> Any:
    import numpy as np

    for i, row in enumerate(rows):
        if len(row) != len(classes):
            raise InputError(f"labels: {len(row)} columns are given, the model has {len(classes)} classes")
        for j, value in enumerate(row):
            if not _is_bit(value):
                raise InputError(f"labels[{i}][{j}]: {value!r} is given, a table of labels holds 0 and 1")
    return np.array(rows, np.intp).reshape(len(rows), len(classes))


def _is_bit(value: Any) -> bool:
    return isinstance(value, bool | int | float) and value in (0, 1)


def _row(row: Any, i: int, what: str) -> list[Any]:
    if isinstance(row, str | bytes) or not hasattr(row, "__iter__"):
        raise InputError(f"labels[{i}]: {row!r} is given, needed is a list or tuple: {what}")
    return [_plain(value) for value in row]


def _indices(values: list[Any], classes: tuple[Label, ...], where: str, whose: str, *, each: bool = True) -> Any:
    """The class index of each value. ``each``: ``where`` has a place for the value's own index."""
    import numpy as np

    known = {label: i for i, label in enumerate(classes)}
    # 1 == True == 1.0 as keys, which are different labels: the type has to fit too.
    kind = next(kind for kind in (bool, int, str) if isinstance(classes[0], kind))
    for i, value in enumerate(values):
        if type(value) is not kind or value not in known:
            allowed = ", ".join(map(repr, classes[:_SHOWN])) + (", …" if len(classes) > _SHOWN else "")
            place = where.format(i) if each else where
            raise InputError(f"{place}: {value!r} is no class of {whose}, which has {allowed}")
    return np.array([known[value] for value in values], np.intp)


def values_of(labels: Any) -> list[Any]:
    """The labels of a list, an array or a column as plain values."""
    for name in ("to_pylist", "tolist", "to_list"):
        if hasattr(labels, name):
            labels = getattr(labels, name)()
            break
    return [_plain(value) for value in labels]


def _plain(value: Any) -> Any:
    """numpy's scalars as Python's."""
    return value.item() if hasattr(value, "item") and not getattr(value, "ndim", 0) else value
