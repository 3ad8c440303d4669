"""Finished parts of a job's output, and their joining.

A part holds some rows in the output's format (of CSV the first has the header): it can be read meanwhile. Packed
streams may follow each other in one file by their formats' own rules, so parts of CSV and JSON lines are joined byte by
byte; of parquet each part becomes a row group.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import InputError
from .input import arrow
from .readers import Rows, spliced
from .sources import Format


class Writer:
    """Writes parts of one format. ``schema`` is that of the first part, where there is one already."""

    def __init__(self, format: Format, schema: Any = None) -> None:
        self.format = format
        self.schema = schema

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
        schema = None if self.schema is None else pa.schema(list(self.schema)[: -self.answers])
        values = [json.loads(line) for group in rows for line in group.carrier]
        try:
            if schema is None:
                names = dict.fromkeys(name for value in values for name in value)
                return pa.Table.from_pylist([{name: value.get(name) for name in names} for value in values])
            if unknown := {name for value in values for name in value} - set(schema.names):
                raise InputError(
                    f"lines behind the first {len(values):,} have keys that those have not "
                    f"({', '.join(sorted(unknown))}): write .jsonl, which needs no columns"
                )
            return pa.Table.from_pylist(values, schema)
        except (pa.ArrowException, OverflowError) as error:
            raise InputError(
                f"the JSON lines do not make columns of one type each ({error}): write .jsonl, which needs none"
            ) from None

    answers = 0
    """How many columns the answers have."""


_SAMPLE = 4096


def _write_parquet_part(table: Any, path: Path) -> None:
    """A part is read once more, soon: packing it would cost several times what it saves."""
    import pyarrow.parquet as pq

    # Categories of the table's own stay what they are; written plainly each row would repeat its category's text.
    categories = [field.name for field in table.schema if arrow().types.is_dictionary(field.type)]
    pq.write_table(
        table,
        path,
        row_group_size=max(1, table.num_rows),
        compression="none",
        use_dictionary=categories or False,
        write_statistics=False,
    )


def _join_parquet(parts: list[Path], path: Path) -> None:
    """A row group for each part, packed as pyarrow does by default."""
    import pyarrow.parquet as pq

    schema = pq.read_schema(parts[0])
    with pq.ParquetWriter(path, schema, use_dictionary=_repeating(parts[0])) as writer:
        for part in parts:
            table = pq.read_table(part, partitioning=None)
            writer.write_table(table, row_group_size=max(1, table.num_rows))


def _repeating(part: Path) -> list[str] | bool:
    """The columns whose values repeat, by the first rows.

    pyarrow tries a dictionary on every column, and gives it up behind a megabyte of values that are all different: for
    texts and scores that is a third of the time that writing takes.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(part) as file:
        leaves = [file.schema.column(i).path for i in range(len(file.schema))]
        some = next(file.iter_batches(_SAMPLE), None)
    if some is None or not some.num_rows:
        return True
    types = arrow().types
    different = set()
    for field, column in zip(some.schema, some.columns, strict=True):
        plain = not types.is_nested(field.type) and not types.is_dictionary(field.type)
        if plain and len(column.unique()) > len(column) // 2:
            different.add(field.name)
    return [leaf for leaf in leaves if leaf not in different] or False


def _write(path: Path, pieces: Iterable[bytes], format: Format) -> None:
    with path.open("xb") as raw:
        if format.codec is None:
            raw.writelines(pieces)
            return
        with arrow().CompressedOutputStream(raw, format.codec) as packed:
            for piece in pieces:
                packed.write(piece)


def _csv_lines(table: Any, *, header: bool) -> Iterable[bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(table.column_names)
    for batch in table.to_batches(4096):
        columns = [_cells(column) for column in batch.columns]
        writer.writerows(zip(*columns, strict=True))
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


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
    # Dates, decimals and bytes have no JSON: their text stands for them.
    return json.dumps(value, ensure_ascii=False, default=str)
