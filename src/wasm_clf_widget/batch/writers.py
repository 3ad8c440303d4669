"""Finished parts of a job's output, and their joining.

A part holds some rows in the output's format (of CSV the first has the header): it can be read meanwhile. Packed
streams may follow each other in one file by their formats' own rules, so parts of CSV and JSON lines are joined byte by
byte; of parquet each part becomes a row group.
"""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..errors import InputError
from .errors import RowError
from .input import arrow, arrow_file
from .readers import Rows, spliced
from .sources import Format


class Writer:
    """Writes parts of one format. ``schema`` is that of the first part, where there is one already."""

    def __init__(self, format: Format, schema: Any = None) -> None:
        self.format = format
        self.schema = schema

    def make_writable(self, rows: Rows, text: str) -> list[RowError]:
        """Change what this format cannot hold; the errors are those of rows that lose something by it.

        Times become their text. In a string that is no UTF-8, or that has none (JSON writes a lone surrogate as an
        escape), U+FFFD stands for what is none, and the row has no answer.
        """
        if isinstance(rows.carrier, list):
            bad = {} if self.format.kind == "jsonl" else _mend_lines(rows)
        elif self.format.kind == "parquet":
            bad = {}
        else:
            self._spell_out(rows)
            bad = _mend_columns(rows, text)
        if bad:
            column = rows.texts if isinstance(rows.carrier, list) else rows.carrier.column(text)
            texts = [None if i in bad else item for i, item in enumerate(column.to_pylist())]
            rows.texts = arrow().array(texts)
        return [bad[i] for i in sorted(bad)]

    def _spell_out(self, rows: Rows) -> None:
        for i, field in enumerate(rows.carrier.schema):
            place = f"{rows.source.path}: column {field.name!r} of type {field.type}"
            if _holds_bytes(field.type):
                raise InputError(f"{place} holds bytes, which {self.format.kind} has no text for: write .parquet")
            if (kind := _changed(field.type, _text_kind)) != field.type:
                try:
                    column = rows.carrier.column(i).cast(kind)
                except arrow().ArrowException as error:
                    raise InputError(f"{place} has no text: {error}: write .parquet") from None
                rows.carrier = rows.carrier.set_column(i, field.name, column)

    def part(self, path: Path, rows: list[Rows], answers: Any, *, first: bool) -> None:
        """One part. The rows' own columns come first, then the answers."""
        if self.format.kind == "jsonl":
            _write(path, _json_lines(rows, answers), self.format)
            return
        table = self._table(rows, answers)
        if self.format.kind == "csv":
            _write(path, _csv_lines(table, header=first), self.format)
            return
        _write_parquet_part(table, path)

    def join(self, parts: list[Path], path: Path) -> None:
        """All parts as one file."""
        if self.format.kind == "parquet":
            _join_parquet(parts, path)
            return
        with path.open("xb") as file:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file, 1 << 20)

    def _table(self, rows: list[Rows], answers: Any) -> Any:
        pa = arrow()
        if isinstance(rows[0].carrier, list):
            table = self._parsed(rows)
        else:
            table = pa.concat_tables([group.carrier for group in rows])
        for name in answers.column_names:
            table = table.append_column(name, answers.column(name))
        if self.schema is None:
            self.schema = table.schema
        return table

    def _parsed(self, rows: list[Rows]) -> Any:
        """JSON lines as columns, of the types that the first part's lines gave."""
        pa = arrow()
        values = [_loaded(group, i, line) for group in rows for i, line in enumerate(group.carrier)]
        names = dict.fromkeys(name for value in values for name in value)
        place = f"{rows[0].source.path}: the JSON lines from {rows[0].first:,} on"
        hint = "write .jsonl, which needs no columns"
        try:
            # Without a schema: with one pyarrow makes 4 of 4.9 and a list of "abc", and says nothing.
            table = pa.Table.from_pylist([{name: value.get(name) for name in names} for value in values])
            for name, column in zip(table.column_names, table.columns, strict=True):
                if _is_deep(column.type, _DEEPEST):
                    raise InputError(f"{place} have lists or objects more than {_DEEPEST} deep for {name!r}: {hint}")
                if self.format.kind == "parquet" and self.schema is None and _has_no_keys(column.type):
                    raise InputError(
                        f"{place} have objects without any key for {name!r}, which parquet has no column for: "
                        "write .csv or .jsonl"
                    )
                if _has_bool_as_float([value.get(name) for value in values], column.type):
                    raise InputError(f"{place} have both numbers and true or false for {name!r}: {hint}")
            if self.schema is None:
                return table
            schema = pa.schema(list(self.schema)[: -self.answers])
            if unknown := names.keys() - set(schema.names):
                raise InputError(f"{place} have keys that those before have not ({', '.join(sorted(unknown))}): {hint}")
            for field in table.schema:
                want = schema.field(field.name).type
                if not _fits(field.type, want):
                    raise InputError(f"{place} have {field.type} for {field.name!r}, the first ones {want}: {hint}")
            return pa.Table.from_pylist(values, schema)
        except (pa.ArrowException, OverflowError) as error:
            raise InputError(f"{place} do not make columns of one type each ({error}): {hint}") from None

    answers = 0
    """How many columns the answers have."""


