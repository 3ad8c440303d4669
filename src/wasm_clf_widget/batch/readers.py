"""Files read as groups of rows, from any position that a group ended at.

Nothing of a file is changed on its way through: of a CSV every column stays text ("007" stays "007"), a JSON line keeps
its bytes. Each reader gives the same groups in every run, so that a resumed job makes the same file.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import InputError
from .errors import RowError
from .input import arrow, arrow_file, is_text
from .sources import Format, Source

GROUP_ROWS = 16_384
GROUP_BYTES = 8 << 20
_LONGEST_FIELD = (1 << 31) - 1

Position = tuple[int, ...]
"""Where to go on: (file, …) in the reader's own terms."""


@dataclass(slots=True)
class Rows:
    """Consecutive rows of one file.

    ``texts`` has a null where there is none and in rows that failed; ``carrier`` is the rows themselves: a pyarrow
    Table, or a list of JSON lines. ``failed`` are rows (by their number in the file, from 1) that have no answer or,
    where they could not be read at all, are left out; ``numbers`` says which rows are there where some are left out.
    """

    source: Source
    first: int
    texts: Any
    carrier: Any
    after: Position
    failed: list[RowError] = field(default_factory=list)
    numbers: list[int] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def error(self, index: int, problem: str) -> RowError:
        """The error of the row at ``index`` of these."""
        number = self.first + index if self.numbers is None else self.numbers[index]
        return row_error(self.source, number, problem)


def row_error(source: Source, number: int, problem: str) -> RowError:
    """An error of row ``number`` (from 1) of a file."""
    return RowError(number, problem, f"{source.path}: row {{row}}")


class Reader(Protocol):
    """Reads all files of a job."""

    names: list[str]
    """The columns, as far as they are known beforehand (of JSON lines they are not)."""

    total: int | None
    """Rows in all, or None where only ``size`` is known."""

    def read(self, start: Position) -> Iterator[Rows]:
        """The groups of rows from a position on; () is the beginning."""
        ...

    def bytes_read(self) -> int:
        """How far the files have been read, for the progress bar."""
        ...


def open_reader(
    sources: list[Source], text: str, *, skip: bool, delimiter: str = ",", taken: Iterable[str] = ()
) -> Reader:
    """The reader for the format that all sources have. ``skip``: rows that cannot be read are noted, not raised.

    ``taken`` are the names of the columns to come, which a JSON line must not have; of other formats ``names`` tells.
    """
    kind = sources[0].format.kind
    if kind == "parquet":
        return ParquetReader(sources, text)
    if kind == "csv":
        return CsvReader(sources, text, skip=skip, delimiter=delimiter)
    return JsonReader(sources, text, skip=skip, taken=taken)


def no_column(source: Source, text: str, names: Iterable[str]) -> InputError:
    """The error of a file without the column."""
    names = list(names)
    found = [mark for mark in ";\t|" if len(names) == 1 and text in names[0].split(mark)]
    hint = f" (the fields seem to be divided by {found[0]!r}: give --delimiter)" if found else ""
    known = ", ".join(map(repr, names)) or "none"
    return InputError(f"{source.path}: there is no column {text!r}; there are {known}{hint}")


def _folder_columns(source: Source, names: Sequence[str]) -> list[str]:
    """The columns that a file's folders name, each once and none of which the file may have."""
    added: list[str] = []
    for name, _ in source.partition:
        if name in added:
            raise InputError(f"{source.path}: two of its folders name the column {name!r}")
        if name in names:
            raise InputError(f"{source.path}: the column {name!r} stands in the file and in its folder's name")
        added.append(name)
    return added


