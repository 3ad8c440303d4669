"""One adapter for each system that is compared: how it is made from the same training texts, how it is asked."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import wasmtime
from cases import Kind
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline

import wasm_clf_widget as wcw

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "src" / "wasm_clf_widget" / "static"


def scikit_learn(kind: Kind, texts: Sequence[str], labels: Sequence[str]) -> Pipeline:
    """The peer, fitted."""
    options: dict[str, Any] = {"analyzer": kind.analyzer, "ngram_range": kind.ngram_range}
    vectorizer = (
        TfidfVectorizer(**options) if kind.hashing is None else HashingVectorizer(n_features=kind.hashing, **options)
    )
    head = SGDClassifier(loss="log_loss", random_state=0)
    return make_pipeline(vectorizer, head).fit(texts, labels)


def classifier(pipeline: Pipeline, weights: Any) -> wcw.Classifier:
    """Ours, converted."""
    return wcw.Classifier.from_sklearn(pipeline, name="bench", weights=weights)


class Different(Exception):
    """A system cannot answer, or answers something else: its time would not be that of the same work."""


class Wasm:
    """The engine in wasmtime without this package around it: texts in its memory, one call (docs/engine-abi.md)."""

    def __init__(self, model: bytes, texts: Sequence[str], outputs: int, classes: int) -> None:
        engine = wasmtime.Engine()
        self._store = wasmtime.Store(engine)
        module = wasmtime.Module.from_file(engine, str(STATIC / "engine.simd.wasm"))
        self._exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._n, self._outputs = len(texts), outputs
        self._handle = self._call("wcw_load", self._put(model), len(model))
        joined = "\0".join(texts).encode()
        n = len(texts)
        self._scores = self._call("wcw_alloc", 8 * n * outputs)
        rest = [self._call("wcw_alloc", size) for size in (8 * n * classes, 4 * n, 4 * n)]
        self._labels = rest[1]
        words = (self._put(joined), len(joined), 0, n, self._scores, *rest, 0, 0)
        self._request = self._put(struct.pack("<10I", *words))
        if self._handle < 0:
            raise Different(f"the engine refuses the model: {self._handle}")

    def run(self) -> None:
        """Classify all texts once."""
        if (code := self._call("wcw_classify", self._handle, self._request)) != 0:
            raise Different(f"wcw_classify gave {code}")

    def scores(self) -> bytes:
        """The scores of the last run, float64."""
        end = self._scores + 8 * self._n * self._outputs
        return bytes(self._exports["memory"].read(self._store, self._scores, end))

    def labels(self) -> list[int]:
        """The classes' indices of the last run."""
        data = bytes(self._exports["memory"].read(self._store, self._labels, self._labels + 4 * self._n))
        return list(struct.unpack(f"<{self._n}I", data))

    def _call(self, name: str, *arguments: int) -> int:
        result: int = self._exports[name](self._store, *arguments)
        return result

    def _put(self, data: bytes) -> int:
        address = self._call("wcw_alloc", len(data))
        self._exports["memory"].write(self._store, data, address)
        return address


class Native:
    """The same Rust as a program for default x86-64 (engine/examples/bench_native.rs), told what to do by lines."""

    def __init__(self, model: bytes, texts: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wcw-bench-")
        folder = Path(self._folder.name)
        (folder / "model").write_bytes(model)
        (folder / "texts").write_bytes("\0".join(texts).encode())
        command = [str(build_native()), str(folder / "model"), str(folder / "texts"), str(folder / "scores")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        # Linux's clock of another process's CPU time; the program has one thread.
        self._clock_id = (~self._process.pid << 3) | 2
        self.run()

    def run(self) -> None:
        """Classify all texts once."""
        self._order(b"run\n")

    def scores(self) -> bytes:
        """The scores of the last run, float64."""
        self._order(b"save\n")
        return (Path(self._folder.name) / "scores").read_bytes()

    def clock(self) -> int:
        """Its CPU time in ns."""
        return time.clock_gettime_ns(self._clock_id)

    def _order(self, line: bytes) -> None:
        if self._process.stdin is None or self._process.stdout is None:
            raise SystemExit("the native program has no pipes")
        self._process.stdin.write(line)
        self._process.stdin.flush()
        if self._process.stdout.readline() != b"done\n":
            raise Different("the native program failed (see above); is the wasm built from the same source? make build")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=10)
        if self._process.stdout:
            self._process.stdout.close()
        self._folder.cleanup()


def build_native() -> Path:
    """The program, built with the engine's release profile and no flag for the processor at hand."""
    engine = ROOT / "engine"
    environment = {k: v for k, v in os.environ.items() if k not in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS")}
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--example", "bench_native"]
    if subprocess.run(command, cwd=engine, env=environment, check=False).returncode != 0:
        sys.exit("the native program could not be built: see above")
    return Path(os.environ.get("CARGO_TARGET_DIR") or engine / "target") / "release" / "examples" / "bench_native"
