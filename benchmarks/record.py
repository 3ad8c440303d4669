"""What was measured, as a table to read and a CSV file to keep: benchmarks/record/<machine>/<date>.csv."""

from __future__ import annotations

import csv
import datetime
import importlib.metadata
import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parent / "record"


@dataclass(frozen=True)
class Row:
    """One measure. ``asked`` is the least (or with ``at_most`` the greatest) value; None where nothing is asked."""

    measure: str
    case: str
    unit: str
    asked: float | None
    bound: Literal["at_least", "at_most"]
    measured: float
    low: float
    high: float
    samples: int
    peer_us: float | None = None
    ours_us: float | None = None
    labels: str = ""
    """How the answers were checked before this counted."""

    @property
    def met(self) -> bool:
        if self.asked is None:
            return True
        return self.measured >= self.asked if self.bound == "at_least" else self.measured <= self.asked


def show(rows: list[Row]) -> None:
    """The table on the terminal."""
    table = Table(title="Measures: ratios of CPU time, one thread")
    for column in ("measure", "case", "asked", "measured", "spread", "peer µs/text", "ours µs/text", "answers", ""):
        table.add_column(column, justify="right" if column in ("asked", "measured", "spread") else "left")
    for row in rows:
        sign = "≥" if row.bound == "at_least" else "≤"
        table.add_row(
            row.measure,
            row.case,
            "" if row.asked is None else f"{sign} {row.asked:.3g}{row.unit}",
            f"{row.measured:.3g}{row.unit}",
            f"{row.low:.3g}-{row.high:.3g}" if row.samples > 1 else "",
            "" if row.peer_us is None else f"{row.peer_us:.2f}",
            "" if row.ours_us is None else f"{row.ours_us:.2f}",
            row.labels,
            "ok" if row.met else "MISSED",
        )
    Console(width=None if os.isatty(1) else 170).print(table)


Kind = Literal["", "systems-", "batch-job-", "start-"]


def write(rows: list[Row], versions: dict[str, str], kind: Kind = "") -> Path:
    """The CSV file of today for this machine; a second run of the day replaces it.

    ``kind`` begins its name: nothing for ``run.py``, else which of the other programs wrote it.
    """
    today = datetime.date.today().isoformat()
    path = FOLDER / machine() / f"{kind}{today}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    extra = {"commit": _commit(), **versions}
    with path.open("w", newline="", encoding="utf-8") as file:
        names = [field.name for field in fields(Row)]
        writer = csv.DictWriter(file, [*names, "met", *extra], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            values = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in asdict(row).items()}
            writer.writerow(values | {"met": row.met} | extra)
    return path


def versions(*others: str) -> dict[str, str]:
    """Versions of Python and of what is measured, for the record; of ``others`` where they are installed."""
    import numpy
    import sklearn

    found = {
        "python": platform.python_version(),
        "scikit_learn": sklearn.__version__,
        "numpy": numpy.__version__,
        "wasmtime": importlib.metadata.version("wasmtime"),
    }
    for name in others:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = ""
    return found


def machine() -> str:
    """Processor and number of cores; no host name, which says nothing to others."""
    name = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (found := re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)):
        name = found.group(1)
    return f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}-{os.cpu_count()}-cpus"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    result = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"
