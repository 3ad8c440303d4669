"""``evaluate``: scikit-learn's own numbers, and the mistakes with their reasons."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    f1_score,
    hamming_loss,
    multilabel_confusion_matrix,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

import wasm_clf_widget as wcw
from wasm_clf_widget import evaluation as wcw_evaluation
from wasm_clf_widget.evaluation import fonts

TEXTS = ["good good", "bad", "good bad", "nothing <b>", "bad good good good", "good", "bad bad"] * 9
LABELS = ["pos", "neg", "pos", "neg", "neg", "pos", "pos"] * 9


def classifier(classes: list[Any], head: Any = "softmax") -> wcw.Classifier:
    return wcw.Classifier.from_weights(["good", "bad"], [[1.5, -1.0]], [0.1], classes, name="e<v>", head=head)


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return classifier(["neg", "pos"])


@pytest.mark.parametrize("worst", [-1, 2.5, True, "all"])
def test_a_number_of_mistakes_that_is_none(clf: wcw.Classifier, worst: Any) -> None:
    with pytest.raises(wcw.InputError, match=r"^worst=.* is given, allowed are whole numbers from 0 on"):
        clf.evaluate(TEXTS, LABELS, worst=worst)
    assert clf.evaluate(TEXTS, LABELS, worst=0).worst == ()


def test_a_lone_surrogate_in_a_mistake_can_be_saved_with_the_notebook(clf: wcw.Classifier) -> None:
    found = clf.evaluate(["good \ud800", "bad"], ["neg", "neg"])
    assert found.worst[0].text == "good \ud800"
    assert "good \ufffd" in found._repr_html_().encode().decode()


def test_outputs_as_a_table_of_any_library() -> None:
    labels = {"mood": ["pos", "neg", "pos"], "topic": ["film", "book", "book"]}
    pipeline = make_pipeline(CountVectorizer(), MultiOutputClassifier(LogisticRegression()))
    texts = ["good film", "bad book", "good book"]
    pipeline.fit(texts, np.array(list(zip(*labels.values(), strict=True))))
    outputs = wcw.Classifier.from_sklearn(pipeline, name="outputs")
    expected = outputs.evaluate(texts, list(zip(*labels.values(), strict=True)))
    for table in (pd.DataFrame(labels), pl.DataFrame(labels), pa.table(labels), pa.record_batch(labels)):
        found = outputs.evaluate(texts, table)
        assert (found.accuracy, found.outputs[1].macro_f1) == (expected.accuracy, expected.outputs[1].macro_f1)


def test_numbers_are_scikit_learns(clf: wcw.Classifier) -> None:
    found = clf.evaluate(TEXTS, LABELS)
    predicted = clf.predict(TEXTS)
    report = classification_report(LABELS, predicted, output_dict=True)
    assert found.count == len(TEXTS)
    assert found.accuracy == report["accuracy"]
    for scores in found.per_class:
        expected = report[scores.label]
        assert (scores.precision, scores.recall, scores.f1) == (
            expected["precision"], expected["recall"], expected["f1-score"]
        )  # fmt: skip
        assert scores.support == expected["support"]
    assert np.array_equal(found.confusion, confusion_matrix(LABELS, predicted, labels=["neg", "pos"]))


def test_calibration_counts_every_text_once(clf: wcw.Classifier) -> None:
    calibration = clf.evaluate(TEXTS, LABELS).calibration
    assert calibration is not None
    assert sum(calibration.count) == len(TEXTS)
    confidence, right = clf.predict_proba(TEXTS).max(axis=1), clf.predict(TEXTS) == LABELS
    for mean, accuracy, count in zip(calibration.confidence, calibration.accuracy, calibration.count, strict=True):
        inside = np.ceil(confidence * 10) == np.ceil(mean * 10)
        assert inside.sum() == count
        assert confidence[inside].mean() == pytest.approx(mean)
        assert right[inside].mean() == pytest.approx(accuracy)


def test_the_worst_mistakes_come_first_and_are_explained(clf: wcw.Classifier) -> None:
    worst = clf.evaluate(TEXTS, LABELS, worst=12).worst
    assert len(worst) == 12
    assert [m.index for m in worst[:2]] == [4, 11]
    first = worst[0]
    assert (first.text, first.expected, first.got) == ("bad good good good", "neg", "pos")
    assert first.confidence == clf.predict_proba([first.text]).max()
    assert first.explanation is not None
    assert {span.ngram for span in first.explanation.spans} == {"good", "bad"}
    assert all(a.confidence >= b.confidence for a, b in pairwise(worst))  # type: ignore[operator]


def test_it_shows_itself(clf: wcw.Classifier) -> None:
    found = clf.evaluate(TEXTS, LABELS)
    titles = [axis.get_title() for axis in found.plot().axes]
    assert titles == ["Confusion, accuracy 0.571", "Reliability (texts)", "Confidence"]
    shown = found._repr_html_()
    assert "e&lt;v&gt;" in shown
    assert "<img" in shown
    assert "good +4.50" in shown
    assert "nothing <b>" not in shown


@pytest.mark.filterwarnings("error")
def test_class_names_of_any_script_are_drawn_or_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import font_manager

    found = classifier(["坏", "好"]).evaluate(["good", "bad"], ["好", "好"])
    all_fonts = font_manager.fontManager.ttflist
    known = any("CJK" in font.name for font in all_fonts)
    if known:
        figure = found.plot()
        figure.savefig(io.BytesIO())  # a glyph that is missing would be a warning
        assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["坏", "好"]
    fonts._fonts_for.cache_clear()
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [f for f in all_fonts if f.name.startswith("DejaVu")])
    with pytest.warns(UserWarning, match="no installed font has 坏 好: .* called by their place"):
        figure = found.plot()
    figure.savefig(io.BytesIO())
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["#0", "#1"]
    fonts._fonts_for.cache_clear()


def test_a_model_without_probabilities_has_no_calibration() -> None:
    found = classifier(["neg", "pos"], "decision").evaluate(TEXTS, LABELS)
    assert found.calibration is None
    assert [axis.get_title() for axis in found.plot().axes] == ["Confusion, accuracy 0.571"]
    assert found.worst[0].confidence is None
    # By the lead in score over the right class: 4.6 for "bad good good good", 0.5 each for "bad bad".
    assert [m.text for m in found.worst[:3]] == ["bad good good good"] * 3


def test_no_mistakes_and_columns(clf: wcw.Classifier) -> None:
    found = clf.evaluate(pd.Series(["good", "bad"]), pd.Series(["pos", "neg"]), n_jobs=2)
    assert found.accuracy == 1.0
    assert found.worst == ()
    assert "No mistakes" in found._repr_html_()
    assert classifier([0, 1]).evaluate(["good"], np.array([1])).accuracy == 1.0


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["good"], ["positive"], r"labels\[0\]: 'positive' is no class of this model, which has 'neg', 'pos'"),
        (["good"], [1], r"labels\[0\]: 1 is no class"),
        (["good", "bad"], ["pos"], "2 texts and 1 labels"),
        ([], [], "no texts are given"),
        (["good", None], ["pos", "neg"], r"texts\[1\]: a text must be str"),
    ],
)
def test_what_does_not_fit_is_named(clf: wcw.Classifier, texts: Any, labels: Any, message: str) -> None:
    with pytest.raises(wcw.InputError, match=message):
        clf.evaluate(texts, labels)


def test_true_is_not_1() -> None:
    with pytest.raises(wcw.InputError, match="True is no class"):
        classifier([1, 2]).evaluate(["good"], [True])


# --- any set of labels a text

WORDS = ("price", "taste", "service")
TAGGED = ["price", "taste", "service", "price taste", "price service taste", "taste service", "nothing"] * 5
TABLE = np.array([[int(word in text) for word in WORDS] for text in TAGGED])
ASKED = ["price", "taste service", "price taste", "nothing", "service price", "price price service"] * 3
# What people said, which is not always what the words say: "price" alone was about the service as well.
RIGHT = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 0, 1], [1, 0, 1]] * 3)


def tags(head: Any, y: Any = TABLE) -> wcw.Classifier:
    pipeline = make_pipeline(CountVectorizer(), OneVsRestClassifier(head)).fit(TAGGED, y)
    return wcw.Classifier.from_sklearn(pipeline, name="tags")


@pytest.fixture(scope="module")
def tagger() -> wcw.Classifier:
    return tags(LogisticRegression(C=20))


def test_sets_of_labels_have_scikit_learns_numbers(tagger: wcw.Classifier) -> None:
    found = tagger.evaluate(ASKED, RIGHT)
    assert isinstance(found, wcw_evaluation.MultilabelEvaluation)
    got = tagger.predict(ASKED)
    assert not np.array_equal(got, RIGHT)
    assert found.accuracy == accuracy_score(RIGHT, got)
    assert found.hamming == hamming_loss(RIGHT, got)
    assert found.micro_f1 == pytest.approx(f1_score(RIGHT, got, average="micro"))
    assert found.macro_f1 == pytest.approx(f1_score(RIGHT, got, average="macro"))
    assert np.array_equal(found.confusion, multilabel_confusion_matrix(RIGHT, got))
    report = classification_report(RIGHT, got, output_dict=True, zero_division=0.0)
    for k, scores in enumerate(found.per_class):
        expected = report[str(k)]
        assert (scores.precision, scores.recall, scores.f1, scores.support) == (
            expected["precision"], expected["recall"], expected["f1-score"], expected["support"]
        )  # fmt: skip


def test_each_label_has_its_own_calibration(tagger: wcw.Classifier) -> None:
    calibrations = tagger.evaluate(ASKED, RIGHT).calibrations  # type: ignore[union-attr]
    p = tagger.predict_proba(ASKED)
    assert len(calibrations) == 3
    for k, calibration in enumerate(calibrations):
        assert sum(calibration.count) == len(ASKED)
        for mean, share, count in zip(calibration.confidence, calibration.accuracy, calibration.count, strict=True):
            inside = np.ceil(p[:, k] * 10) == np.ceil(mean * 10)
            assert (inside.sum(), RIGHT[inside, k].mean()) == (count, pytest.approx(share))


def test_the_worst_error_of_a_set_is_named_and_explained(tagger: wcw.Classifier) -> None:
    found = tagger.evaluate(ASKED, RIGHT, worst=100)
    p = tagger.predict_proba(ASKED)
    assert len(found.worst) == 6
    assert all(a.confidence >= b.confidence for a, b in pairwise(found.worst))  # type: ignore[operator]
    missing = next(m for m in found.worst if m.text == "price")
    assert (missing.expected, missing.got, missing.label, missing.missing) == ((0, 2), (0,), 2, True)
    assert missing.confidence == 1 - p[missing.index, 2]
    wrong = next(m for m in found.worst if m.text == "price taste")
    assert (wrong.expected, wrong.got, wrong.label, wrong.missing) == ((0,), (0, 1), 1, False)
    assert wrong.confidence == p[wrong.index, 1]
    assert wrong.explanation is not None
    weights = {span.ngram: span.weights[wrong.column] for span in wrong.explanation.spans}
    assert weights["taste"] > 1 > weights["price"]
    shown = found._repr_html_()
    assert "2 is missing" in shown
    assert re.search(r"1 is wrong</td>.*?taste \+", shown)


def test_labels_as_sets_and_tables_of_any_kind_are_the_same() -> None:
    binarizer = MultiLabelBinarizer(classes=WORDS)
    named = wcw.Classifier.from_sklearn(
        make_pipeline(CountVectorizer(), OneVsRestClassifier(LogisticRegression(C=20))).fit(TAGGED, TABLE), name="tags"
    )
    sets = [{k for k in range(3) if row[k]} for row in RIGHT]
    frame = pd.DataFrame(RIGHT, columns=[0, 1, 2])
    kinds = [RIGHT, RIGHT.astype(bool), scipy.sparse.csr_matrix(RIGHT), frame, frame[[2, 0, 1]], sets, pd.Series(sets)]
    numbers = [named.evaluate(ASKED, labels).confusion.tolist() for labels in kinds]
    assert all(found == numbers[0] for found in numbers)
    assert binarizer.fit_transform([("price",)]).tolist() == [[1, 0, 0]]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([[1, 0, 1]], "rows of 0 and 1 may be a table or the classes 0 and 1"),
        (np.array([[1, 0]]), "2 columns are given, the model has 3 classes"),
        (np.array([[1, 0, 2]]), r"labels\[0\]\[2\]: 2 is given, a table of labels holds 0 and 1"),
        ([{0, 7}], r"labels\[0\]: 7 is no class of this model, which has 0, 1, 2"),
        (["price"], r"labels\[0\]: 'price' is given, needed is a list or tuple"),
        ([3], r"labels\[0\]: 3 is given, needed is a list or tuple"),
        ([{0}, {1}], "1 texts and 2 labels"),
    ],
)
def test_sets_that_do_not_fit_are_named(tagger: wcw.Classifier, labels: Any, message: str) -> None:
    with pytest.raises(wcw.InputError, match=message):
        tagger.evaluate(["price"], labels)


# --- several outputs a text

PAIRS = np.array([["cheap" if "price" in text else "dear", "good" if "taste" in text else "bad"] for text in TAGGED])
ANSWERS = np.array([["cheap", "bad"], ["dear", "good"], ["dear", "good"], ["dear", "bad"], ["cheap", "good"],
                    ["cheap", "bad"]] * 3)  # fmt: skip


@pytest.mark.parametrize("head", [MultiOutputClassifier(LogisticRegression(C=20)), MultiOutputClassifier(LinearSVC())])
def test_each_output_has_a_report_of_its_own(head: Any) -> None:
    pipeline = make_pipeline(CountVectorizer(), head).fit(TAGGED, PAIRS)
    clf = wcw.Classifier.from_sklearn(pipeline, name="pairs")
    found = clf.evaluate(ASKED, ANSWERS, worst=50)
    assert isinstance(found, wcw_evaluation.MultioutputEvaluation)
    got = pipeline.predict(ASKED)
    assert found.accuracy == (got == ANSWERS).all(axis=1).mean() < 1.0
    for number, output in enumerate(found.outputs):
        assert output.classes == tuple(clf.classes_[number])
        assert output.accuracy == accuracy_score(ANSWERS[:, number], got[:, number])
        assert np.array_equal(output.confusion, confusion_matrix(ANSWERS[:, number], got[:, number]))
        assert {m.index for m in output.worst} == set(np.flatnonzero(got[:, number] != ANSWERS[:, number]))
        for mistake in output.worst:
            assert mistake.explanation is not None
            # Of two classes a binary head has −s and s: the wrong one's score is the positive.
            assert mistake.explanation.scores[mistake.column] > 0
            assert mistake.explanation.classes[mistake.column] == mistake.got
        assert (output.calibration is None) == isinstance(head.estimator, LinearSVC)
    tuples = [tuple(row) for row in ANSWERS.tolist()]
    assert clf.evaluate(ASKED, tuples).accuracy == found.accuracy
    assert clf.evaluate(ASKED, pd.DataFrame(ANSWERS)).accuracy == found.accuracy
    shown = found._repr_html_()
    assert shown.count("<img") == 2
    assert "pairs, output 1" in shown
    with pytest.raises(wcw.InputError, match=r"labels\[0\]\[1\]: 'cheap' is no class of output 1, which has 'bad'"):
        clf.evaluate(["price"], [("cheap", "cheap")])
    with pytest.raises(wcw.InputError, match=r"labels\[0\]: 1 labels are given, the model has 2 outputs"):
        clf.evaluate(["price"], [("cheap",)])


def test_a_model_that_cannot_be_explained_is_evaluated_all_the_same() -> None:
    forest = RandomForestClassifier(5, random_state=0)
    pipeline = make_pipeline(CountVectorizer(), forest).fit(TAGGED, PAIRS)
    found = wcw.Classifier.from_sklearn(pipeline, name="forest").evaluate(ASKED, ANSWERS)
    assert found.outputs[0].worst[0].explanation is None  # type: ignore[union-attr]
    assert "<img" in found._repr_html_()


# --- the pictures


def pixels(shown: str) -> list[Any]:
    from PIL import Image

    data = re.findall(r"base64,([^\"]+)", shown)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one))).convert("RGBA")) for one in data]


def rows_of_classes(count: int) -> tuple[wcw.Classifier, list[str], list[str]]:
    classes = [f"class {i:03d} with a rather long name of ${i}" for i in range(count)]
    clf = wcw.Classifier.from_weights(
        [f"w{i}" for i in range(count)], 4 * np.eye(count), np.zeros(count), classes, name="many"
    )
    return clf, [f"w{i}" for i in range(count)] * 2, classes + classes[::-1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("make", [
    lambda: (tags(LogisticRegression()), ASKED, RIGHT),
    lambda: (tags(LinearSVC()), ASKED, RIGHT),
    lambda: (classifier(["neg", "pos"]), TEXTS, LABELS),
    lambda: rows_of_classes(16),
    lambda: rows_of_classes(120),
])  # fmt: skip
def test_a_picture_reads_on_light_and_dark_pages(make: Callable[[], Any]) -> None:
    """Nothing is cut off or piled up (matplotlib would warn); outside of the plots it is transparent, letters grey."""
    clf, texts, labels = make()
    (picture,) = pixels(clf.evaluate(texts, labels)._repr_html_())
    clear = picture[..., 3] == 0
    assert clear[[0, -1]].all()
    assert clear[:, [0, -1]].all()
    assert 0.1 < clear.mean() < 0.95
    opaque = picture[~clear & (picture[..., 3] > 200)][:, :3].astype(int)
    grey = (np.abs(opaque - 0x7C) <= 4).all(axis=1).sum()
    black = (opaque < 0x18).all(axis=1).sum()
    assert grey > 500
    assert black < grey / 20


def test_of_many_labels_the_weakest_are_shown() -> None:
    y = np.array(
        [[int(f"w{k}" in text.split()) for k in range(9)] for text in [f"w{i % 9} w{i % 4}" for i in range(90)]]
    )
    texts = [f"w{i % 9} w{i % 4}" for i in range(90)]
    pipeline = make_pipeline(CountVectorizer(), OneVsRestClassifier(LogisticRegression())).fit(texts, y)
    right = y.copy()
    right[:, [2, 5]] = 1 - right[:, [2, 5]]
    figure = wcw.Classifier.from_sklearn(pipeline, name="nine").evaluate(texts, right).plot()
    titles = [axis.get_title() for axis in figure.axes]
    assert len(titles) == 8
    assert {"2", "5"} < set(titles)
    assert figure.subfigs[0].get_suptitle() == "The 6 labels with the lowest F1"
