"""``classify_frame``: a table with the answers as added columns, in the table's own kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engines import Engine
from ..errors import InputError
from .columns import Columns
from .input import Nulls, arrow, check_nulls, check_type, text_column
from .pieces import Piece, all_pieces, cutter
from .sample import Parity, Sample
from .threads import check_jobs, engines_of, run_ordered
from .work import Answered, answer

if TYPE_CHECKING:
    from ..classifier import Classifier


def classify_frame(
    classifier: Classifier,
    frame: Any,
    text: str,
    *,
    nulls: Nulls,
    scores: bool,
    prefix: str,
    n_jobs: int | None,
    parity: Parity,
) -> Any:
    """See ``Classifier.classify_frame``."""
    check_nulls(nulls)
    jobs = check_jobs(n_jobs)
    pa = arrow()
    table, column = _column(frame, text)
    columns = Columns(classifier.model, prefix=prefix, scores=scores)
    columns.check_free(table.columns)
    native = column.to_native()
    # Nulls are let through here: the cutter knows the row and the rule.
    texts = text_column(check_type(native, repr(text)) if _is_arrow(native) else native, "skip")
    cut = cutter(classifier.model, nulls, f"row {{row}} of column {text!r}", parts=jobs, size=texts.size)
    sample = Sample(classifier, columns, parity)
    records = []

    def work(engine: Engine, piece: Piece) -> tuple[Answered, Any]:
        answered = answer(engine, piece, "fail", cut.where)
        return answered, columns.record(answered)

    for answered, record in run_ordered(work, all_pieces(texts, cut), engines_of(classifier), jobs):
        records.append(record)
        sample.see(answered)
    sample.finish()
    return _with_columns(table, pa.Table.from_batches(records, columns.schema), nullable=nulls == "skip")


def _column(frame: Any, text: str) -> tuple[Any, Any]:
    """The frame as narwhals sees it, and its column."""
    try:
        import narwhals.stable.v2 as nw
    except ImportError:
        raise InputError("tables need narwhals: pip install 'wasm_clf_widget[batch]'") from None
    pa = arrow()
    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    try:
        table = nw.from_native(frame, pass_through=True)
    except nw.exceptions.NarwhalsError as error:  # two columns of one name
        raise InputError(f"the table cannot be read: {error}") from None
    if isinstance(table, nw.LazyFrame):
        raise InputError(
            f"a table in memory is needed, found a lazy one ({type(frame).__name__}): collect it first; for Dask and "
            "Spark there is wasm_clf_widget.distributed"
        )
    if not isinstance(table, nw.DataFrame):
        raise InputError(
            f"a pandas or polars DataFrame or a pyarrow Table is needed, found {type(frame).__name__}: for a list of "
            "texts use classify or predict"
        )
    if text not in table.columns:
        raise InputError(f"the table has no column {text!r}; it has {', '.join(map(repr, table.columns)) or 'none'}")
    return table, table.get_column(text)


def _is_arrow(column: Any) -> bool:
    pa = arrow()
    return isinstance(column, pa.ChunkedArray)


def _with_columns(table: Any, answers: Any, *, nullable: bool) -> Any:
    """The same kind of table with the answers as further columns; ``nullable``: rows may have none."""
    import narwhals.stable.v2 as nw

    native = table.to_native()
    pa = arrow()
    if isinstance(native, pa.Table):
        for name, column in zip(answers.column_names, answers.columns, strict=True):
            native = native.append_column(name, column)
        return native
    if nullable and table.implementation.is_pandas():
        import pandas

        # numpy has no null for them: numbers would become floats, which 2⁵³ + 1 is not.
        kinds = {pa.int64(): pandas.Int64Dtype(), pa.uint64(): pandas.UInt64Dtype(), pa.bool_(): pandas.BooleanDtype()}
        added = nw.from_native(answers.to_pandas(types_mapper=kinds.get), eager_only=True)
    else:
        added = nw.from_arrow(answers, backend=table.implementation)
    whole = table.with_columns(*(added[name] for name in added.columns)).to_native()
    if table.implementation.is_pandas():
        whole.attrs = dict(native.attrs)
    return whole