class ParquetReader:
    """Parquet, a row group at a time."""

    def __init__(self, sources: list[Source], text: str) -> None:
        self._sources = sources
        self._text = text
        self._read = 0
        self.total: int | None = 0
        self.names: list[str] = []
        self._schema: Any = None
        for source in sources:
            with _parquet(source) as file:
                self._check_schema(source, file.schema_arrow)
                self.total += file.metadata.num_rows

    def _check_schema(self, source: Source, schema: Any) -> None:
        pa = arrow()
        if self._text not in schema.names:
            raise no_column(source, self._text, schema.names)
        if len(set(schema.names)) < len(schema.names):
            raise InputError(f"{source.path}: the file names a column twice: {schema.names}")
        if not is_text(kind := schema.field(self._text).type):
            raise InputError(f"{source.path}: column {self._text!r} must hold strings, it is of type {kind}")
        for name in _folder_columns(source, schema.names):
            schema = schema.append(pa.field(name, pa.string()))
        if self._schema is None:
            self._schema, self.names = schema, list(schema.names)
        elif not self._schema.equals(schema):
            raise InputError(
                f"{source.path}: its columns differ from those of {self._sources[0].path}: "
                f"{_columns(schema)} against {_columns(self._schema)}"
            )

    def read(self, start: Position) -> Iterator[Rows]:
        """Groups; a position is (file, row group, batch)."""
        file, group, batch = start or (0, 0, 0)
        for number in range(file, len(self._sources)):
            yield from self._file(number, group, batch)
            group = batch = 0

    def _file(self, number: int, first_group: int, first_batch: int) -> Iterator[Rows]:
        pa = arrow()
        source = self._sources[number]
        with _parquet(source) as file:
            about = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            row = 1 + sum(group.num_rows for group in about[:first_group])
            for i in range(first_group, len(about)):
                # By the sizes that the file states, a group of rows is some megabytes however long they are.
                width = max(1, about[i].total_byte_size // max(1, about[i].num_rows))
                step = max(64, min(GROUP_ROWS, GROUP_BYTES // width))
                batches = file.iter_batches(step, row_groups=[i])
                for j, batch in enumerate(_checked(source, batches, row - 1)):
                    if i > first_group or j >= first_batch:
                        table = pa.Table.from_batches([batch])
                        for name, value in source.partition:
                            table = table.append_column(name, pa.array([value] * len(batch), pa.string()))
                        yield Rows(source, row, batch.column(self._text), table, (number, i, j + 1))
                    row += len(batch)
                    self._read += batch.nbytes

    def bytes_read(self) -> int:
        """Bytes of the columns, unpacked."""
        return self._read


class CsvReader:
    """CSV as Python's csv module reads it, strictly: a quote that is not closed is an error."""

    def __init__(self, sources: list[Source], text: str, *, skip: bool, delimiter: str) -> None:
        self._sources = sources
        self._skip = skip
        self._delimiter = delimiter
        self._lines = Lines()
        self.total: int | None = None
        # The module's own limit of 128 kB for a field is for the whole process; a longer one is no error here.
        csv.field_size_limit(_LONGEST_FIELD)
        self.names: list[str] = []
        for source in sources:
            with Lines().open(source) as lines:
                names = self._header(source, csv.reader(lines, delimiter=delimiter, strict=True))
            if text not in names:
                raise no_column(source, text, names)
            self._width = len(names)
            names += _folder_columns(source, names)
            self.names = self.names or names
            if names != self.names:
                raise InputError(f"{source.path}: its columns differ from those of {sources[0].path}: {names}")
        self._text = self.names.index(text)

    def _header(self, source: Source, reader: Iterator[list[str]]) -> list[str]:
        try:
            names = next(reader, [])
            "".join(names).encode()
        except UnicodeEncodeError:
            raise InputError(f"{source.path}: the header is not UTF-8") from None
        except (csv.Error, OSError) as error:
            raise InputError(f"{source.path}: the header cannot be read: {error}") from None
        if len(set(names)) < len(names):
            raise InputError(f"{source.path}: the header names a column twice: {names}")
        return names

    def read(self, start: Position) -> Iterator[Rows]:
        """Groups; a position is (file, rows of it)."""
        file, row = start or (0, 0)
        for number in range(file, len(self._sources)):
            source = self._sources[number]
            with self._lines.open(source) as lines:
                reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
                self._header(source, reader)
                yield from self._file(number, reader, row)
            row = 0

    def _file(self, number: int, reader: Any, begin: int) -> Iterator[Rows]:
        source = self._sources[number]
        rows: list[list[str]] = []
        numbers: list[int] = []
        failed: list[RowError] = []
        size = at = 0
        first = begin + 1
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except (csv.Error, OSError) as error:
                problem = _csv_problem(error, line, reader.line_num)
                # Behind a quote that is never closed there may be any number of good rows.
                if isinstance(error, OSError) or not self._skip or _OPEN_QUOTE in problem:
                    raise row_error(source, at + 1, f"the file cannot be read on: {problem}") from None
                row = []
            else:
                problem = f"{len(row)} fields are given, the header has {self._width}"
                problem += _lines(line, reader.line_num)
                if not row:
                    continue  # an empty line, which csv gives as no fields
            at += 1
            if at <= begin:
                continue
            if len(row) != self._width:
                failed.append(row_error(source, at, problem))
                if not self._skip:
                    raise failed[0]
            else:
                rows.append(row)
                numbers.append(at)
                size += sum(map(len, row))
            if len(rows) + len(failed) >= GROUP_ROWS or size >= GROUP_BYTES:
                yield self._rows(source, first, rows, (number, at), failed, numbers)
                rows, numbers, failed, size, first = [], [], [], 0, at + 1
        if rows or failed:
            yield self._rows(source, first, rows, (number, at), failed, numbers)

    def _rows(
        self,
        source: Source,
        first: int,
        rows: list[list[str]],
        after: Position,
        failed: list[RowError],
        numbers: list[int],
    ) -> Rows:
        pa = arrow()
        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(self._width)]
        bad: dict[int, RowError] = {}
        arrays = []
        for column in columns:
            try:
                arrays.append(pa.array(column, pa.large_string()))
            except UnicodeEncodeError:
                bad |= _not_utf8(source, column, numbers)
                arrays.append(pa.array([_readable(cell) for cell in column], pa.large_string()))
        if bad and not self._skip:
            raise bad[min(bad)]
        arrays += [pa.array([value] * len(rows), pa.large_string()) for _, value in source.partition]
        texts = arrays[self._text]
        if bad:
            texts = pa.array(
                [None if i in bad else text for i, text in enumerate(texts.to_pylist())], pa.large_string()
            )
        left_out = numbers if failed else None
        failed = sorted([*failed, *bad.values()], key=lambda error: error.row)
        return Rows(source, first, texts, pa.Table.from_arrays(arrays, self.names), after, failed, left_out)

    def bytes_read(self) -> int:
        """Bytes of the files, packed as they are."""
        return self._lines.bytes_read()


class JsonReader:
    """JSON lines: one object a line, kept as it stands."""

    def __init__(self, sources: list[Source], text: str, *, skip: bool, taken: Iterable[str]) -> None:
        self._sources = sources
        self._skip = skip
        self._text = text
        self._taken = frozenset(taken)
        self._lines = Lines()
        self.total: int | None = None
        self.names = _folder_columns(sources[0], ())

    def read(self, start: Position) -> Iterator[Rows]:
        """Groups; a position is (file, lines of it)."""
        file, line = start or (0, 0)
        for number in range(file, len(self._sources)):
            with self._lines.open_raw(self._sources[number]) as raw:
                yield from self._file(number, raw, line)
            line = 0

    def _file(self, number: int, raw: Iterable[bytes], begin: int) -> Iterator[Rows]:
        source = self._sources[number]
        group: list[bytes] = []
        size = at = 0
        lines = iter(raw)
        while True:
            try:
                line = next(lines, None)
            except OSError as error:
                raise row_error(source, at + 1, f"the file cannot be read on: {error}") from None
            if line is None:
                break
            at += 1
            if at <= begin:
                continue
            group.append(line)
            size += len(line)
            if len(group) >= GROUP_ROWS or size >= GROUP_BYTES:
                yield self._rows(source, at - len(group) + 1, group, (number, at))
                group, size = [], 0
        if group:
            yield self._rows(source, at - len(group) + 1, group, (number, at))

    def _rows(self, source: Source, first: int, lines: list[bytes], after: Position) -> Rows:
        pa = arrow()
        kept: list[bytes] = []
        texts: list[str | None] = []
        numbers: list[int] = []
        failed: list[RowError] = []
        added = json.dumps(dict(source.partition), ensure_ascii=False)[1:-1].encode()
        for number, line in enumerate(lines, first):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                if not isinstance(value, dict):
                    raise ValueError(f"an object is needed, found {type(value).__name__}")
                if self._text not in value:
                    raise ValueError(f"there is no {self._text!r} in it; there are {', '.join(map(repr, value))}")
                if self._taken.intersection(value):
                    names = ", ".join(map(repr, sorted(self._taken.intersection(value))))
                    raise ValueError(f"it has {names} already: give a --prefix for the new columns")
                if both := sorted(set(self.names).intersection(value)):
                    raise ValueError(f"{both[0]!r} stands in the line and in its folder's name")
                text = value[self._text]
                if not isinstance(text, str | None):
                    raise ValueError(f"{self._text!r} must be a string, found {type(text).__name__}")
                if text is not None:
                    text.encode()
            except UnicodeDecodeError as error:
                failed.append(row_error(source, number, f"not UTF-8: byte 0x{line[error.start]:02x} at {error.start}"))
            except (ValueError, RecursionError) as error:
                failed.append(row_error(source, number, str(error)))
            else:
                kept.append(spliced(line, added) if added else line)
                texts.append(text)
                numbers.append(number)
            if failed and not self._skip:
                raise failed[0]
        left_out = numbers if len(numbers) < len(lines) else None
        return Rows(source, first, pa.array(texts, pa.large_string()), kept, after, failed, left_out)

    def bytes_read(self) -> int:
        """Bytes of the files, packed as they are."""
        return self._lines.bytes_read()


def spliced(line: bytes, more: bytes) -> bytes:
    """The object of a line with more keys at its end; what stands in it is not written anew, so no digit changes."""
    body = line.strip()[:-1].rstrip()
    comma = b"" if body.endswith(b"{") else b", "
    return body + comma + more + b"}"


class Lines:
    """Opens files of text, unpacked, and knows how many of their bytes have been read."""

    def __init__(self) -> None:
        self._before = self._size = 0
        self._raw: Any = None

    def open_raw(self, source: Source) -> Any:
        """The bytes."""
        self._before += self._size
        try:
            self._raw = source.path.open("rb", buffering=0)
            self._size = source.path.stat().st_size
        except OSError as error:
            raise InputError(f"{source.path}: cannot be read: {error.strerror}") from None
        stream = unpacked(self._raw, source.format)
        try:
            if stream.peek(3)[:3] == b"\xef\xbb\xbf":
                stream.read(3)
        except OSError as error:
            raise InputError(f"{source.path}: cannot be read: {error}") from None
        return stream

    def open(self, source: Source) -> Any:
        """The text; bytes that are no UTF-8 become lone surrogates, which are looked for afterwards."""
        return io.TextIOWrapper(self.open_raw(source), "utf-8", "surrogateescape", newline="")

    def bytes_read(self) -> int:
        """Bytes of all files opened so far, as far as they have been read."""
        if self._raw is None:
            return 0
        return self._before + (self._size if self._raw.closed else self._raw.tell())


def unpacked(raw: Any, format: Format) -> Any:
    """A buffered stream of what a file holds; one that ends in the middle of a packed stream is an OSError."""
    if format.codec is None:
        return io.BufferedReader(raw, 1 << 18)
    return io.BufferedReader(_Stream(arrow().CompressedInputStream(raw, format.codec)), 1 << 18)


class _Stream(io.RawIOBase):
    """pyarrow's stream as Python's own kind of stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _parquet(source: Source) -> Any:
    import pyarrow.parquet as pq

    try:
        # With a buffer a column is read a little at a time, not a whole row group of it.
        return pq.ParquetFile(arrow_file(source.path), pre_buffer=False, buffer_size=1 << 20)
    except (OSError, arrow().ArrowException) as error:
        raise InputError(f"{source.path}: no parquet file that can be read: {error}") from None


def _checked(source: Source, batches: Iterator[Any], row: int) -> Iterator[Any]:
    """The batches; damage inside of a file as an InputError. ``row`` rows stand before them."""
    while True:
        try:
            batch = next(batches, None)
        except (OSError, arrow().ArrowException) as error:
            raise InputError(f"{source.path}: the file is damaged behind row {row}: {error}") from None
        if batch is None:
            return
        row += len(batch)
        yield batch


def _columns(schema: Any) -> str:
    return ", ".join(f"{f.name}: {f.type}" + ("" if f.nullable else " not null") for f in schema)


_OPEN_QUOTE = "unexpected end of data"
"""csv's words for the end of the file between quotes."""


def _csv_problem(error: Exception, first: int, last: int) -> str:
    """csv's own words about what it took for a row, and what they mean where they do not say."""
    if _OPEN_QUOTE not in str(error):
        return f"{error}{_lines(first, last)}"
    return f"{error} (a quote that this row opens, in line {first:,} or behind it, is never closed)"


def _lines(first: int, last: int) -> str:
    """Where more than one line was taken for a row: a quote too many takes good rows with it."""
    return f" (in lines {first:,} to {last:,}, which make one row by their quotes)" if last > first else ""


def _not_utf8(source: Source, column: list[str], numbers: list[int]) -> dict[int, RowError]:
    bad = {}
    for i, cell in enumerate(column):
        try:
            cell.encode("utf-8", "surrogateescape").decode()
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            bad[i] = row_error(source, numbers[i], f"not UTF-8: byte 0x{byte:02x} at position {error.start} of a field")
    return bad


def _readable(cell: str) -> str:
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
