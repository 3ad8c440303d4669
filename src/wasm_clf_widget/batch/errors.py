"""The error of one row."""

from __future__ import annotations

from typing import Any

from ..errors import InputError


class RowError(InputError):
    """A row that cannot be classified.

    Attributes:
        row: its index from 0 in all that was given.
        problem: what is wrong with it, without the place.
    """

    def __init__(self, row: int, problem: str, where: str = "texts[{row}]") -> None:
        self.row = row
        self.problem = problem
        self.where = where
        super().__init__(f"{where.format(row=row)}: {problem}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.row, self.problem, self.where)
