"""Numbers as tensors: the smallest type that gives back exactly the same numbers, and the way back.

Standard library only, and in bulk: a 258,000 × 4 table of weights is packed and read in tenths of a second.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import InputError, ModelFileError
from .safetensors import Tensor

_TYPECODES = {"F64": "d", "F32": "f", "U32": "I"}


def doubles(values: Any) -> array[float]:
    """Any sequence of numbers as one flat ``array('d')``; arrays of numpy in bulk, without importing it."""
    if isinstance(values, array) and values.typecode == "d":
        return values
    result = array("d")
    if hasattr(values, "astype") and hasattr(values, "tobytes"):
        if values.size:
            result.frombytes(values.astype("float64", order="C", copy=False).data.cast("B"))
    elif isinstance(values, memoryview) and values.format == "d":
        result.frombytes(values.tobytes())
    else:
        result.extend(values)
    return result


def little_endian(values: array[Any]) -> memoryview:
    """The array's bytes as every file has them; a view of the array itself where that is how they lie in memory."""
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return memoryview(values).cast("B")


def f64(values: Iterable[float], *shape: int) -> Tensor:
    """A tensor of float64."""
    return Tensor("F64", shape, little_endian(doubles(values)))


def u32(values: Iterable[int], *shape: int) -> Tensor:
    """A tensor of uint32."""
    return Tensor("U32", shape, little_endian(array("I", values)))


def first_not_finite(values: Sequence[float]) -> int | None:
    """Index of the first NaN or infinity. The sum tells in one pass that there is none (it may also overflow)."""
    if math.isfinite(sum(values)):
        return None
    return next((i for i, v in enumerate(values) if not math.isfinite(v)), None)


def pack(name: str, values: Any, shape: tuple[int, ...], *, rounded: bool = False) -> dict[str, Tensor]:
    """The tensors that store ``values`` (row-major, of ``shape``): int8 with a scale a column, float32 or float64.

    A smaller type is taken only where it gives back equal numbers; with ``rounded`` the numbers are used as float32
    and may be stored so. (−0.0 may come back as 0.0, which no sum that starts at 0.0 can tell.)
    """
    numbers = doubles(values)
    columns = shape[1] if len(shape) == 2 else 1
    if (bad := first_not_finite(numbers)) is not None:
        where = f"row {bad // columns}, column {bad % columns}"
        raise InputError(f"{name}: the number at {where} is {numbers[bad]}, only finite ones are allowed")
    quantised = _as_int8(numbers, columns)
    if quantised is not None:
        data, scales = quantised
        return {name: Tensor("I8", shape, data), f"{name}.scale": f64(scales, columns)}
    singles = array("f", numbers)
    if rounded:
        if (bad := first_not_finite(singles)) is not None:
            raise InputError(f"{name}: {numbers[bad]} lies outside float32's range: use weights='float64'")
        return {name: Tensor("F32", shape, little_endian(singles))}
    if singles == numbers:
        return {name: Tensor("F32", shape, little_endian(singles))}
    return {name: Tensor("F64", shape, little_endian(numbers))}


def _as_int8(numbers: array[float], columns: int) -> tuple[bytes, array[float]] | None:
    """(q, scales) with q · scale equal to every number, or None."""
    packed = bytearray(len(numbers))
    scales = array("d")
    for k in range(columns):
        column = numbers[k::columns]
        # Most weights are no integers times a scale, and the first few thousand show it.
        if len(set(column[:2048])) > 255:
            return None
        values = set(column)
        scale = _find_scale(values)
        if scale is None:
            return None
        codes = {v: round(v / scale) & 255 for v in values}
        packed[k::columns] = bytes(map(codes.__getitem__, column))
        scales.append(scale)
    return bytes(packed), scales


