"""What the writers of the document share: tensors put by name, each stage's under a prefix of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..errors import InputError
from . import numbers, packed
from .safetensors import Tensor


class Writer:
    """The tensors of one file as they come. ``rounded``: coefficients of linear stages are used as float32."""

    def __init__(self, *, rounded: bool) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.rounded = rounded
        self._uses: Counter[str] = Counter()

    def place(self, family: str) -> tuple[str, dict[str, str]]:
        """(prefix, what the stage says of it): the first of a family has none, as in a file with one of each."""
        number = self._uses[family]
        self._uses[family] += 1
        return (f"{number}.", {"prefix": f"{number}."}) if number else ("", {})

    def free_name(self, name: str, number: int) -> str:
        """``name.number``, or with the next number that is free."""
        while f"{name}.{number}" in self.tensors:
            number += 1
        return f"{name}.{number}"

    def numbers(self, name: str, values: Any, *shape: int, rounded: bool = False) -> None:
        """Numbers, in the smallest type that gives them back."""
        self.tensors |= numbers.pack(name, values, shape, rounded=rounded)

    def f64(self, name: str, values: Sequence[float], *shape: int) -> None:
        """Numbers as float64."""
        if (bad := numbers.first_not_finite(values)) is not None:
            raise InputError(f"{name}: the number at {bad} is {values[bad]}, only finite ones are allowed")
        self.tensors[name] = numbers.f64(values, *(shape or (len(values),)))

    def u32(self, name: str, values: Sequence[int], *shape: int) -> None:
        """Unsigned integers."""
        self.tensors[name] = numbers.u32(values, *(shape or (len(values),)))

    def raw(self, name: str, data: bytes | memoryview) -> None:
        """Bytes."""
        self.tensors[name] = Tensor("U8", (len(data),), data)

    def texts(self, name: str, texts: Sequence[str], what: str) -> None:
        """Strings; ``what`` names one of them in errors."""
        self.tensors |= packed.pack(name, texts, what)
