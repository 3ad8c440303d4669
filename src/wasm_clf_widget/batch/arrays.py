"""``predict``, ``predict_proba`` and ``decision_function`` of columns of any kind, on any number of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engines import Batch, Engine
from ..model.shape import Shape, shape_of
from .input import Nulls, check_nulls, text_column
from .pieces import Piece, all_pieces, cutter
from .threads import check_jobs, engines_of, run_ordered
from .work import Answered, answer

if TYPE_CHECKING:
    from ..classifier import Classifier


def answers(classifier: Classifier, texts: Any, *, n_jobs: int | None, nulls: Nulls) -> tuple[Batch, Any]:
    """All answers as one batch of numpy arrays, and a mask of the rows that have none (None where all have one).

    Rows without a text have NaN and label 0.
    """
    check_nulls(nulls)
    jobs = check_jobs(n_jobs)
    column = text_column(texts, nulls)
    cut = cutter(classifier.model, nulls, "texts[{row}]", parts=jobs, size=column.size)
    table = _Table(shape_of(classifier.model), column.rows)

    def work(engine: Engine, piece: Piece) -> None:
        table.put(answer(engine, piece, "fail", cut.where))

    for _ in run_ordered(work, all_pieces(column, cut), engines_of(classifier), jobs):
        pass
    return table.batch()


class _Table:
    """Room for the answers to all rows. Pieces are put into their own rows, by whichever thread has answered them."""

    def __init__(self, shape: Shape, rows: int) -> None:
        import numpy as np

        kinds = [
            (shape.scores, np.float64),
            (shape.probabilities, np.float64),
            (shape.labels, np.uint32),
            (1, np.uint32),
            (1, np.uint32),
        ]
        self._tables = [np.empty((rows, width), dtype) for width, dtype in kinds]
        self._missing = np.zeros(rows, bool)

    def put(self, answered: Answered) -> None:
        """The answers of a piece into its rows."""
        import numpy as np

        batch, piece = answered.batch, answered.piece
        rows = slice(piece.row, piece.row + piece.rows)
        places = answered.places
        if places is not None:
            places = places.fill_null(-1).to_numpy(zero_copy_only=False)
            self._missing[rows] = places < 0
        answers = (batch.scores, batch.probabilities, batch.labels, batch.known, batch.replaced)
        for table, values in zip(self._tables, answers, strict=True):
            own = np.asarray(() if values is None else values, table.dtype).reshape(batch.n, table.shape[1])
            table[rows] = own if places is None else _spread(own, places)

    def batch(self) -> tuple[Batch, Any]:
        """All rows, and which of them have no answer."""
        flat: list[Any] = [table.reshape(-1) for table in self._tables]
        if not self._tables[1].shape[1]:
            flat[1] = None
        return Batch(len(self._missing), *flat), self._missing if self._missing.any() else None


def _spread(table: Any, places: Any) -> Any:
    """For each place its row of the table, for −1 a row of NaN or 0."""
    import numpy as np

    nothing = np.full((1, table.shape[1]), np.nan if table.dtype == np.float64 else 0, table.dtype)
    return np.concatenate([table, nothing])[places]
