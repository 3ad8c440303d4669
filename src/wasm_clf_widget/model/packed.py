"""Many strings as bytes and offsets (Arrow's layout): how a file holds a vocabulary, and a lazy view of it."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise, starmap
from typing import overload

from ..errors import InputError, ModelFileError
from . import numbers
from .limits import MAX_FILE
from .safetensors import Tensor

_CONTINUATION = bytes(range(0x80, 0xC0))


class PackedTexts(Sequence[str]):
    """A sequence of strings that are decoded when asked for. Built from checked bytes only (see ``unpack``)."""

    __slots__ = ("data", "offsets")

    def __init__(self, data: bytes, offsets: Sequence[int]) -> None:
        self.data = data
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        size = len(self)
        if index < 0:
            index += size
        if not 0 <= index < size:
            raise IndexError(f"{index} is outside 0..{size - 1}")
        return self.data[self.offsets[index] : self.offsets[index + 1]].decode()

    def __iter__(self) -> Iterator[str]:
        data = self.data
        offsets = self.offsets
        if data.isascii():
            text = data.decode("ascii")
            return (text[a:b] for a, b in pairwise(offsets))
        return (data[a:b].decode() for a, b in pairwise(offsets))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]


def pack(name: str, texts: Sequence[str], what: str) -> dict[str, Tensor]:
    """``NAME.bytes`` and ``NAME.offsets``; ``what`` names an entry in the error for a lone surrogate."""
    if isinstance(texts, PackedTexts):
        data, offsets = texts.data, array("I", texts.offsets)
    else:
        pieces = []
        for i, text in enumerate(texts):
            try:
                pieces.append(text.encode())
            except UnicodeEncodeError:
                raise InputError(f"{what} {i} ({text!r}) holds a lone surrogate, which no UTF-8 can store") from None
        data = b"".join(pieces)
        if len(data) > MAX_FILE:
            raise InputError(f"the {name} entries take {len(data):,} bytes, a file may have {MAX_FILE:,}")
        offsets = array("I", accumulate(map(len, pieces), initial=0))
    return {
        f"{name}.bytes": Tensor("U8", (len(data),), data),
        f"{name}.offsets": Tensor("U32", (len(offsets),), numbers.little_endian(offsets)),
    }


def unpack(tensors: Mapping[str, Tensor], name: str, count: int, longest: int | None = None) -> PackedTexts:
    """``count`` strings, after checking offsets, UTF-8 and (where given) the longest entry."""
    tensor = tensors.get(f"{name}.bytes")
    if tensor is None:
        raise ModelFileError(f"tensor '{name}.bytes' is missing")
    if tensor.dtype != "U8" or len(tensor.shape) != 1:
        raise ModelFileError(f"tensor '{name}.bytes' is {tensor.dtype} {list(tensor.shape)}, it must be U8 [bytes]")
    offsets = numbers.unpack_u32(tensors, f"{name}.offsets", (count + 1,))
    data = bytes(tensor.data)
    if offsets[0] != 0 or offsets[count] != len(data) or not all(map(operator.le, offsets, offsets[1:])):
        raise ModelFileError(f"tensor '{name}.offsets' must ascend from 0 to {len(data):,}, the size of '{name}.bytes'")
    if longest is not None:
        size = max(map(operator.sub, offsets[1:], offsets), default=0)
        if size > longest:
            raise ModelFileError(f"an entry of '{name}.bytes' has {size:,} bytes, {longest:,} are allowed")
    if not data.isascii():
        _check_utf8(name, data, offsets)
    return PackedTexts(data, offsets)


def _check_utf8(name: str, data: bytes, offsets: Sequence[int]) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise ModelFileError(f"'{name}.bytes' is not UTF-8 at byte {error.start:,}: {error.reason}") from None
    # The whole is UTF-8; so is each entry, unless an entry begins inside a character.
    first_bytes = bytes(data[offset] for offset in offsets if offset < len(data))
    if len(first_bytes.translate(None, _CONTINUATION)) != len(first_bytes):
        raise ModelFileError(f"'{name}.offsets' has an offset in the middle of a character")


def has_duplicates(texts: Sequence[str]) -> str | None:
    """The first string that stands twice, or None."""
    # scikit-learn sorts its vocabularies: that each entry stands behind the last one is quick to see and takes no room.
    if all(starmap(operator.lt, pairwise(texts))) or len(set(texts)) == len(texts):
        return None
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            return text
        seen.add(text)
    return None
