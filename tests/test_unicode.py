"""The engine's Unicode functions against Python's own behaviour, for every code point and for random texts.

Rust's answers come from engine/examples/unicode_dump.rs, built natively; Python's from tools/unicode/dump.py run under
every Python from 3.11 that this machine has (by name on PATH, under pyenv, or as Pyodide where its files are found:
WCW_PYODIDE names a folder with pyodide.mjs). Versions whose Python is absent are tested against the recorded digest
of its dump, and their live test is skipped, with that reason.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DUMP = ROOT / "tools" / "unicode" / "dump.py"
# On one worker: they build one program (for which another would only wait) and share its answers.
pytestmark = pytest.mark.xdist_group("unicode")
DIGESTS: dict[str, str] = json.loads((ROOT / "tools" / "unicode" / "digests.json").read_text("ascii"))
VERSIONS = tuple(DIGESTS)
CHANGES = ROOT / "src" / "wasm_clf_widget" / "twin" / "unicode_changes.py"

PYODIDE_SCRIPT = """
import { readFileSync } from "node:fs";
// Before Pyodide, which makes standard input non-blocking.
const texts = process.argv[3] === "texts" ? readFileSync(0, "utf8") : null;
const { loadPyodide } = await import(process.argv[1]);
const pyodide = await loadPyodide();
pyodide.FS.writeFile("/home/pyodide/dump.py", new Uint8Array(readFileSync(process.argv[2])));
pyodide.runPython("import sys; sys.path.insert(0, '/home/pyodide'); import dump");
const treat = pyodide.runPython("lambda texts: ''.join(map(dump.treat, texts.split(chr(0))[:-1]))");
process.stdout.write(texts === null ? pyodide.runPython("dump.dump()") : treat(texts));
"""


def run(command: list[str], given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, f"{command[:3]} failed: {done.stderr.decode(errors='replace')[-2000:]}"
    return done.stdout


@cache
def rust_binary() -> str:
    if shutil.which("cargo") is None:
        pytest.fail("cargo is not on PATH: `make setup` says what is missing")
    command = ["cargo", "build", "--quiet", "--release", "--example", "unicode_dump"]
    command += ["--manifest-path", str(ROOT / "engine" / "Cargo.toml"), "--message-format", "json"]
    for line in run(command).splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "unicode_dump":
            return str(message["executable"])
    pytest.fail("cargo built no example unicode_dump")


@cache
def rust_dump(version: str) -> bytes:
    return run([rust_binary(), version])


def pyodide_command() -> list[str] | None:
    folders = [os.environ.get("WCW_PYODIDE"), ROOT / "js" / "node_modules" / "pyodide"]
    for folder in folders:
        if folder and (Path(folder) / "pyodide.mjs").exists() and shutil.which("node"):
            url = (Path(folder) / "pyodide.mjs").resolve().as_uri()
            return ["node", "--input-type=module", "-e", PYODIDE_SCRIPT, url, str(DUMP)]
    return None


@cache
def pythons() -> dict[str, list[str]]:
    """For each Unicode version the command that runs dump.py under a Python that follows it."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [sys.executable, *map(str, sorted(pyenv.glob("3.*/bin/python")))]
    candidates += filter(None, (shutil.which(f"python3.{minor}") for minor in range(11, 20)))
    found: dict[str, list[str]] = {}
    for python in candidates:
        ask = "import sys, unicodedata; print(unicodedata.unidata_version if sys.version_info >= (3, 11) else '')"
        # A pyenv shim for a version that is not set up answers with an error: it is no Python.
        answer = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False).stdout.strip()
        if answer:
            found.setdefault(answer, [python, str(DUMP)])
    if "16.0.0" not in found and (command := pyodide_command()):
        found["16.0.0"] = command
    return found


def python_for(version: str) -> list[str]:
    command = pythons().get(version)
    if command is None:
        pytest.skip(f"no Python with Unicode {version} on this machine (it has {', '.join(sorted(pythons()))})")
    return command


def first_difference(rust: bytes, python: bytes) -> str:
    pairs = zip(rust.splitlines(), python.splitlines(), strict=False)
    return next((f"rust {r!r}, Python {p!r}" for r, p in pairs if r != p), "one is longer than the other")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_code_point_is_as_recorded(version: str) -> None:
    digest = hashlib.sha256(rust_dump(version)).hexdigest()
    assert digest == DIGESTS[version], f"the tables differ from Unicode {version}, as its Python had it"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_code_point_is_as_in_python(version: str) -> None:
    python = run(python_for(version))
    assert rust_dump(version) == python, first_difference(rust_dump(version), python)


