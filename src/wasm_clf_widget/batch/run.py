"""Groups of rows through the engines: what a table, a stream and a file have in common."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from .input import Chunk
from .pieces import Cutter, Piece
from .threads import engines_of, run_ordered
from .work import Answered, OnError, answer

if TYPE_CHECKING:
    from ..classifier import Classifier

_G = TypeVar("_G")


@dataclass(frozen=True, slots=True)
class Group(Generic[_G]):
    """Rows that belong together (a record batch, a part of a file): the chunks of their texts."""

    owner: _G
    chunks: list[Chunk]


def answered_groups(
    classifier: Classifier,
    groups: Iterable[Group[_G]],
    cutter: Cutter,
    *,
    n_jobs: int,
    on_error: OnError = "fail",
    row: int = 0,
    ahead: bool = False,
) -> Iterator[tuple[_G, list[Answered]]]:
    """Each group with its answered pieces, in order. ``row`` is the number of the first row, for errors.

    Groups are read ahead only as far as the threads have use for: memory does not grow with their number.
    """
    waiting: deque[tuple[_G, int]] = deque()

    def pieces() -> Iterator[Piece]:
        at = row
        for group in groups:
            cut: list[Piece] = []
            for chunk in group.chunks:
                cut += cutter.cut(chunk, at)
                at += len(chunk)
            waiting.append((group.owner, len(cut)))
            yield from cut

    def whole() -> Iterator[tuple[_G, list[Answered]]]:
        """The groups whose pieces are all there. An empty one is whole as soon as it is the next."""
        while waiting and len(done) >= waiting[0][1]:
            owner, count = waiting.popleft()
            yield owner, done[:count]
            del done[:count]

    done: list[Answered] = []
    results = run_ordered(
        lambda engine, piece: answer(engine, piece, on_error, cutter.where),
        pieces(),
        engines_of(classifier),
        n_jobs,
        ahead=ahead,
    )
    for result in results:
        done.append(result)
        yield from whole()
    yield from whole()
