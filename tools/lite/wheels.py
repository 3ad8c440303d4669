"""The wheels of the JupyterLite site: those that requirements-lite.txt pins, and this package's own."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from running import run

import stamps

PINS = stamps.ROOT / "requirements-lite.txt"
CACHE = stamps.ROOT / ".cache/lite"
TEST_ONLY = ("hypothesis", "iniconfig", "pluggy", "pytest", "sortedcontainers")
"""Pinned for the tests inside Pyodide; they have no place in the site."""


def pinned() -> Path:
    """The folder with the pinned wheels, fetched once for each state of the pins.

    They are for another Python than this one (Pyodide's), so pip is told which; all of them are pure.
    """
    folder = CACHE / "wheels" / stamps.digest([PINS])[:16]
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A folder of its own: two builds at once must not take each other's.
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    target = ["--only-binary=:all:", "--python-version", "3.14", "--implementation", "py", "--abi", "none"]
    run([*command, *target, "--platform", "any", "--dest", str(partial), "--requirement", str(PINS)])
    try:
        partial.rename(folder)
    except OSError:  # another build was first
        shutil.rmtree(partial)
    return folder


def own(folder: Path) -> Path:
    """This package's wheel, built into ``folder`` from the source tree and the built files in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("wasm_clf_widget-*.whl"):
        old.unlink()
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(stamps.ROOT)])
    (wheel,) = folder.glob("wasm_clf_widget-*.whl")
    return wheel


def is_test_only(wheel: Path) -> bool:
    """Whether a wheel is there for tests alone."""
    return wheel.name.split("-")[0].lower() in TEST_ONLY
