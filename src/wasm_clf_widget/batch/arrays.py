"""``predict``, ``predict_proba`` and ``decision_function`` of columns of any kind, on any number of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engines import Batch
from ..model.shape import Shape, shape_of
from .input import Nulls, check_nulls, text_chunks
from .pieces import Piece, cutter
from .run import Group, answered_groups
from .threads import check_jobs
from .work import Answered

if TYPE_CHECKING:
    from ..classifier import Classifier


def answers(classifier: Classifier, texts: Any, *, n_jobs: int | None, nulls: Nulls) -> tuple[Batch, Any]:
    """All answers as one batch of numpy arrays, and a mask of the rows that have none (None where all have one).

    Rows without a text have NaN and label 0.
    """
    import numpy as np

    check_nulls(nulls)
    jobs = check_jobs(n_jobs)
    chunks = list(text_chunks(texts, nulls))
    size = sum(chunk.nbytes for chunk in chunks if not isinstance(chunk, list))
    cut = cutter(classifier.model, nulls, "texts[{row}]", parts=jobs, size=size)
    shape = shape_of(classifier.model)
    rows: list[tuple[Any, ...]] = [_rows(Answered(Piece(0, 0, []), _NOTHING, None), shape)]
    for _, done in answered_groups(classifier, [Group(None, chunks)], cut, n_jobs=jobs):
        rows += [_rows(piece, shape) for piece in done]
    scores, probabilities, labels, known, replaced, missing = map(np.concatenate, zip(*rows, strict=True))
    flat: list[Any] = [table.reshape(-1) for table in (scores, probabilities, labels, known, replaced)]
    if not shape.probabilities:
        flat[1] = None
    batch = Batch(len(missing), *flat)
    return batch, missing if missing.any() else None


_NOTHING = Batch(0, (), (), (), (), ())


def _rows(answered: Answered, shape: Shape) -> tuple[Any, ...]:
    """(scores, probabilities, labels, known, replaced, missing) of a piece's rows, a row each."""
    import numpy as np

    batch = answered.batch
    kinds = [
        (batch.scores, shape.scores, np.float64),
        (batch.probabilities, shape.probabilities, np.float64),
        (batch.labels, shape.labels, np.uint32),
        (batch.known, 1, np.uint32),
        (batch.replaced, 1, np.uint32),
    ]
    tables = [
        np.asarray(() if values is None else values, dtype).reshape(batch.n, width) for values, width, dtype in kinds
    ]
    if answered.places is None:
        return *tables, np.zeros(batch.n, bool)
    places = answered.places.fill_null(-1).to_numpy(zero_copy_only=False)
    return *(_spread(table, places) for table in tables), places < 0


def _spread(table: Any, places: Any) -> Any:
    """For each place its row of the table, for −1 a row of NaN or 0."""
    import numpy as np

    nothing = np.full((1, table.shape[1]), np.nan if table.dtype == np.float64 else 0, table.dtype)
    return np.concatenate([table, nothing])[places]
