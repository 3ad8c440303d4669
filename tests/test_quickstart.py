"""The notebook that a newcomer opens first runs top to bottom, and what it shows is true.

Without a browser: the widgets are made, but nothing answers them (tests/e2e drives the same notebook in Chromium).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

# On one worker: it runs once for all of them.
pytestmark = pytest.mark.xdist_group("quickstart")
NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "quickstart.ipynb"

REPORT = """
import json
import numpy as np

print(json.dumps({
    "labels": [r.label for r in clf.classify(texts[:3])],
    "uncertain": [r.is_uncertain for r in clf.classify(texts)],
    "train": len(train_texts),
    "shared": len(set(train_texts) & set(test_texts)),
    "accuracy": accuracy,
    "replayed": [replayed.ok, replayed.checked],
    "compared": [compared.ok, compared.checked, compared.not_comparable, compared.label_mismatches],
    "same_labels": bool(np.array_equal(again.predict(test_texts), pipeline.predict(test_texts))),
    "spam": again.classify(message).label,
    "total": total,
    "score": float(again.decision_function([message])[0]),
    "spans": [[s.ngram, message[s.start : s.end].lower()] for s in explanation.spans],
    "answer": widget.result,
    "history": history,
}))
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook after a run with one more cell, which reports what the others made."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT))
    folder = tmp_path_factory.mktemp("quickstart")
    # A cell that raises ends the run with its traceback.
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


@pytest.fixture(scope="module")
def report(executed: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(executed.cells[-1].outputs[-1].text)
    return made


def test_is_stored_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None)
    assert "widgets" not in notebook.metadata


def test_no_cell_writes_to_stderr(executed: Any) -> None:
    """A warning in the first notebook would be the first thing that a newcomer sees."""
    written = [o.text for c in executed.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]
    assert written == []


def test_reference_texts(report: dict[str, Any]) -> None:
    assert report["labels"][:2] == ["positive", "negative"]
    assert report["uncertain"][:2] == [False, False]
    # The notebook shows what "not sure" looks like.
    assert report["uncertain"][-1] is True
    assert report["labels"][2] == "positive" or report["uncertain"][2]


def test_own_pipeline_is_trained_on_real_texts_and_converted_exactly(report: dict[str, Any]) -> None:
    assert report["train"] >= 2000
    assert report["shared"] == 0
    assert 0.95 < report["accuracy"] < 1.0
    assert report["replayed"][0] is True
    assert report["replayed"][1] > 100
    ok, checked, not_comparable, mismatches = report["compared"]
    assert (ok, mismatches) == (True, 0)
    assert checked + not_comparable > 800
    assert report["same_labels"] is True


def test_explanation_adds_up_and_points_at_the_text(report: dict[str, Any]) -> None:
    assert report["spam"] == "spam"
    assert report["total"] == pytest.approx(report["score"], abs=1e-12)
    # A bigram's span holds what stands between its words.
    assert ["won", "won"] in report["spans"]
    assert all(text.startswith(ngram.split()[0]) for ngram, text in report["spans"])


def test_widgets_are_shown_and_wait_for_a_tab(executed: Any, report: dict[str, Any]) -> None:
    views = [o for c in executed.cells for o in c.get("outputs", []) if _is_view(o)]
    assert len(views) == 2
    # Nothing answers here: the notebook says so instead of failing.
    assert report["answer"] is None
    assert report["history"] == []
    lines = [
        o.data["text/markdown"] for c in executed.cells for o in c.get("outputs", []) if "text/markdown" in _data(o)
    ]
    assert len(lines) == 1
    assert "as soon as" in lines[0]


def test_texts_of_the_demo_data_are_not_in_the_notebook() -> None:
    from wasm_clf_widget import demo_data

    source = NOTEBOOK.read_text("utf-8")
    assert not [text for text, _ in demo_data.sms() if len(text) > 30 and text in source]


def _is_view(output: Any) -> bool:
    return "application/vnd.jupyter.widget-view+json" in _data(output)


def _data(output: Any) -> Any:
    return output.get("data", {})
