"""What the converters of steps and heads hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ..model.spec import Classes, Pipeline, Targets
from .findings import Findings


@dataclass(frozen=True, slots=True)
class Row:
    """The features that a step is given. ``n_features`` None: a step before could not be read (only in a check)."""

    n_features: int | None
    dense: bool = False


@dataclass(frozen=True, slots=True)
class Classified:
    """A converted classifier: its pipeline with a head, and what it chooses from."""

    pipeline: Pipeline
    class_sets: tuple[Classes, ...]
    targets: Targets = "single"
    decision: bool = True

    @property
    def n_classes(self) -> int:
        """Classes of the first output."""
        return len(self.class_sets[0].values)


class Convert(Protocol):
    """How a head has its members converted; a row of None means that they are given the text."""

    def __call__(self, job: Job, path: str, estimator: Any, row: Row | None) -> Classified | None: ...


@dataclass(frozen=True, slots=True)
class Job:
    """One conversion: its findings, and the way from an estimator to its ``Classified``."""

    convert: Convert
    found: Findings = field(default_factory=Findings)

    def member(self, path: str, estimator: Any, row: Row | None) -> Classified | None:
        """Convert a classifier within another one."""
        return self.convert(self, path, estimator, row)


def below(path: str, name: str) -> str:
    """The path of a step within another, as ``set_params`` writes it."""
    return f"{path}__{name}" if path else name
