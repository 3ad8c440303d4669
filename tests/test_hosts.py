"""Zero differing bits: the same answers from both variants of the engine in wasmtime, Node and Chromium.

Each golden model is asked its golden texts and the ugly texts: scores, probabilities, labels, known features, and for
some texts the explanation and every stage. Here wasmtime is called plainly by the documented ABI, and so are the other
two (tests/hosts/), without any code of the package or of js/: what differs would be the engine or its host.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from wasm_clf_widget.convert.ugly_texts import ugly_texts
from wasm_clf_widget.engines.wasmtime_engine import engine_path, open_wasmtime_engine
from wasm_clf_widget.model.file import parse
from wasm_clf_widget.model.shape import shape_of
from wasm_clf_widget.model.spec import Model
from wasm_clf_widget.texts import replace_surrogates

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
VARIANTS = ("baseline", "simd")
SHOWN = 24  # as in hosts/run_model.mjs

pytestmark = [pytest.mark.xdist_group("hosts"), pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Job:
    name: str
    data: bytes
    model: Model
    texts: list[str]

    @property
    def columns(self) -> tuple[int, int]:
        shape = shape_of(self.model)
        return shape.scores, shape.probabilities

    def encoded(self) -> tuple[bytes, array[int]]:
        parts = [text.encode() for text in self.texts]
        ends = array("I", [0])
        for part in parts:
            ends.append(ends[-1] + len(part))
        return b"".join(parts), ends


def golden_texts(path: Path) -> Iterator[str]:
    for case in json.loads(path.read_text(encoding="utf-8"))["texts"]:
        if "text" in case:
            yield case["text"]
        else:
            units = case["text_utf16"]
            text = struct.pack(f"<{len(units)}H", *units).decode("utf-16-le", "surrogatepass")
            yield replace_surrogates(text)[0]


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    made = []
    for number, path in enumerate(sorted(DATA.glob("*.json"))):
        data = path.with_suffix(".safetensors").read_bytes()
        model = parse(data)
        # The longest texts (10,000 n-grams) go to every eighth model, to keep this to seconds.
        longest = 200_000 if number % 8 == 0 else 1_000
        texts = [*golden_texts(path), *(text for text in ugly_texts(model) if len(text) < longest)]
        made.append(Job(path.stem, data, model, texts))
    assert made, "no golden models in tests/data"
    return made


@pytest.fixture(scope="module")
def folder(jobs: list[Job], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jobs as files, as the other hosts read them."""
    root = tmp_path_factory.mktemp("hosts")
    for variant in VARIANTS:
        shutil.copy(engine_path(variant), root)  # type: ignore[arg-type]
    for job in jobs:
        data, ends = job.encoded()
        (root / f"{job.name}.model").write_bytes(job.data)
        (root / f"{job.name}.texts").write_bytes(data)
        (root / f"{job.name}.offsets").write_bytes(ends.tobytes())
    about = [{"name": job.name, "k": job.columns[0], "c": job.columns[1]} for job in jobs]
    (root / "jobs.json").write_text(json.dumps(about))
    return root