def _loaded(rows: Rows, index: int, line: bytes) -> Any:
    """A JSON line's value. A number beyond all doubles would become infinity, and nobody would know."""

    def number(digits: str) -> float:
        if math.isinf(value := float(digits)):
            problem = f"the number {digits[:40]} is larger than a column can hold: write .jsonl, which needs no columns"
            raise InputError(str(rows.error(index, problem)))
        return value

    return json.loads(line, parse_float=number)


def _fits(kind: Any, want: Any) -> bool:
    """Whether values of one Arrow type go into another unchanged; pyarrow itself looks at the size of whole numbers."""
    types = arrow().types
    if kind == want or types.is_null(kind) or (types.is_integer(kind) and types.is_floating(want)):
        return True
    if types.is_struct(kind) and types.is_struct(want):
        there = {field.name: field.type for field in want}
        return all(field.name in there and _fits(field.type, there[field.name]) for field in kind)
    return types.is_list(kind) and types.is_list(want) and _fits(kind.value_type, want.value_type)


_DEEPEST = 40
"""pyarrow writes columns that are nested deeper than it reads: of lists fifty times."""


def _is_deep(kind: Any, left: int) -> bool:
    if not arrow().types.is_nested(kind):
        return False
    return left == 0 or any(_is_deep(kind.field(i).type, left - 1) for i in range(kind.num_fields))


def _has_no_keys(kind: Any) -> bool:
    """Whether there is an object of no fields in a type."""
    if arrow().types.is_struct(kind) and kind.num_fields == 0:
        return True
    return any(_has_no_keys(kind.field(i).type) for i in range(kind.num_fields))


def _has_bool_as_float(values: list[Any], kind: Any) -> bool:
    """Whether pyarrow, which chose the type, makes 1.0 of a true: it does so beside a float."""
    types = arrow().types
    values = [value for value in values if value is not None]
    if types.is_floating(kind):
        return bool in set(map(type, values))
    if types.is_struct(kind):
        return any(_has_bool_as_float([value.get(field.name) for value in values], field.type) for field in kind)
    if types.is_list(kind):
        return _has_bool_as_float([item for value in values for item in value], kind.value_type)
    return False


