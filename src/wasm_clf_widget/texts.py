"""What callers hand in as texts, checked once: a list of ``str``, or one typed error that names the index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import InputError

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_text(text: Any) -> str:
    """One text."""
    if not isinstance(text, str):
        raise InputError(f"a text must be str, found {_named(text)}{_hint(text)}")
    return text


def listed(texts: Any) -> Any:
    """A column of pyarrow as a list; a table of it is not, which would be read row by row."""
    if not hasattr(texts, "to_pylist") or hasattr(texts, "columns"):
        return texts
    return texts.to_pylist()


def check_texts(texts: Any) -> list[str]:
    """A list, tuple, array, series or other iterable of ``str`` (``np.str_`` is one) as a list."""
    if isinstance(texts, str):
        raise InputError(
            f"a list of texts is meant here, found the bare string {_short(texts)}: write [text], or classify(text)"
        )
    if isinstance(texts, bytes | bytearray | memoryview | Mapping):
        raise InputError(f"a list of texts is meant here, found {_named(texts)}{_hint(texts)}")
    if isinstance(texts, set | frozenset):
        raise InputError(f"a list of texts is meant here, found a {type(texts).__name__}, which has no order")
    if hasattr(texts, "columns") or len(getattr(texts, "shape", (0,))) > 1:
        raise InputError(
            f"a list of texts is meant here, found a table ({type(texts).__name__}): give one column of it, or the "
            "whole to classify_frame"
        )
    try:
        items = texts if type(texts) is list else list(texts)
    except TypeError:
        raise InputError(f"a list of texts is meant here, found {_named(texts)}") from None
    if set(map(type, items)) <= {str}:
        return items
    for i, text in enumerate(items):
        if not isinstance(text, str):
            raise InputError(f"texts[{i}]: a text must be str, found {_named(text)}{_hint(text)}")
    return items


def has_surrogate(text: str) -> bool:
    """Whether the text holds a lone surrogate, which no UTF-8 can carry."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def replace_surrogates(text: str) -> tuple[str, int]:
    """The text as every host reads it, each lone surrogate as U+FFFD, and how many there were."""
    return _SURROGATE.subn("\ufffd", text)


def _named(value: Any) -> str:
    return f"{type(value).__name__} {_short(value)}"


def _short(value: Any) -> str:
    text = repr(value[:40] if isinstance(value, str | bytes | bytearray) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def _hint(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return ": decode it first, for example value.decode('utf-8')"
    if value is None or isinstance(value, float) or type(value).__name__ in ("NAType", "NaTType"):
        return ": replace missing values first, for example by ''"
    return ""
