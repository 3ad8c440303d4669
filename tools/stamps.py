"""Which inputs a built thing was made from, so that building again costs nothing where nothing changed.

A stamp is a small file beside the output (or in .cache) with one hash over the *contents* of the inputs: a fresh clone
has new time stamps but the same contents, which is why make's own time rule is not used.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {"target", "node_modules", "dist", "__pycache__", "corpus", "artifacts", "tests", "test", "benches", "fuzz"}


def files_under(folder: Path) -> list[Path]:
    """All files under a folder that can change what is built, sorted; tests and outputs are left out."""
    found: list[Path] = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("."))
        found += [Path(here, name) for name in sorted(names)]
    return found


def digest(inputs: Iterable[Path], *more: str) -> str:
    """Hash over names and contents of files (and over further strings: flags, versions)."""
    total = hashlib.sha256()
    for text in more:
        total.update(text.encode() + b"\0")
    for path in inputs:
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        total.update(str(name).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Wait until no other process of this tree builds the thing of that name, and keep others waiting meanwhile."""
    file = ROOT / ".cache/locks" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def write_atomically(path: Path, data: bytes) -> None:
    """A reader sees the old file or the whole new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o644)  # mkstemp makes it private; the wheel carries these files
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
