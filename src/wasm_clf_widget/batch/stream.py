"""``classify_batches``: record batches in, the same with answers out, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .columns import Columns
from .input import Nulls, arrow, check_nulls, check_type
from .pieces import SMALLEST_BYTES, cutter
from .run import Group, answered_groups
from .sample import Parity, Sample
from .threads import check_jobs

if TYPE_CHECKING:
    from ..classifier import Classifier


def classify_batches(
    classifier: Classifier,
    batches: Iterable[Any],
    text: str,
    *,
    nulls: Nulls,
    scores: bool,
    prefix: str,
    n_jobs: int | None,
    parity: Parity,
) -> Iterator[Any]:
    """See ``Classifier.classify_batches``."""
    check_nulls(nulls)
    columns = Columns(classifier.model, prefix=prefix, scores=scores)
    cut = cutter(classifier.model, nulls, f"row {{row}} of column {text!r}")
    sample = Sample(classifier, columns, parity)
    jobs = check_jobs(n_jobs)
    groups = _groups(_checked(_several(batches), text, columns), text, merge=jobs > 1)
    for owners, answered in answered_groups(classifier, groups, cut, n_jobs=jobs):
        pa = arrow()
        for piece in answered:
            sample.see(piece)
        table = pa.Table.from_batches([columns.record(piece) for piece in answered], columns.schema)
        start = 0
        for batch in owners:
            yield _joined(batch, table.slice(start, batch.num_rows), columns)
            start += batch.num_rows
    sample.finish()


def _several(batches: Any) -> Iterable[Any]:
    """The batches; a lone one, as Ray Data's ``map_batches`` gives with each call (a table, or columns by name).

    Both would iterate as well, over their columns.
    """
    pa = arrow()
    if isinstance(batches, pa.Table | pa.RecordBatch):
        return (batches,)
    if isinstance(batches, Mapping):
        try:
            return (pa.table({name: _as_column(values) for name, values in batches.items()}),)
        except (pa.ArrowException, TypeError, UnicodeEncodeError) as error:
            raise InputError(
                f"the columns {', '.join(map(repr, batches))} do not make a table: {error}; give batch_format='pyarrow'"
            ) from None
    if hasattr(batches, "to_arrow") or hasattr(batches, "iloc"):
        raise InputError(
            f"record batches are needed, found a {type(batches).__name__}: for a table of its kind call classify_frame "
            "(in Ray Data give batch_format='pyarrow')"
        )
    return batches  # type: ignore[no-any-return]


def _as_column(values: Any) -> Any:
    """An array of several dimensions (embeddings beside the texts) as lists, which Arrow takes."""
    return values.tolist() if getattr(values, "ndim", 1) > 1 else values


def _checked(batches: Iterable[Any], text: str, columns: Columns) -> Iterator[Any]:
    """The batches, each with the column and without names that the answers will have."""
    pa = arrow()
    for number, batch in enumerate(batches):
        if not isinstance(batch, pa.RecordBatch | pa.Table):
            raise InputError(f"batch {number} must be a pyarrow RecordBatch (or Table), found {type(batch).__name__}")
        if text not in batch.schema.names:
            raise InputError(
                f"batch {number} has no column {text!r}; it has {', '.join(map(repr, batch.schema.names))}"
            )
        check_type(batch.column(text), f"column {text!r} of batch {number}")
        columns.check_free(batch.schema.names)
        yield batch


def _groups(batches: Iterable[Any], text: str, *, merge: bool) -> Iterator[Group[list[Any]]]:
    """A group for each batch; with threads, small ones together, since small calls do not pay."""
    owners: list[Any] = []
    size = 0
    for batch in batches:
        owners.append(batch)
        size += batch.column(text).nbytes
        if not merge or size >= SMALLEST_BYTES:
            yield _group(owners, text)
            owners, size = [], 0
    if owners:
        yield _group(owners, text)


def _group(owners: list[Any], text: str) -> Group[list[Any]]:
    pa = arrow()
    chunks: list[Any] = []
    for batch in owners:
        column = batch.column(text)
        chunks += column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    kinds = {chunk.type for chunk in chunks}
    if len(chunks) > 1 and len(kinds) == 1 and not pa.types.is_dictionary(chunks[0].type):
        chunks = [pa.concat_arrays(chunks)]
    return Group(owners, chunks)


def _joined(batch: Any, answers: Any, columns: Columns) -> Any:
    pa = arrow()
    if isinstance(batch, pa.Table):
        for name in columns.schema.names:
            batch = batch.append_column(name, answers.column(name))
        return batch
    if answers.num_rows:
        (whole,) = answers.combine_chunks().to_batches()
    else:
        whole = pa.RecordBatch.from_pylist([], schema=columns.schema)
    # The fields' own metadata and nullability stay; Spark compares the schema with the one that it was told.
    schema = pa.schema([*batch.schema, *columns.schema], batch.schema.metadata)
    return pa.RecordBatch.from_arrays([*batch.columns, *whole.columns], schema=schema)
