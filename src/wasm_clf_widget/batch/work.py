"""One piece through one engine: its answers, and the rows that have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..engines import Batch, Engine
from ..errors import EngineError, InputError, TooManyStepsError
from .errors import RowError
from .input import arrow
from .pieces import Piece, joined, layout

OnError = Literal["fail", "skip"]


@dataclass(frozen=True, slots=True)
class Answered:
    """A piece with the answers to its texts. ``places`` is the piece's, without the rows that failed."""

    piece: Piece
    batch: Batch
    places: Any
    failed: tuple[RowError, ...] = ()


def answer(engine: Engine, piece: Piece, on_error: OnError, where: str) -> Answered:
    """Classify a piece. A text at fault is a RowError, or with ``on_error="skip"`` a row without an answer."""
    try:
        return Answered(piece, _classify(engine, piece.texts), piece.places)
    except (InputError, EngineError) as error:
        faults = _faults(engine, piece.texts, only_first=on_error == "fail")
        if not faults:
            raise error from None
    if on_error == "fail":
        text, problem = next(iter(faults.items()))
        raise RowError(_rows(piece, text)[0], problem, where)
    return _without(engine, piece, faults, where)


def _classify(engine: Engine, texts: Any) -> Batch:
    if isinstance(texts, list):
        return engine.classify(texts)
    if (data := joined(texts)) is not None and (batch := engine.classify_joined(data, len(texts))) is not None:
        return batch
    data, offsets = layout(texts)
    return engine.classify_buffers(data, offsets.tobytes())


def _faults(engine: Engine, texts: Any, *, only_first: bool) -> dict[int, str]:
    """What is wrong with which text, found one by one: the engine tells only that some text is at fault."""
    faults: dict[int, str] = {}
    for i in range(len(texts)):
        try:
            engine.classify([text_at(texts, i)])
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            faults[i] = f"the text is not UTF-8: byte 0x{byte:02x} at position {error.start}"
        except (InputError, TooManyStepsError) as error:
            faults[i] = str(error).removeprefix("text 0: ")
        if faults and only_first:
            break
    return faults


def text_at(texts: Any, i: int) -> str:
    """Text ``i`` of a piece; UnicodeDecodeError where it is none."""
    if isinstance(texts, list):
        return str(texts[i])
    data, offsets = layout(texts[i : i + 1])
    return bytes(data[: offsets[-1]]).decode()


def _rows(piece: Piece, text: int) -> list[int]:
    """The rows of the whole whose text is ``text`` of the piece."""
    if piece.places is None:
        return [piece.row + text]
    return [piece.row + i for i, place in enumerate(piece.places.to_pylist()) if place == text]


def _without(engine: Engine, piece: Piece, faults: dict[int, str], where: str) -> Answered:
    """The answers to the texts that have one."""
    import numpy as np

    failed = sorted(
        (RowError(row, problem, where) for text, problem in faults.items() for row in _rows(piece, text)),
        key=lambda error: error.row,
    )
    kept = np.setdiff1d(np.arange(len(piece.texts)), list(faults))
    new_place = np.full(len(piece.texts), -1, np.int32)
    new_place[kept] = np.arange(len(kept))
    places = new_place if piece.places is None else _looked_up(new_place, piece.places)
    texts = [piece.texts[i] for i in kept] if isinstance(piece.texts, list) else piece.texts.take(arrow().array(kept))
    answered = _classify(engine, texts)
    return Answered(piece, answered, arrow().array(places, mask=places < 0), tuple(failed))


def _looked_up(new_place: Any, places: Any) -> Any:
    import numpy as np

    old = places.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where(old < 0, -1, new_place[old])
