"""``wasm-clf convert``: stored pipelines, trust, refusals and their exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC
from typer.testing import CliRunner, Result

import wasm_clf_widget as wcw
from wasm_clf_widget.cli import app

TEXTS = ["a good film", "a bad film", "good good product", "bad product", "nice day", "rainy day"] * 3
LABELS = ["pos", "neg", "pos", "neg", "pos", "neg"] * 3


def split(text: str) -> list[str]:
    return text.split()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(TfidfVectorizer(), SelectKBest(chi2, k=4), LogisticRegression()),
        CalibratedClassifierCV(make_pipeline(TfidfVectorizer(), LinearSVC()), cv=2),
        CalibratedClassifierCV(make_pipeline(TfidfVectorizer(), LinearSVC()), cv=2, method="isotonic"),
        make_pipeline(TfidfVectorizer(), RandomForestClassifier(3)),
        make_pipeline(TfidfVectorizer(), MLPClassifier((3,), max_iter=5)),
        make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression())),
    ],
    ids=lambda e: type(e).__name__ if not hasattr(e, "steps") else type(e[-1]).__name__,
)
def test_skops_needs_no_trust(estimator: Any, tmp_path: Path) -> None:
    estimator.fit(TEXTS, LABELS)
    skops.io.dump(estimator, tmp_path / "p.skops")
    result = run(tmp_path / "p.skops", "-o", tmp_path / "m.safetensors", "--name", "reviews")
    assert result.exit_code == 0, result.output
    classifier = wcw.Classifier.load(tmp_path / "m.safetensors")
    assert classifier.name == "reviews"
    assert classifier.compare(estimator, TEXTS).ok


def test_joblib_only_with_trust_and_a_warning(pipeline: Any, tmp_path: Path) -> None:
    joblib.dump(pipeline, tmp_path / "p.joblib")
    result = run(tmp_path / "p.joblib", "-o", tmp_path / "m.safetensors", "--name", "m")
    assert result.exit_code == 2
    assert "runs code" in result.stderr
    assert not (tmp_path / "m.safetensors").exists()
    result = run(
        tmp_path / "p.joblib", "-o", tmp_path / "m.safetensors", "--name", "m", "--trust", "--weights", "float64"
    )
    assert result.exit_code == 0, result.output
    assert "runs code" in result.stderr
    assert wcw.Classifier.load(tmp_path / "m.safetensors").model_info().weights == "float64"


class Dangerous:
    """What a joblib file may do while it is read."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (Path(self.path),)


def test_without_trust_nothing_of_a_joblib_file_runs(tmp_path: Path) -> None:
    joblib.dump(Dangerous(str(tmp_path / "ran")), tmp_path / "p.joblib")
    assert run(tmp_path / "p.joblib", "-o", tmp_path / "m.safetensors", "--name", "m").exit_code == 2
    assert not (tmp_path / "ran").exists()


def test_every_obstacle_is_listed_with_exit_code_3(tmp_path: Path) -> None:
    broken = make_pipeline(TfidfVectorizer(tokenizer=split), SVC()).fit(TEXTS, LABELS)
    joblib.dump(broken, tmp_path / "p.joblib")
    for more in ((), ("--check",)):
        result = run(tmp_path / "p.joblib", "-o", tmp_path / "m.safetensors", "--name", "m", "--trust", *more)
        assert result.exit_code == 3
        for shown in ("tokenizer", "svc", "LinearSVC"):
            assert shown in result.output + result.stderr
    assert not (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize("scoring", [None, "accuracy", "f1_macro", "roc_auc_ovr", ["accuracy", "neg_log_loss"]])
def test_a_search_is_read_whatever_it_scored_by(scoring: Any, tmp_path: Path) -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    refit = "accuracy" if isinstance(scoring, list) else True
    search = GridSearchCV(pipeline, {"logisticregression__C": [1, 2]}, cv=2, scoring=scoring, refit=refit)
    skops.io.dump(search.fit(TEXTS * 4, LABELS * 4), tmp_path / "g.skops")
    result = run(tmp_path / "g.skops", "-o", tmp_path / "m.safetensors", "--name", "m")
    assert result.exit_code == 0, result.output + result.stderr


def test_sparse_coefficients_are_read(tmp_path: Path) -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    pipeline[-1].sparsify()
    skops.io.dump(pipeline, tmp_path / "p.skops")
    result = run(tmp_path / "p.skops", "-o", tmp_path / "m.safetensors", "--name", "m")
    assert result.exit_code == 0, result.output + result.stderr


def test_types_that_are_not_scikit_learns(tmp_path: Path) -> None:
    skops.io.dump(make_pipeline(TfidfVectorizer(tokenizer=split), SVC()).fit(TEXTS, LABELS), tmp_path / "p.skops")
    result = run(tmp_path / "p.skops", "-o", tmp_path / "m.safetensors", "--name", "m")
    assert result.exit_code == 3
    assert "test_cli_convert.split" in result.stderr


def test_check_writes_nothing(pipeline: Any, tmp_path: Path) -> None:
    skops.io.dump(pipeline, tmp_path / "p.skops")
    result = run(tmp_path / "p.skops", "-o", tmp_path / "m.safetensors", "--name", "m", "--check")
    assert result.exit_code == 0
    assert "can be converted" in result.output
    assert not (tmp_path / "m.safetensors").exists()


def test_texts_of_ones_own_end_at_line_feeds_only(pipeline: Any, tmp_path: Path) -> None:
    skops.io.dump(pipeline, tmp_path / "p.skops")
    out = tmp_path / "own.safetensors"
    (tmp_path / "own.txt").write_text("one\u2028text\x85of\vmine\n\nlast", encoding="utf-8")
    result = run(tmp_path / "p.skops", "-o", out, "--name", "m", "--texts", tmp_path / "own.txt")
    assert result.exit_code == 0, result.output
    certificate = wcw.Classifier.load(out).model.certificate
    assert certificate is not None
    assert certificate.texts[:3] == ("one\u2028text\x85of\vmine", "", "last")


def test_texts_of_ones_own_are_certified(pipeline: Any, tmp_path: Path) -> None:
    skops.io.dump(pipeline, tmp_path / "p.skops")
    (tmp_path / "own.txt").write_text("my own good text\nand another\n", encoding="utf-8")
    out = tmp_path / "m.safetensors"
    result = run(tmp_path / "p.skops", "-o", out, "--name", "m", "--texts", tmp_path / "own.txt")
    assert result.exit_code == 0, result.output
    certificate = wcw.Classifier.load(out).model.certificate
    assert certificate is not None
    assert certificate.texts[:2] == ("my own good text", "and another")


@pytest.mark.parametrize(
    "content", [None, b"", b"PK\x03\x04 no archive", b"{}"], ids=["missing", "empty", "zip", "json"]
)
def test_files_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "p.skops"
    if content is not None:
        path.write_bytes(content)
    for more in ((), ("--trust",)):
        result = run(path, "-o", tmp_path / "m.safetensors", "--name", "m", *more)
        assert result.exit_code == 2, result.output
        assert "p.skops" in result.stderr


def test_where_the_model_cannot_be_written(pipeline: Any, tmp_path: Path) -> None:
    skops.io.dump(pipeline, tmp_path / "p.skops")
    result = run(tmp_path / "p.skops", "-o", tmp_path / "nowhere" / "m.safetensors", "--name", "m")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
