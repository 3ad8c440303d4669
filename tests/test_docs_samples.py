"""Every Python sample of the README and the documentation runs, page by page, from top to bottom."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from typer.testing import CliRunner

import wasm_clf_widget as wcw
from wasm_clf_widget.cli import app

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"(?<!-->\n)^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A sample; not one behind a comment, which says why it is not run."""
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if FENCE.search(page.read_text(encoding="utf-8")) and not {"_build", "_generated"} & set(page.parts)
)


def given() -> dict[str, Any]:
    """What a page may take as given: the reader's own texts, labels and fitted pipeline."""
    texts = ["arrived broken", "works well", "broken again", "very good, works", "bad and broken", "good value"]
    labels = ["bad", "good", "bad", "good", "bad", "good"]
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels)
    frame = pd.DataFrame({"review": texts})
    frame.to_parquet("reviews.parquet")
    given = {"texts": texts, "labels": labels, "pipeline": pipeline, "frame": frame}
    return {"__name__": "sample", "wcw": wcw, **given}


def test_pages_with_samples_were_found() -> None:
    assert "README.md" in PAGES
    assert "docs/tutorials/your-own-pipeline.md" in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_samples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = given()
    text = (ROOT / page).read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        line = text[: match.start(1)].count("\n")
        code = compile("\n" * line + match[1], str(ROOT / page), "exec")
        exec(code, names)


def test_the_readme_takes_nothing_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its blocks pasted into a notebook's cells: the first shows the widget, and then the shell's lines work."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}
    first, *others = FENCE.findall(text)
    tree = ast.parse(first)
    shown = tree.body.pop()
    assert isinstance(shown, ast.Expr)
    exec(compile(tree, "README.md", "exec"), names)
    assert isinstance(eval(compile(ast.Expression(shown.value), "README.md", "eval"), names), wcw.ClassifierWidget)
    for block in others:
        exec(compile(block, "README.md", "exec"), names)
    assert "<html" in Path("reviews.html").read_text(encoding="utf-8")

    names["frame"].to_csv("reviews.csv.gz")  # the reader's own table
    lines = [line for line in text.splitlines() if line.startswith("wasm-clf ")]
    assert len(lines) >= 4
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
        assert result.exit_code == 0, (line, result.output, result.exception)
    assert Path("answers.parquet").exists()
