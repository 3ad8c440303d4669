"""Texts of Python's, classified in the reader's tab: packed in slices, two under way, answers put together in order."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from ..classifier import Classifier
from ..engines.base import Batch
from ..errors import EngineError, InputError
from ..model.shape import Shape, shape_of
from ..results import ClassificationResult
from ..texts import replace_surrogates
from .calls import Answer, TabCall, TabCalls, outcome

SLICE_TEXTS = 8_192
SLICE_BYTES = 1 << 20
WINDOW = 2
"""Slices under way: the tab computes one while the next is on its way."""

Progress = Callable[[int, int], object]


def pack(texts: Sequence[str]) -> tuple[bytes, bytes, array[int]]:
    """UTF-8 of all texts, uint32 offsets, and the lone surrogates of each (replaced by U+FFFD)."""
    replaced = array("I", bytes(4 * len(texts)))
    parts = []
    for i, text in enumerate(texts):
        try:
            parts.append(text.encode())
        except UnicodeEncodeError:
            clean, replaced[i] = replace_surrogates(text)
            parts.append(clean.encode())
    return b"".join(parts), array("I", [0, *accumulate(map(len, parts))]).tobytes(), replaced


def unpack(data: bytes, offsets: bytes) -> list[str]:
    """The texts that a tab sent as ``pack`` makes them.

    Raises:
        InputError: they are not whole.
    """
    try:
        ends = array("I", offsets)
        if not ends or ends[0] != 0 or ends[-1] != len(data) or any(a > b for a, b in pairwise(ends)):
            raise ValueError
        return [data[a:b].decode() for a, b in pairwise(ends)]
    except ValueError:
        raise InputError("the tab sent texts that are not whole: reload the page") from None


def classify_in_tab(
    calls: TabCalls, classifier: Classifier, texts: list[str], on_progress: Progress | None
) -> TabCall[list[ClassificationResult]]:
    """Start a batch; the call succeeds with one result a text."""
    return _TabBatch(calls, classifier, texts, on_progress).start()


class _TabBatch:
    def __init__(self, calls: TabCalls, classifier: Classifier, texts: list[str], on_progress: Progress | None) -> None:
        self._calls = calls
        self._classifier = classifier
        self._shape = shape_of(classifier.model)
        self._texts = texts
        self._on_progress = on_progress
        self._replaced = array("I", bytes(4 * len(texts)))
        self._answers: dict[int, _Part] = {}
        self._next = 0
        self._done = 0
        self._place = ("", "")
        self._call: TabCall[list[ClassificationResult]] = TabCall()
        # Answers may come in several threads; the lock is not held while the caller's progress function runs.
        self._lock = threading.RLock()

    def start(self) -> TabCall[list[ClassificationResult]]:
        if not self._texts:
            self._call._succeed([])
        else:
            self._calls.take().add_done_callback(self._taken)
        return self._call

    def _taken(self, call: TabCall[Answer]) -> None:
        answer = outcome(call, self._call)
        if answer is not None:
            for _ in range(WINDOW):
                self._send_next(answer.tab)

    def _send_next(self, tab: str) -> None:
        with self._lock:
            begin = self._next
            if begin >= len(self._texts) or self._call.done():
                return
            end = self._next = self._slice_end(begin)
        data, offsets, replaced = pack(self._texts[begin:end])
        self._replaced[begin:end] = replaced
        try:
            self._refuse_hashed(begin, replaced)
        except InputError as error:
            self._call._fail(error)
            return
        asked = self._calls.ask("classify", None, [data, offsets], tab=tab)
        asked.add_done_callback(lambda call: self._answered(call, begin, end, tab))

    def _refuse_hashed(self, begin: int, replaced: array[int]) -> None:
        """The engine's rule for lone surrogates, asked of the engine here: the tab is sent U+FFFD in their places."""
        for i, lone in enumerate(replaced):
            if lone:
                try:
                    self._classifier.classify(self._texts[begin + i])
                except InputError as error:
                    raise InputError(f"texts[{begin + i}]: {error}") from None

    def _slice_end(self, begin: int) -> int:
        size = 0
        last = min(len(self._texts), begin + SLICE_TEXTS)
        for end in range(begin, last):
            size += len(self._texts[end])
            if size > SLICE_BYTES and end > begin:
                return end
        return last

    def _answered(self, call: TabCall[Answer], begin: int, end: int, tab: str) -> None:
        answer = outcome(call, self._call)
        if answer is None:
            return
        part = _part(answer, end - begin, self._shape)
        if part is None:
            self._call._fail(EngineError("the tab's answer has not the size of its texts: reload the page"))
            return
        self._send_next(tab)
        with self._lock:
            self._answers[begin] = part
            self._done += end - begin
            done, total = self._done, len(self._texts)
            place = answer.value if isinstance(answer.value, dict) else {}
            self._place = str(place.get("ran_on")), str(place.get("variant"))
        try:
            if self._on_progress is not None:
                self._on_progress(done, total)
            if done == total:
                self._call._succeed(self._classifier._results(self._joined(), self._place))
        except Exception as error:  # the caller's progress function belongs to the caller's await
            self._call._fail(error)

    def _joined(self) -> Batch:
        whole = _Part()
        for begin in sorted(self._answers):
            whole.extend(self._answers[begin])
        probabilities = whole.probabilities if self._shape.probabilities else None
        return Batch(len(self._texts), whole.scores, probabilities, whole.labels, whole.known, self._replaced)


class _Part:
    def __init__(self) -> None:
        self.scores = array("d")
        self.probabilities = array("d")
        self.labels: array[int] = array("I")
        self.known: array[int] = array("I")

    def extend(self, other: _Part) -> None:
        self.scores.extend(other.scores)
        self.probabilities.extend(other.probabilities)
        self.labels.extend(other.labels)
        self.known.extend(other.known)


def _part(answer: Answer, n: int, shape: Shape) -> _Part | None:
    """The numbers of an answer; None where their sizes are not those of n texts."""
    sizes = [8 * n * shape.scores, 8 * n * shape.probabilities, 4 * n * shape.labels, 4 * n]
    if [len(buffer) for buffer in answer.buffers] != sizes:
        return None
    part = _Part()
    part.scores.frombytes(answer.buffers[0])
    part.probabilities.frombytes(answer.buffers[1])
    part.labels.frombytes(answer.buffers[2])
    part.known.frombytes(answer.buffers[3])
    return part