def _find_scale(values: set[float]) -> float | None:
    """A scale for which every value is the float64 product q · scale of an integer |q| ≤ 127.

    The largest value is some q · scale: each q is tried, with the neighbours that rounding of the quotient may hide.
    """
    if len(values) > 255:
        return None
    largest = max(map(abs, values), default=0.0)
    if largest == 0.0:
        return 1.0
    checks = sorted(values, key=abs)
    for q in range(127, 0, -1):
        quotient = largest / q
        # A cheap look first: most candidates fail at once, also with a tolerance.
        if quotient == 0.0 or any(abs(v / quotient - round(v / quotient)) > 1e-9 for v in checks):
            continue
        scale = quotient
        for _ in range(3):
            scale = math.nextafter(scale, 0.0)
        for _ in range(7):
            if scale > 0.0 and all(round(v / scale) * scale == v for v in checks):
                return scale
            scale = math.nextafter(scale, math.inf)
    return None


def view(tensor: Tensor) -> Any:
    """A tensor of F64, F32 or U32 as an indexable flat view, without a copy where the machine is little-endian."""
    code: Any = _TYPECODES[tensor.dtype]
    if sys.byteorder == "big":
        copy = array(code, bytes(tensor.data))
        copy.byteswap()
        return copy
    return memoryview(tensor.data).cast("B").cast(code) if len(tensor.data) else array(code)


def unpack(tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Sequence[float]:
    """The numbers ``name`` of ``shape``, all finite."""
    tensor = tensors.get(name)
    if tensor is None:
        raise ModelFileError(f"tensor {name!r} is missing")
    if tensor.shape != shape:
        raise ModelFileError(f"tensor {name!r} has shape {list(tensor.shape)}, the document asks for {list(shape)}")
    columns = shape[1] if len(shape) == 2 else 1
    if tensor.dtype == "I8":
        return _scaled(tensor.data, unpack_f64(tensors, f"{name}.scale", (columns,)))
    if tensor.dtype not in ("F64", "F32"):
        raise ModelFileError(f"tensor {name!r} is of type {tensor.dtype}, allowed are F64, F32 and I8 with a scale")
    return _finite(name, view(tensor), columns)


def unpack_f64(tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Sequence[float]:
    """The float64 numbers ``name`` of ``shape``, all finite."""
    values: Sequence[float] = _exactly(tensors, name, "F64", shape)
    return _finite(name, values, shape[-1])


def unpack_u32(tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Sequence[int]:
    """The integers ``name`` of ``shape``."""
    values: Sequence[int] = _exactly(tensors, name, "U32", shape)
    return values


def _exactly(tensors: Mapping[str, Tensor], name: str, dtype: str, shape: tuple[int, ...]) -> Any:
    tensor = tensors.get(name)
    if tensor is None:
        raise ModelFileError(f"tensor {name!r} is missing")
    if (tensor.dtype, tensor.shape) != (dtype, shape):
        raise ModelFileError(
            f"tensor {name!r} is {tensor.dtype} {list(tensor.shape)}, the document asks for {dtype} {list(shape)}"
        )
    return view(tensor)


def _finite(name: str, values: Sequence[float], columns: int) -> Sequence[float]:
    if (bad := first_not_finite(values)) is not None:
        where = f"row {bad // columns}, column {bad % columns}" if columns else f"{bad}"
        raise ModelFileError(f"tensor {name!r}: the number at {where} is {values[bad]}, only finite ones are allowed")
    return values


def _scaled(data: bytes | memoryview, scales: Sequence[float]) -> array[float]:
    """q · scale for each entry, a table of 256 products a column."""
    raw = bytes(data)
    result = array("d", bytes(8 * len(raw)))
    columns = len(scales)
    for k, scale in enumerate(scales):
        products = [(b - 256 if b > 127 else b) * scale for b in range(256)]
        if not all(map(math.isfinite, products)):
            raise ModelFileError(f"a scale of {scale} gives weights that are not finite")
        result[k::columns] = array("d", map(products.__getitem__, raw[k::columns]))
    return result