def random_texts(seed: int) -> list[str]:
    """Texts that hit what a code point alone does not show: sigmas in context, marks out of order, white space."""
    rng = random.Random(seed)
    sigma = "ΣΣΣΣσςAaΑ'.:·\u00ad\u0301\u0345ʰ 1_!İǅ\U0001d400\U00010d50\U0001e030\ua7cb"
    marks = "eéệệẹ̣́ാാ\u0323\u0301\u0345\u0903\u1e69각ᄀ\u1161\u11a8漢\uf900ﷺ½ﬁ①"
    spaces = "a \t\n\x1c\x1f\x85\xa0\u1680\u180e\u2003\u2028\u200b\u3000b"

    def anything() -> str:
        while 0xD800 <= (c := rng.choice((rng.randrange(1, 0x3000), rng.randrange(1, 0x110000)))) < 0xE000:
            pass
        return chr(c)

    kinds: list[Callable[[], str]] = [
        lambda: rng.choice(sigma),
        lambda: rng.choice(marks),
        lambda: rng.choice(spaces),
        anything,
        lambda: rng.choice(sigma + marks + spaces) if rng.random() < 0.8 else anything(),
    ]
    return ["".join(rng.choice(kinds)() for _ in range(rng.randrange(12))) for _ in range(20_000)]


@pytest.mark.parametrize("version", VERSIONS)
def test_random_texts_are_as_in_python(version: str) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    texts = random_texts(seed)
    given = "".join(text + "\0" for text in texts).encode()
    rust = run([rust_binary(), version, "texts"], given).decode().split("\0")[:-1]
    python = run([*python_for(version), "texts"], given).decode().split("\0")[:-1]
    stages = ("lower", "strip unicode", "strip ascii", "words", "pieces")
    assert len(rust) == len(python) == len(stages) * len(texts), f"seed {seed}"
    for i, (r, p) in enumerate(zip(rust, python, strict=True)):
        text, stage = texts[i // len(stages)], stages[i % len(stages)]
        assert r == p, f"{stage} of {text!r} (seed {seed}): rust {r!r}, Python {p!r}"
    # Texts without a final sigma or without one that stays would test nothing of the context.
    assert {"ς", "σ"} <= set("".join(rust[:: len(stages)]))


@cache
def behaviour(version: str) -> list[str]:
    """What the dump says of each code point (of a surrogate: nothing)."""
    answers = [""] * 0x110000
    for line in rust_dump(version).decode("ascii").splitlines()[1:]:
        span, _, rest = line.partition(" ")
        bounds = [int(bound, 16) for bound in span.split("..")]
        first, last = bounds[0], bounds[-1]
        answers[first : last + 1] = [rest] * (last + 1 - first)
    return answers


def changes_module() -> Callable[..., bool]:
    # By path: the file must do without the rest of the package.
    spec = importlib.util.spec_from_file_location("unicode_changes", CHANGES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[..., bool] = module.not_comparable
    return function


@pytest.mark.parametrize("model", VERSIONS)
@pytest.mark.parametrize("running", VERSIONS)
def test_not_comparable_is_true_exactly_where_two_versions_differ(running: str, model: str) -> None:
    # The dumps are known to be Python's own: the digests say so.
    not_comparable = changes_module()
    pairs = zip(behaviour(running), behaviour(model), strict=True)
    differ = {c for c, (here, there) in enumerate(pairs) if here != there}
    assert (running == model) == (not differ)
    # One text of all that is alike, then one for each code point that is not.
    assert not not_comparable("".join(chr(c) for c in range(0x110000) if c not in differ), model, running=running)
    for c in differ:
        assert not_comparable("a 漢" + chr(c), model, running=running), f"U+{c:04X}"


def test_not_comparable_with_an_unknown_version_trusts_only_what_has_been_stable() -> None:
    not_comparable = changes_module()
    for known in VERSIONS:
        for running, model in ((known, "99.0.0"), ("99.0.0", known)):
            assert not not_comparable("ascii, and Ærøskøbing, Москва, Ελλάδα, 東京, 한국어", model, running=running)
            # Assigned in Unicode 15, and never assigned.
            assert not_comparable("\U0001e030", model, running=running)
            assert not_comparable("\U000e0fff", model, running=running)


def test_not_comparable_speaks_of_the_running_python() -> None:
    not_comparable = changes_module()
    other = "16.0.0" if unicodedata.unidata_version != "16.0.0" else "14.0.0"
    assert not_comparable("\ua7cb", other)
    assert not not_comparable("\ua7cb", unicodedata.unidata_version)
