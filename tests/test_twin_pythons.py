"""The twin on every Python of this machine from 3.11 on, with nothing but its standard library: the golden cases."""

from __future__ import annotations

import glob
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

REPLAY = """
import json, struct, sys
from pathlib import Path

root = Path(sys.argv[1])
sys.path.insert(0, str(root / "src"))
from wasm_clf_widget.model.file import parse
from wasm_clf_widget.twin import Twin

checked = 0
for path in sorted((root / "tests/data").glob("*.json")):
    twin = Twin(parse(path.with_suffix(".safetensors").read_bytes()))
    for expected in json.loads(path.read_text(encoding="utf-8"))["texts"]:
        units = expected.get("text_utf16")
        raw = struct.pack(f"<{len(units or ())}H", *units or ())
        text = expected["text"] if units is None else raw.decode("utf-16-le", "surrogatepass")
        answer = twin.answer(text)
        found = {
            "replaced": answer.replaced,
            "normalize": twin.normalize(text),
            "tokens": twin.tokens(text),
            "ngrams": twin.ngrams(text),
            "known": answer.known,
            "features": [list(feature) for feature in twin.features(text)],
            "score_bits": [struct.pack(">d", score).hex() for score in answer.scores],
            "label": answer.labels[0],
        }
        if "tolerance" in expected:
            del found["score_bits"]
            assert all(abs(a - b) <= t for a, b, t in zip(answer.scores, expected["scores"], expected["tolerance"]))
            assert answer.scores == expected["rounded_scores"], (path.name, text)
        for key, value in found.items():
            assert value == expected[key], (path.name, text, key, value, expected[key])
        if answer.probabilities is not None:
            slack = 1e-14 + sum(expected.get("tolerance", [0.0])) + 1e-15 * max(map(abs, answer.scores))
            assert all(abs(a - b) <= slack for a, b in zip(answer.probabilities, expected["probabilities"])), path.name
        spans = [[s.ngram, s.start, s.end] for s in twin.explain(text).spans]
        assert spans == [span[:3] for span in expected["spans"]], (path.name, text)
        checked += 1
others = {"numpy", "scipy", "sklearn", "wasmtime", "anywidget", "traitlets"}
assert not others & {name.partition(".")[0] for name in sys.modules}
print(checked)
"""


def pythons() -> list[str]:
    """This one, and one of each minor version from 3.11 on that pyenv or the path has."""
    found = {sys.version_info[1]: sys.executable}
    for minor in range(11, 30):
        candidates = [
            shutil.which(f"python3.{minor}"),
            *glob.glob(str(Path.home() / f".pyenv/versions/3.{minor}.*/bin/python")),
        ]
        for candidate in filter(None, candidates):
            if (
                minor not in found
                and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
            ):
                found[minor] = candidate
    return [path for _, path in sorted(found.items())]


@pytest.mark.parametrize("python", pythons())
def test_golden_cases_with_the_standard_library_alone(python: str) -> None:
    # -S: no site-packages; -E: no PYTHONPATH that might lead there.
    done = subprocess.run(
        [python, "-S", "-E", "-c", REPLAY, str(ROOT)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300
