"""Work on several threads, in order, with an engine each.

The engine runs outside of Python's lock, so threads run side by side. Each engine holds its own copy of the model; they
are kept with the classifier, so that the next batch need not load them again.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from ..engines import Engine, open_engine
from ..errors import InputError

if TYPE_CHECKING:
    from ..classifier import Classifier

_T = TypeVar("_T")
_Work = TypeVar("_Work")


class Engines:
    """Idle engines of one classifier. The first is the classifier's own, which is safe to share."""

    def __init__(self, classifier: Classifier) -> None:
        self._open: Callable[[], Engine] = _opener(classifier)
        self._idle: list[Engine] = [classifier.engine]
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[Engine]:
        """An engine for the time of a call; after an error of its own an engine revives by itself."""
        with self._lock:
            engine = self._idle.pop() if self._idle else None
        if engine is None:
            engine = self._open()
        try:
            yield engine
        finally:
            with self._lock:
                self._idle.append(engine)


_engines: weakref.WeakKeyDictionary[Classifier, Engines] = weakref.WeakKeyDictionary()
_engines_lock = threading.Lock()


def engines_of(classifier: Classifier) -> Engines:
    """The engines of a classifier, kept as long as it lives."""
    with _engines_lock:
        if classifier not in _engines:
            _engines[classifier] = Engines(classifier)
        return _engines[classifier]


def _opener(classifier: Classifier) -> Callable[[], Engine]:
    """Opens engines without a reference to the classifier, which would keep it alive."""
    name, data, model, variant = classifier._engine_name, classifier.model_bytes, classifier.model, classifier._variant
    return lambda: open_engine(name, data, model, variant)


def check_jobs(n_jobs: int | None) -> int:
    """The number of threads, by joblib's convention: None is 1, −1 all cores, −2 all but one."""
    if n_jobs is None:
        return 1
    if not isinstance(n_jobs, int) or isinstance(n_jobs, bool) or n_jobs == 0:
        raise InputError(f"n_jobs={n_jobs!r} is given, allowed are 1, 2, …, -1 for all cores, -2 for all but one")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)


def run_ordered(
    work: Callable[[Engine, _Work], _T], items: Iterable[_Work], engines: Engines, n_jobs: int, *, ahead: bool = False
) -> Iterator[_T]:
    """``work`` of each item in the items' order, on ``n_jobs`` threads; at most two items a thread are under way.

    With one job the work is done in the caller's thread as it asks, with ``ahead`` in one of its own meanwhile. When
    the caller stops or is interrupted nothing new is begun; what has begun (one piece a thread) ends by itself.
    """
    if n_jobs == 1 and not ahead:
        for item in items:
            with engines.one() as engine:
                result = work(engine, item)
            yield result
        return

    def run(item: _Work) -> _T:
        with engines.one() as engine:
            return work(engine, item)

    executor = ThreadPoolExecutor(n_jobs, thread_name_prefix="wasm-clf")
    waiting: deque[Future[_T]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(run, item))
            while len(waiting) > 2 * n_jobs or (waiting and waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
