"""What the readers of the document share: JSON taken by type, tensors taken by name, and the budgets of one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, cast

from ..errors import ModelFileError
from . import limits, numbers, packed
from .safetensors import Tensor


def short(value: Any) -> str:
    """A value as errors show it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class JsonObject:
    """A JSON object whose values are taken by type; an error names the place in the document."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ModelFileError(f"{where}: {short(value)}, it must be an object")
        self.value: dict[str, Any] = value
        self.where = where

    def take(self, key: str, allowed: str, test: Callable[[Any], bool]) -> Any:
        """The value of ``key``, which must pass ``test``."""
        if key not in self.value:
            raise ModelFileError(f"{self.where}: the key {key!r} is missing, it must be {allowed}")
        value = self.value[key]
        if not test(value):
            raise ModelFileError(f"{self.where}.{key}: found {short(value)}, it must be {allowed}")
        return value

    def string(self, key: str) -> str:
        """Text."""
        return cast(str, self.take(key, "a string", lambda v: isinstance(v, str)))

    def boolean(self, key: str) -> bool:
        """True or false."""
        return cast(bool, self.take(key, "true or false", lambda v: isinstance(v, bool)))

    def integer(self, key: str, low: int, high: int) -> int:
        """An integer within bounds."""
        test = lambda v: type(v) is int and low <= v <= high  # noqa: E731
        return cast(int, self.take(key, f"an integer from {low} to {high:,}", test))

    def choice(self, key: str, choices: tuple[Any, ...]) -> Any:
        """One of a few."""
        return self.take(key, "one of " + ", ".join(map(repr, choices)), lambda v: v in choices and type(v) is not bool)

    def number_or_null(self, key: str, low: float, high: float) -> float | None:
        """A number within bounds, or None."""

        def test(v: Any) -> bool:
            return v is None or (type(v) in (int, float) and low <= v <= high)

        value = self.take(key, f"null or a number from {low} to {high}", test)
        return None if value is None else float(value)

    def object(self, key: str) -> JsonObject:
        """An object within."""
        return JsonObject(self.take(key, "an object", lambda v: isinstance(v, dict)), f"{self.where}.{key}")

    def list(self, key: str, low: int = 0, high: int | None = None) -> list[Any]:
        """A list of ``low`` to ``high`` entries."""
        value = cast("list[Any]", self.take(key, "a list", lambda v: isinstance(v, list)))
        if len(value) < low or (high is not None and len(value) > high):
            allowed = f"{low} or more" if high is None else f"{low} to {high:,}"
            raise ModelFileError(f"{self.where}.{key} has {len(value):,} entries, allowed are {allowed}")
        return value

    def fault(self, message: str) -> ModelFileError:
        """An error at this place."""
        return ModelFileError(f"{self.where}: {message}")


class Reader:
    """The tensors of one file, what of its budgets is used up, and the tables met so far."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        if len(tensors) > limits.MAX_TENSORS:
            raise ModelFileError(f"the file has {len(tensors):,} tensors, {limits.MAX_TENSORS:,} are allowed")
        self.tensors = tensors
        self.tables: list[bytes | memoryview | None] = []
        self._numbers = 0

    def spend(self, count: int, what: str) -> None:
        """Count numbers of the whole file."""
        self._numbers += count
        if self._numbers > limits.MAX_NUMBERS:
            raise ModelFileError(f"with {what} the file has more than {limits.MAX_NUMBERS:,} numbers in all")

    def prefix(self, stage: JsonObject) -> str:
        """What stands before the names of a stage's tensors."""
        return stage.string("prefix") if "prefix" in stage.value else ""

    def length(self, name: str) -> int:
        """How long the vector ``name`` is, for those whose length only the tensor says."""
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ModelFileError(f"tensor {name!r} is missing")
        if len(tensor.shape) != 1:
            raise ModelFileError(f"tensor {name!r} has shape {list(tensor.shape)}, it must be a vector")
        return tensor.shape[0]

    def numbers(self, name: str, *shape: int) -> Sequence[float]:
        """Numbers of any type that a file may store them in."""
        self.spend(prod(shape), f"tensor {name!r}")
        return numbers.unpack(self.tensors, name, shape)

    def f64(self, name: str, *shape: int) -> Sequence[float]:
        """Numbers that are stored as float64."""
        self.spend(prod(shape), f"tensor {name!r}")
        return numbers.unpack_f64(self.tensors, name, shape)

    def u32(self, name: str, *shape: int) -> Sequence[int]:
        """Unsigned integers."""
        self.spend(prod(shape), f"tensor {name!r}")
        return numbers.unpack_u32(self.tensors, name, shape)

    def raw(self, name: str, most: int) -> bytes | memoryview | None:
        """Bytes (a view into the file), None where there is no such tensor."""
        tensor = self.tensors.get(name)
        if tensor is None:
            return None
        if tensor.dtype != "U8" or len(tensor.shape) != 1 or tensor.shape[0] > most:
            raise ModelFileError(
                f"tensor {name!r} is {tensor.dtype} {list(tensor.shape)}, it must be U8 of at most {most:,} bytes"
            )
        return tensor.data

    def texts(self, name: str, count: int | None = None, longest: int | None = None) -> packed.PackedTexts:
        """Strings; ``count`` None: as many as the offsets say."""
        if count is None:
            entries = self.length(f"{name}.offsets")
            if entries < 1:
                raise ModelFileError(f"tensor '{name}.offsets' has shape [0], it must be [words + 1]")
            count = entries - 1
        return packed.unpack(self.tensors, name, count, longest=longest)
