"""The files of tests/data are those that their generators write (see tests/data/README.md)."""

from __future__ import annotations

import json
import platform

import pytest
import sklearn

import make_golden_wide
from golden import DATA, WIDE, golden, names
from golden_cases import CASES, Case
from make_golden import generate


def test_every_case_has_its_two_files_and_no_file_is_left_over() -> None:
    expected = sorted(case.name for case in CASES)
    assert names(DATA) == expected
    assert sorted(path.stem for path in DATA.glob("*.safetensors")) == expected
    assert sum(path.stat().st_size for path in DATA.iterdir() if path.is_file()) < 400_000


def test_every_wide_case_has_its_two_files_and_no_file_is_left_over() -> None:
    expected = sorted(make_golden_wide.NAMES)
    assert names(WIDE) == expected
    assert sorted(path.stem for path in WIDE.glob("*.safetensors")) == expected
    assert sum(path.stat().st_size for path in WIDE.iterdir()) < 500_000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
def test_the_files_are_what_the_generator_writes(case: Case) -> None:
    """Byte for byte, but for the probabilities: numpy's exp differs by processor in the last bit."""
    recorded, data, model = golden(case.name)
    here = (sklearn.__version__, ".".join(platform.python_version_tuple()[:2]), platform.machine())
    if here != (model.source.version, model.source.python, "x86_64"):
        pytest.skip(f"the files were written with {model.source} on x86_64, here is {here}")
    text, again = generate(case)
    assert again == data
    regenerated = json.loads(text)
    for new, old in zip(regenerated["texts"], recorded["texts"], strict=True):
        if new["probabilities"] is not None:
            assert new["probabilities"] == pytest.approx(old["probabilities"], rel=0, abs=1e-14)
            new["probabilities"] = old["probabilities"]
    assert regenerated == recorded
