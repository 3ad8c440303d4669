"""Columns of texts of every kind as chunks of Arrow arrays, without a copy where the column lies in Arrow's layout.

pyarrow and polars, and pandas with its default strings, lie so already; string views and categories are laid out piece
by piece; lists and numpy's strings are converted a few thousand at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import InputError
from ..texts import check_texts

Nulls = Literal["error", "skip"]
Chunk = Any
"""A pyarrow Array of a type that ``is_text`` knows, or a list of str (one with a lone surrogate: UTF-8 has none)."""

_LIST_TEXTS = 8192
_SAMPLE = 64


@dataclass(frozen=True, slots=True)
class Column:
    """The texts that a caller gave. ``size`` is about what they have in bytes, from a sample where counting is work.

    Lists become ``chunks`` as these are taken, so that the engines are at work on the first while the next are made.
    """

    rows: int
    size: int
    chunks: Iterable[Chunk]


def arrow() -> Any:
    """pyarrow, or an error that says how to get it."""
    try:
        import pyarrow
    except ImportError:
        raise InputError(
            "tables and columns of texts need pyarrow: pip install 'wasm_clf_widget[batch]' (a list of str does not)"
        ) from None
    return pyarrow


def arrow_file(path: Path, mode: Literal["rb", "wb"] = "rb") -> Any:
    """What to give to pyarrow for a file: relative names with a colon are URIs to it, others must be UTF-8."""
    path = path.absolute()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return arrow().OSFile(os.fsencode(path), mode)
    return path


def check_nulls(nulls: str) -> None:
    """The rule for missing values, as callers give it."""
    if nulls not in get_args(Nulls):
        raise InputError(f"nulls={nulls!r} is given, allowed are 'error' (the default) and 'skip' (a null answer)")


def is_text(kind: Any) -> bool:
    """Whether an Arrow type holds texts. A column of nulls alone does, as far as anybody can tell."""
    types = arrow().types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind)
    )


def text_column(texts: Any, nulls: Nulls) -> Column:
    """Whatever a caller gives as texts."""
    pa = arrow()
    if isinstance(texts, pa.Array):
        return _arrow_column(check_type(texts, "the texts"), [texts])
    if isinstance(texts, pa.ChunkedArray):
        return _arrow_column(check_type(texts, "the texts"), texts.chunks)
    if hasattr(texts, "__arrow_c_stream__") and not _is_object_series(texts):
        try:
            column = check_type(pa.chunked_array(texts), "the texts")
        except UnicodeEncodeError:
            texts = texts.tolist()  # pandas' own strings may hold lone surrogates
        else:
            return _arrow_column(column, column.chunks)
    if (kind := getattr(getattr(texts, "dtype", None), "kind", "")) in ("U", "T"):
        if texts.ndim != 1:
            raise InputError(f"the texts must have one dimension, found an array of shape {texts.shape}")
        return Column(len(texts), _sampled_size(texts), _numpy_chunks(texts, kind))
    # A copy: what the caller does to the list meanwhile, in another thread, changes nothing.
    items = _with_nulls(texts) if nulls == "skip" else texts[:] if type(texts) is list else check_texts(texts)
    return Column(len(items), _sampled_size(items), _list_chunks(items))


def _arrow_column(column: Any, chunks: list[Any]) -> Column:
    return Column(len(column), column.nbytes, chunks)


def _sampled_size(texts: Any) -> int:
    step = max(1, len(texts) // _SAMPLE)
    sizes = [len(text) for text in texts[::step] if isinstance(text, str)]
    return len(texts) * sum(sizes) // max(1, len(sizes))


def check_type(column: Any, name: str) -> Any:
    """The column where it holds texts, else an error."""
    if not is_text(column.type):
        hint = ""
        if arrow().types.is_binary(column.type) or arrow().types.is_large_binary(column.type):
            hint = ": cast it to pyarrow.string() first, which checks that it is UTF-8"
        raise InputError(f"{name} must be strings, found a column of type {column.type}{hint}")
    return column


def _is_object_series(texts: Any) -> bool:
    """Whether this is a Series of Python objects, which Arrow would refuse with an error that names no row."""
    return str(getattr(texts, "dtype", "")) == "object"


def _numpy_chunks(texts: Any, kind: str) -> Iterator[Chunk]:
    """numpy's fixed-width strings and StringDType."""
    pa = arrow()
    for start in range(0, len(texts), _LIST_TEXTS):
        some = texts[start : start + _LIST_TEXTS]
        if kind == "U":
            # pyarrow ends a fixed-width string at its first NUL, numpy does not.
            yield from _list_chunks(some.tolist(), start)
            continue
        try:
            yield pa.array(some, pa.string(), from_pandas=True)
        except (UnicodeEncodeError, pa.ArrowException):
            # A lone surrogate, or a row too long for 32-bit offsets in one array.
            yield from _list_chunks(_with_nulls(some), start)


def _list_chunks(items: list[Any], first: int = 0) -> Iterator[Chunk]:
    """A list of str, with None where a text is missing and that is allowed; ``first`` is the number of its first."""
    pa = arrow()
    for start in range(0, len(items), _LIST_TEXTS):
        some = items[start : start + _LIST_TEXTS]
        if not set(map(type, some)) <= {str, type(None)} and not all(isinstance(text, str) for text in some):
            check_texts(items)  # an error that names its index in the whole
        try:
            yield pa.array(some, pa.large_string())
        except UnicodeEncodeError:
            # Only the engine knows what a lone surrogate is for this model; nulls beside one stand alone.
            yield from _runs(some)
        except pa.ArrowException as error:
            raise InputError(f"texts[{first + start}] to [{first + start + len(some) - 1}]: {error}") from None


def _with_nulls(texts: Any) -> list[str | None]:
    """The texts with every missing value as None."""
    items = texts if type(texts) is list else texts.tolist() if hasattr(texts, "tolist") else list(texts)
    if set(map(type, items)) <= {str, type(None)}:
        return list(items)
    plain: list[str | None] = [None if _is_missing(item) else item for item in items]
    # The others must be str, and an error names the index that the caller knows.
    check_texts(["" if item is None else item for item in plain])
    return plain


def _is_missing(value: Any) -> bool:
    """None, NaN, pandas.NA and NaT."""
    return (
        value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType")
    )


def _runs(items: list[str | None]) -> Iterator[Chunk]:
    pa = arrow()
    start = 0
    for i in range(1, len(items) + 1):
        if i == len(items) or (items[i] is None) != (items[start] is None):
            run = items[start:i]
            yield pa.nulls(len(run)) if run[0] is None else run
            start = i
