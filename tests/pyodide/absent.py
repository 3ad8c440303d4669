"""A pytest plugin: suites judged by scikit-learn run inside Pyodide, and each test that comes to need it is skipped.

scikit-learn, numpy and wasmtime have no wheel for Pyodide that could lie in a sealed site. A module of tests that
imports one gets a placeholder instead. While tests are collected nearly everything may be done with it (a class
derived, a table of pipelines written down); a *test* that touches it is skipped with the name of what it needs. So
those parts of a suite that need nothing run here as they are. The package itself sees no placeholder: for it these
modules are absent.

The pipelines of ``wide_cases`` were converted outside: those that are recorded in tests/data/wide are read from there.

Also skipped is what the host has not: other processes and threads.
"""

from __future__ import annotations

import builtins
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

THEIRS = (
    "joblib",
    "nbconvert",
    "nbformat",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "skops",
    "sklearn",
    "wasmtime",
)
OURS = ("convert_cases", "convert_recipes", "golden_cases", "handmade", "strategies", "wide_strategies")
"""Helpers of the suites that fit pipelines of scikit-learn."""
CONVERTER = "wasm_clf_widget.convert"
"""Of the package itself this is what imports scikit-learn."""
ABSENT = {**{name: name for name in THEIRS}, **dict.fromkeys(OURS, "sklearn")}
TESTS = str(Path(__file__).resolve().parents[1])
RECORDED = Path(TESTS) / "data/wide"
running = False
"""Whether a test runs (its fixtures included), rather than modules being read."""
_import = builtins.__import__


class Absent:
    """Stands for a module that is not here, or for anything in it or made by it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _touched(self) -> Absent:
        if running:
            lacking(ABSENT[self._name.partition(".")[0]])
        return self

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        self._touched()
        return Absent(f"{self._name}.{name}")

    def __call__(self, *_arguments: Any, **_options: Any) -> Absent:
        return self._touched()

    def __getitem__(self, _key: Any) -> Absent:
        return self._touched()

    def __iter__(self) -> Iterator[Any]:
        self._touched()
        return iter(())

    def __mro_entries__(self, _bases: Any) -> tuple[type, ...]:
        return ()

    def __bool__(self) -> bool:
        self._touched()
        return False

    def __len__(self) -> int:
        self._touched()
        return 0

    def __instancecheck__(self, _instance: Any) -> bool:
        self._touched()
        return False

    def __lt__(self, _other: Any) -> bool:
        self._touched()
        return False

    __gt__ = __le__ = __ge__ = __lt__
    __add__ = __radd__ = __mul__ = __mod__ = __neg__ = __or__ = __ror__ = __getitem__


class Fitted(Absent):
    """A fitted pipeline of ``wide_cases``, of which here is only what the converter made of it."""

    def __init__(self, name: str) -> None:
        super().__init__("sklearn")
        self.file = RECORDED / f"{name}.safetensors"


def model_from_sklearn(pipeline: Absent, *, weights: str = "auto", **_options: Any) -> Any:
    """The converter's, for pipelines whose model is recorded."""
    if not isinstance(pipeline, Fitted) or weights != "float64" or not pipeline.file.exists():
        lacking("sklearn")
    from wasm_clf_widget.model.file import parse

    return parse(pipeline.file.read_bytes())


def lacking(what: str) -> NoReturn:
    """End the running test as skipped."""
    pytest.skip(f"needs {what}, which is not inside Pyodide")


def _import_here(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    root = "sklearn" if name.startswith(CONVERTER) else name.partition(".")[0]
    if level == 0 and root in ABSENT and str((globals or {}).get("__file__", "")).startswith(TESTS):
        if running:
            lacking(ABSENT[root])
        made = Absent(root)
        if name == f"{CONVERTER}.sklearn":
            made.model_from_sklearn = model_from_sklearn  # type: ignore[attr-defined]
        return made
    module = _import(name, globals, locals, fromlist, level)
    if name == "wide_cases":
        module.fitted = Fitted
    return module


def _no_process(*_arguments: Any, **_options: Any) -> NoReturn:
    lacking("another process")


def _no_thread(*_arguments: Any, **_options: Any) -> NoReturn:
    lacking("a thread")


def _no_converter(*_arguments: Any, **_options: Any) -> NoReturn:
    lacking("sklearn")


def pytest_configure() -> None:
    import wasm_clf_widget

    setattr(wasm_clf_widget.Classifier, "from_sklearn", _no_converter)  # noqa: B010
    builtins.__import__ = _import_here
    setattr(subprocess.Popen, "__init__", _no_process)  # noqa: B010 - mypy: a method
    setattr(threading.Thread, "start", _no_thread)  # noqa: B010


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Filters of warnings whose class is not here would end the run."""
    for node in {node for item in items for node in item.listchain()}:
        node.own_markers[:] = [mark for mark in node.own_markers if not _names_absent(mark)]


def _names_absent(mark: pytest.Mark) -> bool:
    return mark.name == "filterwarnings" and any(f":{name}." in str(mark.args) for name in ABSENT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    global running
    running = True
    try:
        return (yield)  # type: ignore[return-value]
    finally:
        running = False