class PlainHost:
    """The ABI by wasmtime's own calls; ``run`` gives what hosts/run_model.mjs gives."""

    def __init__(self, variant: Any) -> None:
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module(self.engine, engine_path(variant).read_bytes())

    def run(self, job: Job) -> bytes:
        store = wasmtime.Store(self.engine)
        exports = wasmtime.Instance(store, self.module, []).exports(store)
        memory: Any = exports["memory"]
        k, c = job.columns
        record = []

        def call(name: str, *arguments: int) -> int:
            function: Any = exports[name]
            return int(function(store, *arguments))

        def put(data: bytes) -> int:
            at = call("wcw_alloc", len(data)) & 0xFFFFFFFF
            memory.write(store, data, at)
            return at

        def read(at: int, size: int) -> bytes:
            return bytes(memory.read(store, at, at + size))

        def output() -> bytes:
            return read(call("wcw_output") & 0xFFFFFFFF, call("wcw_output_size") & 0xFFFFFFFF)

        def note(code: int, data: bytes) -> None:
            record.append(struct.pack("<iI", code, len(data)) + data)

        handle = call("wcw_load", put(job.data), len(job.data))
        assert handle >= 0, output()

        def classify(parts: list[bytes]) -> int:
            n = len(parts)
            ends = [0]
            for part in parts:
                ends.append(ends[-1] + len(part))
            text, places = put(b"".join(parts)), put(struct.pack(f"<{n + 1}I", *ends))
            size = n * (8 * k + 8 * c + 8)
            results = put(bytes(size))
            labels = results + 8 * n * (k + c)
            where = (results, results + 8 * n * k if c else 0, labels, labels + 4 * n)
            code = call("wcw_classify", handle, put(struct.pack("<10I", text, ends[-1], places, n, *where, 0, 0)))
            note(code, output() if code < 0 else read(results, size))
            return code

        parts = [text.encode() for text in job.texts]
        if classify(parts) < 0:
            for part in parts:
                classify([part])
        for part in parts[:SHOWN]:
            text = put(part)
            note(call("wcw_explain", handle, text, len(part)), output())
            for stage in range(5):
                note(call("wcw_stage", handle, stage, text, len(part), 0), output())
        return b"".join(record)


@pytest.fixture(scope="module")
def expected(jobs: list[Job]) -> dict[str, bytes]:
    """The baseline variant in wasmtime."""
    host = PlainHost("baseline")
    return {job.name: host.run(job) for job in jobs}


def first_difference(a: bytes, b: bytes) -> str:
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return f"{len(a):,} and {len(b):,} bytes, the first difference at {at:,}"


def hold(folder: Path, host: str, jobs: list[Job], expected: dict[str, bytes]) -> None:
    for job in jobs:
        for variant in VARIANTS:
            got = (folder / host / f"{job.name}.{variant}").read_bytes()
            assert got == expected[job.name], (
                f"{host}, {variant}, {job.name}: {first_difference(got, expected[job.name])}"
            )


def test_the_variants_in_wasmtime(jobs: list[Job], expected: dict[str, bytes]) -> None:
    host = PlainHost("simd")
    for job in jobs:
        got = host.run(job)
        assert got == expected[job.name], f"{job.name}: {first_difference(got, expected[job.name])}"


def test_what_is_compared_are_answers(jobs: list[Job], expected: dict[str, bytes]) -> None:
    """Equal errors everywhere would be equal bits too."""
    for job in jobs:
        record = expected[job.name]
        answered = total = at = 0
        while at < len(record):
            code, size = struct.unpack_from("<iI", record, at)
            answered, total, at = answered + (code == 0), total + 1, at + 8 + size
        assert answered > 0.9 * total, f"{job.name}: {answered} of {total} calls were answered"


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_packages_engine(variant: Any, jobs: list[Job], expected: dict[str, bytes]) -> None:
    """The package's way into wasmtime (joined texts, fast calls) changes no bit either."""
    for job in jobs:
        code, size = struct.unpack_from("<iI", expected[job.name])
        if code < 0:
            continue
        batch = open_wasmtime_engine(job.data, job.model, variant).classify(job.texts)
        columns = (array("d", batch.scores), array("d", batch.probabilities or ()), array("I", batch.labels))
        got = b"".join(column.tobytes() for column in (*columns, array("I", batch.known)))
        assert got == expected[job.name][8 : 8 + size], job.name


def test_node(folder: Path, jobs: list[Job], expected: dict[str, bytes]) -> None:
    node = shutil.which("node")
    assert node, "Node is missing: run `make setup`"
    subprocess.run([node, str(HERE / "hosts" / "node_run.mjs"), str(folder)], check=True, timeout=300)
    hold(folder, "node", jobs, expected)


def test_chromium(folder: Path, jobs: list[Job], expected: dict[str, bytes]) -> None:
    subprocess.run([sys.executable, str(HERE / "hosts" / "chromium_run.py"), str(folder)], check=True, timeout=300)
    hold(folder, "chromium", jobs, expected)
