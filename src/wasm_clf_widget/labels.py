"""From the engine's label columns to labels as people typed them, and back."""

from __future__ import annotations

from collections.abc import Sequence

from .model.spec import Label, Model
from .results import ClassIndex, Labels


def class_index(model: Model, columns: Sequence[int]) -> ClassIndex:
    """The L label columns of one text as results name them: an index, those of the classes on, or one an output."""
    if model.targets == "multilabel":
        return tuple(i for i, on in enumerate(columns) if on)
    return columns[0] if model.targets == "single" else tuple(columns)


def label(model: Model, index: ClassIndex) -> Labels:
    """The class, or the tuple of classes, that the index stands for."""
    if isinstance(index, int):
        return model.class_sets[0].values[index]
    if model.targets == "multilabel":
        return tuple(model.class_sets[0].values[i] for i in index)
    return tuple(classes.values[i] for classes, i in zip(model.class_sets, index, strict=True))


def labels_from(model: Model, index: object) -> list[int]:
    """The label columns behind an index that came from elsewhere.

    Raises:
        ValueError: it is none of this model's.
    """
    if model.targets == "single":
        columns = [index]
    elif isinstance(index, list | tuple):
        columns = list(index)
    else:
        raise ValueError(f"the class index {index!r} is no list")
    if not all(isinstance(i, int) and not isinstance(i, bool) for i in columns):
        raise ValueError(f"the class index {index!r} holds what is no index")
    numbers: list[int] = [i for i in columns if isinstance(i, int)]
    if model.targets == "multilabel":
        count = len(model.class_sets[0].values)
        if not all(0 <= i < count for i in numbers) or len(set(numbers)) != len(numbers):
            raise ValueError(f"the class index {index!r} is not of {count} classes")
        return [int(i in numbers) for i in range(count)]
    sizes = [len(classes.values) for classes in model.class_sets]
    if len(numbers) != len(sizes) or not all(0 <= i < size for i, size in zip(numbers, sizes, strict=True)):
        raise ValueError(f"the class index {index!r} is not of {sizes} classes")
    return numbers


def columns_of_scores(model: Model) -> list[tuple[int, Label]]:
    """(output, class) of each column of probabilities; of one output all are 0."""
    return [(output, value) for output, classes in enumerate(model.class_sets) for value in classes.values]
