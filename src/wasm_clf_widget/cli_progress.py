"""How far a job is: a bar on a terminal; elsewhere (a log, a pipe) a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Show = Callable[[int, int], None]
"""Called with (rows done, bytes read)."""

LINE_SECONDS = 10.0


@contextmanager
def progress(rows: int | None, size: int) -> Iterator[Show]:
    """Shows how much of ``rows`` (or, where only reading tells their number, of ``size`` bytes) is done, on stderr."""
    if not sys.stderr.isatty():
        yield _lines(rows, size)
        return
    bar = Progress(
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:3.0f} %  {task.fields[rows]:,} rows  {task.fields[rate]:.1f} MB/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task("", total=rows or size or None, rows=0, rate=0.0)

        def show(done: int, read: int) -> None:
            seconds = bar.tasks[0].elapsed or 1e-9
            bar.update(task, completed=done if rows else read, rows=done, rate=read / seconds / 1e6)

        yield show


def _lines(rows: int | None, size: int) -> Show:
    begin = last = time.monotonic()
    total = rows or size

    def show(done: int, read: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LINE_SECONDS:
            return
        last = now
        seconds = max(now - begin, 1e-9)
        share = (done if rows else read) / total if total else 0.0
        left = f", {_span(seconds / share - seconds)} left" if 0.0 < share <= 1.0 else ""
        # No markup, no wrapping: a log has no width.
        print(
            f"wasm-clf: {100 * share:.0f} %, {done:,} rows, {read / seconds / 1e6:.1f} MB/s{left}",
            file=sys.stderr,
            flush=True,
        )

    return show


def _span(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
