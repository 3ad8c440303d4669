"""Questions of Python to the reader's tab, each an awaitable that also works by callback.

Awaiting needs a host that delivers the tab's messages while the cell runs: ipykernel 7 with JupyterLab 4.4 or later
does (in a thread of its own), others deliver them between cells. There a call is kept in a variable and read in a later
cell.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import uuid
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..errors import EngineError, InputError, ModelFileError, WasmClfError

T = TypeVar("T")

TAKE_SECONDS = 10.0
"""How long no page may answer before a call fails."""
ANSWER_SECONDS = 120.0
"""How long the page that took the call may be silent."""

_ERRORS: dict[str, type[WasmClfError]] = {
    kind.__name__: kind for kind in (EngineError, InputError, ModelFileError, WasmClfError)
}

NOBODY = (
    "no open page answered within {seconds:g} s. Is the widget shown in a browser, and ready? Some hosts deliver the "
    "page's messages only between cells (ipykernel before 7, JupyterLab before 4.4, Notebook before 7.4, others): "
    "there, do not await in the cell, but keep the call (call = w.classify(texts)) and read call.result() in a later "
    "cell"
)
GONE = "the page that took the call has not answered for {seconds:g} s: was it closed or reloaded? Ask again"


class TabCall(Awaitable[T], Generic[T]):
    """What the tab will answer: ``await call``, ``call.add_done_callback(f)``, or ``call.result()`` in a later cell."""

    def __init__(self) -> None:
        self._future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()

    def done(self) -> bool:
        """Whether there is an answer, or an error, or it was cancelled."""
        return self._future.done()

    def cancelled(self) -> bool:
        """Whether ``cancel`` was called in time."""
        return self._future.cancelled()

    def cancel(self) -> bool:
        """Stop; False where it was done already."""
        return self._future.cancel()

    def result(self) -> T:
        """The answer.

        Raises:
            InputError: it is not there yet. Waiting here would stop the very loop that delivers it.
            WasmClfError: what the tab could not do.
        """
        if not self._future.done():
            raise InputError("the tab has not answered yet: await the call, or read its result in a later cell")
        return self._future.result()

    def add_done_callback(self, callback: Callable[[TabCall[T]], object]) -> None:
        """Call ``callback(self)`` when there is an answer, an error, or it was cancelled."""
        self._future.add_done_callback(lambda _future: callback(self))

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled() else "done" if self.done() else "under way"
        return f"<TabCall {state}>"

    # --- for those who answer

    def _succeed(self, value: T) -> None:
        if not self._future.done():
            self._future.set_result(value)

    def _fail(self, error: Exception) -> None:
        if not self._future.done():
            self._future.set_exception(error)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a tab."""

    tab: str
    value: Any
    buffers: list[bytes]


Send = Callable[..., None]
"""``widget.send(content, buffers=…)``."""


class TabCalls:
    """The calls of one widget that are under way. Used from the cell's thread and from the one that brings messages."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._asked: dict[str, tuple[TabCall[Answer], _Timer]] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def take(self) -> TabCall[Answer]:
        """Which page is there? The first that answers takes what comes.

        Raises:
            EngineError: there is no running event loop, so nothing could ever be delivered.
        """
        try:
            # The cell's own: answers, and what is asked after them, may come in a thread with another loop.
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise EngineError(
                "there is no running event loop: call this in a notebook's cell, or in a coroutine"
            ) from None
        return self.ask("take", tab=None, seconds=TAKE_SECONDS, late=NOBODY)

    def ask(
        self,
        what: str,
        value: Any = None,
        buffers: Sequence[bytes] = (),
        *,
        tab: str | None,
        seconds: float | None = None,
        late: str = GONE,
    ) -> TabCall[Answer]:
        """Send one call, after ``take``; it fails with ``late`` after so many seconds of silence."""
        assert self._loop is not None, "take comes first"
        seconds = ANSWER_SECONDS if seconds is None else seconds
        ident = uuid.uuid4().hex
        call: TabCall[Answer] = TabCall()
        timer = _Timer(self._loop, seconds, lambda: call._fail(EngineError(late.format(seconds=seconds))))
        with self._lock:
            self._asked[ident] = call, timer
        call.add_done_callback(lambda _call: self._forget(ident))
        message = {"wcw": 1, "type": "call", "id": ident, "tab": tab, "what": what, "value": value}
        self._send(message, buffers=list(buffers))
        return call

    def then(self, what: str, value: Any, read: Callable[[Answer], T]) -> TabCall[T]:
        """Ask one page for one thing; ``read`` makes the result of its answer."""
        result: TabCall[T] = TabCall()
        take = self.take()

        def taken(call: TabCall[Answer]) -> None:
            if (answer := outcome(call, result)) is not None:
                asked = self.ask(what, value, tab=answer.tab)
                asked.add_done_callback(answered)

        def answered(call: TabCall[Answer]) -> None:
            if (answer := outcome(call, result)) is not None:
                result._succeed(read(answer))

        take.add_done_callback(taken)
        return result

    def on_done(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """An answer of a tab; of a call that nobody waits for any more it is left alone."""
        ident = message.get("id")
        with self._lock:
            call, _ = self._asked.get(ident, (None, None)) if isinstance(ident, str) else (None, None)
        if call is None:
            return
        error = message.get("error")
        if isinstance(error, dict):
            call._fail(error_from(error))
        else:
            call._succeed(Answer(str(message.get("tab")), message.get("value"), buffers))

    def _forget(self, ident: str) -> None:
        with self._lock:
            _, timer = self._asked.pop(ident, (None, None))
        if timer is not None:
            timer.cancel()


def outcome(call: TabCall[Answer], for_whom: TabCall[Any]) -> Answer | None:
    """The answer; None where there is none (the error is then handed on) or nobody wants it."""
    if for_whom.done() or call.cancelled():
        return None
    try:
        return call.result()
    except Exception as error:  # whatever it is belongs to who asked, not to the thread that brings messages
        for_whom._fail(error)
        return None


class _Timer:
    """A timer of a loop, started and cancelled from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, run: Callable[[], None]) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        self._cancelled = False
        loop.call_soon_threadsafe(self._start, seconds, run)

    def _start(self, seconds: float, run: Callable[[], None]) -> None:
        if not self._cancelled:
            self._handle = self._loop.call_later(seconds, run)

    def cancel(self) -> None:
        self._cancelled = True
        if self._handle is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._handle.cancel)


def error_from(wire: dict[str, Any]) -> WasmClfError:
    """The tab's error as one of Python's, with what the reader can do about it."""
    kind = _ERRORS.get(str(wire.get("name")), EngineError)
    return kind(f"{wire.get('message', '')} {wire.get('action', '')}".strip())