def _holds_bytes(kind: Any) -> bool:
    """Whether there are bytes in values of an Arrow type. A UUID's are written as its text."""
    pa = arrow()
    if isinstance(kind, pa.BaseExtensionType):
        return kind.extension_name != "arrow.uuid" and _holds_bytes(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _holds_bytes(kind.value_type)
    if pa.types.is_nested(kind):
        return any(_holds_bytes(kind.field(i).type) for i in range(kind.num_fields))
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _text_kind(kind: Any) -> Any:
    """The Arrow type that is written for another: of a time its text, of a duration the number of its unit.

    Python's dates end with the year 9999, and its times have no nanoseconds.
    """
    pa = arrow()
    if pa.types.is_duration(kind):
        return pa.int64()
    return pa.string() if pa.types.is_temporal(kind) else kind


def _bytes_kind(kind: Any) -> Any:
    """The type of the bytes of a string."""
    pa = arrow()
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return pa.large_binary() if any(test(kind) for test in tests) else kind


def _changed(kind: Any, change: Callable[[Any], Any]) -> Any:
    """An Arrow type with all that it is made of changed."""
    pa = arrow()
    types = pa.types

    def item(field: Any) -> Any:
        return field.with_type(_changed(field.type, change))

    if isinstance(kind, pa.BaseExtensionType):
        plain = _changed(kind.storage_type, change)
        return kind if plain == kind.storage_type else plain
    if types.is_dictionary(kind):
        plain = _changed(kind.value_type, change)
        return kind if plain == kind.value_type else plain
    if types.is_struct(kind):
        return pa.struct([item(field) for field in kind])
    if types.is_map(kind):
        return pa.map_(item(kind.key_field), item(kind.item_field))
    if types.is_fixed_size_list(kind):
        return pa.list_(item(kind.value_field), kind.list_size)
    if types.is_large_list(kind):
        return pa.large_list(item(kind.value_field))
    return pa.list_(item(kind.value_field)) if types.is_list(kind) else change(kind)


def _mend_columns(rows: Rows, text: str) -> dict[int, RowError]:
    """Make strings that are no UTF-8 readable; the errors of their rows."""
    pa = arrow()
    bad: dict[int, RowError] = {}
    for at, field in enumerate(rows.carrier.schema):
        column = rows.carrier.column(at)
        try:
            column.validate(full=True)
            continue
        except pa.ArrowInvalid:
            values = column.cast(_changed(field.type, _bytes_kind)).to_pylist()
        what = "the text" if field.name == text else f"column {field.name!r}"
        for i, value in enumerate(values):
            try:
                _decoded(value, "strict")
            except UnicodeDecodeError as error:
                byte = error.object[error.start]
                problem = f"{what} is not UTF-8: byte 0x{byte:02x} at position {error.start}"
                bad.setdefault(i, rows.error(i, problem))
        readable = pa.array([_decoded(value, "replace") for value in values], field.type)
        rows.carrier = rows.carrier.set_column(at, field, readable)
    return bad


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""What a lone surrogate looks like in JSON; pairs look so too."""


def _mend_lines(rows: Rows) -> dict[int, RowError]:
    """Make lone surrogates in JSON lines readable, which columns cannot hold; the errors of their rows."""
    bad: dict[int, RowError] = {}
    for i, line in enumerate(rows.carrier):
        if not _SURROGATE.search(line):
            continue
        value = json.dumps(_loaded(rows, i, line), ensure_ascii=False)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            code = f"U+{ord(value[error.start]):04X}"
            bad[i] = rows.error(i, f"a lone surrogate ({code}) stands in it, which only .jsonl can hold")
            rows.carrier[i] = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return bad


def _decoded(value: Any, errors: str) -> Any:
    """A value with its bytes as str."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors)
    if isinstance(value, dict):
        return {name: _decoded(item, errors) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_decoded(item, errors) for item in value)
    return value


_SAMPLE = 4096


def _write_parquet_part(table: Any, path: Path) -> None:
    """A part is read once more, soon: packing it would cost several times what it saves."""
    import pyarrow.parquet as pq

    # Categories of the table's own stay what they are; written plainly each row would repeat its category's text.
    categories = [field.name for field in table.schema if arrow().types.is_dictionary(field.type)]
    pq.write_table(
        table,
        arrow_file(path, "wb"),
        row_group_size=max(1, table.num_rows),
        compression="none",
        use_dictionary=categories or False,
        write_statistics=False,
    )


def _join_parquet(parts: list[Path], path: Path) -> None:
    """A row group for each part, packed as pyarrow does by default."""
    import pyarrow.parquet as pq

    schema = pq.read_schema(arrow_file(parts[0]))
    with pq.ParquetWriter(arrow_file(path, "wb"), schema, use_dictionary=_repeating(parts[0])) as writer:
        for part in parts:
            table = pq.read_table(arrow_file(part), partitioning=None)
            writer.write_table(table, row_group_size=max(1, table.num_rows))


def _repeating(part: Path) -> list[str] | bool:
    """The columns whose values repeat, by the first rows.

    pyarrow tries a dictionary on every column, and gives it up behind a megabyte of values that are all different: for
    texts and scores that is a third of the time that writing takes.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(arrow_file(part)) as file:
        leaves = [file.schema.column(i).path for i in range(len(file.schema))]
        some = next(file.iter_batches(_SAMPLE), None)
    if some is None or not some.num_rows:
        return True
    types = arrow().types
    different = set()
    for field, column in zip(some.schema, some.columns, strict=True):
        plain = not types.is_nested(field.type) and not types.is_dictionary(field.type)
        if plain and _mostly_different(column):
            different.add(field.name)
    return [leaf for leaf in leaves if leaf not in different] or False


def _mostly_different(column: Any) -> bool:
    try:
        return len(column.unique()) > len(column) // 2
    except arrow().ArrowNotImplementedError:
        return False  # UUIDs, JSON, small decimals: pyarrow counts none of them


def _write(path: Path, pieces: Iterable[bytes], format: Format) -> None:
    with path.open("xb") as raw:
        if format.codec is None:
            raw.writelines(pieces)
            return
        with arrow().CompressedOutputStream(raw, format.codec) as packed:
            for piece in pieces:
                packed.write(piece)


def _csv_lines(table: Any, *, header: bool) -> Iterable[bytes]:
    rows: list[str] = []
    # With both characters in the row's end the module puts quotes around a lone carriage return too.
    writer = csv.writer(SimpleNamespace(write=rows.append), lineterminator="\r\n")
    if header:
        writer.writerow(table.column_names)
    for batch in table.to_batches(4096):
        columns = [_cells(column) for column in batch.columns]
        writer.writerows(zip(*columns, strict=True))
        yield _taken(rows)
    yield _taken(rows)


def _taken(rows: list[str]) -> bytes:
    """The rows, each ended by a line feed alone."""
    data = "".join([row[:-2] + "\n" for row in rows]).encode()
    rows.clear()
    return data


def _cells(column: Any) -> list[Any]:
    """Values as CSV has them: null is empty, a list or struct its JSON."""
    types = arrow().types
    values: list[Any] = column.to_pylist()
    if types.is_nested(column.type):
        return ["" if value is None else _json(value) for value in values]
    return values


def _json_lines(rows: list[Rows], answers: Any) -> Iterable[bytes]:
    at = 0
    for group in rows:
        own = answers.slice(at, len(group)).to_pylist()
        at += len(group)
        if isinstance(group.carrier, list):
            yield b"".join(_spliced(line, answer) for line, answer in zip(group.carrier, own, strict=True))
        else:
            lines = group.carrier.to_pylist()
            yield "".join(_json(line | answer) + "\n" for line, answer in zip(lines, own, strict=True)).encode()


def _spliced(line: bytes, answer: dict[str, Any]) -> bytes:
    """The line with the answer's keys at its end."""
    return spliced(line, _json(answer)[1:-1].encode()) + b"\n"


def _json(value: Any) -> str:
    try:
        # Decimals and UUIDs have no JSON: their text stands for them.
        return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=str)


def _finite(value: Any) -> Any:
    """The value with null for NaN and infinity, which JSON has not."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
