"""Chunks of a column cut into pieces that go to the engine in one call.

Small calls do not pay with threads (a call of 4 kB is slower on two threads than on one, of 256 kB nearly twice as
fast), large ones cost memory: pieces have 256 kB to 1 MB of text, a longer text alone in its own. Where rows share a
text (categories) or have none (nulls), a piece holds each text once, and for each row its place among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..model.shape import shape_of
from ..model.spec import Model
from .errors import RowError
from .input import Chunk, Column, Nulls, arrow

SMALLEST_BYTES = 256 << 10
LARGEST_BYTES = 1 << 20
_MOST_ROWS = 16_384
_ANSWER_BYTES = 4 << 20
_SHORT_BYTES = 512
"""Texts of fewer bytes on average are joined: the engine reads them four thousand bytes at a time."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows ``row`` … ``row + rows`` of the whole input.

    ``texts`` is a string or large_string array without nulls, or a list of str; ``places`` says for each row which text
    is its own (null: none), or is None where the rows are the texts.
    """

    row: int
    rows: int
    texts: Any
    places: Any = None


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts chunks. ``nulls`` is the rule for missing values, ``where`` names a row in errors."""

    most_rows: int
    target: int
    nulls: Nulls
    where: str

    def cut(self, chunk: Chunk, row: int) -> Iterator[Piece]:
        """The pieces of a chunk whose first row is ``row`` in the whole."""
        for start in range(0, len(chunk), self.most_rows):
            some = chunk[start : start + self.most_rows]
            if isinstance(some, list):
                yield from self._cut_list(some, row + start)
            else:
                yield from self._cut_array(some, row + start)

    def _cut_list(self, texts: list[str], row: int) -> Iterator[Piece]:
        begin = size = 0
        for i, text in enumerate(texts):
            if i > begin and size + len(text) > self.target:
                yield Piece(row + begin, i - begin, texts[begin:i])
                begin, size = i, 0
            size += len(text)
        yield Piece(row + begin, len(texts) - begin, texts[begin:])

    def _cut_array(self, array: Any, row: int) -> Iterator[Piece]:
        pa = arrow()
        if pa.types.is_dictionary(array.type):
            if (piece := self._categories(array, row)) is not None:
                yield piece
                return
            # Of categories as string views, which polars has, no element can be taken.
            words = array.dictionary.cast(pa.large_string())
            array = pa.DictionaryArray.from_arrays(array.indices, words).dictionary_decode()
        if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
            array = array.cast(pa.large_string())
        for begin, end in self._by_bytes(array):
            yield self._piece(array[begin:end], row + begin)

    def _piece(self, array: Any, row: int) -> Piece:
        if array.null_count == 0:
            return Piece(row, len(array), array)
        self._refuse_null(array, row)
        # What a null slot holds is not defined: it may be no UTF-8.
        return Piece(row, len(array), array.drop_null(), _counted(array.is_valid()))

    def _categories(self, array: Any, row: int) -> Piece | None:
        """One piece with every category that occurs; None where that would save nothing."""
        import pyarrow.compute as pc

        used = array.indices.unique().drop_null()
        if 2 * len(used) > len(array):
            return None
        texts = array.dictionary.cast(arrow().large_string()).take(used)
        if texts.null_count or texts.nbytes > LARGEST_BYTES:
            return None
        if array.null_count:
            self._refuse_null(array, row)
        return Piece(row, len(array), texts, pc.index_in(array.indices, used))

    def _refuse_null(self, array: Any, row: int) -> None:
        import pyarrow.compute as pc

        if self.nulls == "error":
            at = pc.index(array.is_valid(), False).as_py()
            raise RowError(row + at, "there is no text: fill or drop it, or give nulls='skip'", self.where)

    def _by_bytes(self, array: Any) -> Iterator[tuple[int, int]]:
        """Ranges of rows of about ``target`` bytes."""
        offsets = offsets_of(array)
        begin = 0
        while begin < len(array):
            end = int(offsets.searchsorted(offsets[begin] + self.target, side="right")) - 1
            end = min(max(end, begin + 1), len(array))
            yield begin, end
            begin = end


def cutter(model: Model, nulls: Nulls, where: str, *, parts: int = 1, size: int | None = None) -> Cutter:
    """For a model's width of answers; ``size`` bytes, where known, are cut so that ``parts`` threads have work."""
    k, p, labels = shape_of(model)
    most = max(1, min(_MOST_ROWS, _ANSWER_BYTES // (8 * (k + p) + 4 * labels + 4)))
    target = LARGEST_BYTES
    if size is not None and parts > 1:
        target = max(SMALLEST_BYTES, min(LARGEST_BYTES, size // (4 * parts)))
    return Cutter(most, target, nulls, where)


def all_pieces(column: Column, cut: Cutter) -> Iterator[Piece]:
    """The pieces of a whole column, whose first row is 0."""
    row = 0
    for chunk in column.chunks:
        yield from cut.cut(chunk, row)
        row += len(chunk)


def offsets_of(array: Any) -> Any:
    """The n+1 offsets of a string array, as a numpy view."""
    import numpy as np

    dtype = np.int64 if arrow().types.is_large_string(array.type) else np.int32
    buffer = array.buffers()[1]
    if buffer is None or buffer.size == 0:
        return np.zeros(1, dtype)
    return np.frombuffer(buffer, dtype)[array.offset : array.offset + len(array) + 1]


def layout(array: Any) -> tuple[memoryview, Any]:
    """(UTF-8 bytes, uint32 offsets from 0) of a string array without nulls; the bytes are a view."""
    import numpy as np

    offsets = offsets_of(array)
    first, last = int(offsets[0]), int(offsets[-1])
    data = array.buffers()[2]
    view = memoryview(b"") if data is None else memoryview(data)[first:last]
    return view, (offsets - first).astype(np.uint32)


def joined(array: Any) -> memoryview | None:
    """The texts of a string array without nulls with a NUL between each two; None where that gains nothing.

    Short texts are read 1.4 times as fast so (12 words of English); the copy costs a hundredth of that.
    """
    import pyarrow.compute as pc

    pa = arrow()
    offsets = offsets_of(array)
    count, size = len(array), int(offsets[-1]) - int(offsets[0])
    # A NUL at the end may stand before an empty text or belong to the last: offsets tell.
    if count < 2 or size > _SHORT_BYTES * count or offsets[-1] == offsets[-2]:
        return None
    whole = pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), array.cast(pa.string()))
    return memoryview(pc.binary_join(whole, "\0").buffers()[2])[: size + count - 1]


def _counted(valid: Any) -> Any:
    """Place of each valid row among the valid ones, null for the others."""
    import numpy as np

    mask = valid.to_numpy(zero_copy_only=False)
    return arrow().array(np.cumsum(mask, dtype=np.int32) - 1, mask=~mask)
