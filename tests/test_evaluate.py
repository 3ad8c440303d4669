"""``evaluate``: scikit-learn's own numbers, and the mistakes with their reasons."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import classification_report, confusion_matrix

import wasm_clf_widget as wcw

TEXTS = ["good good", "bad", "good bad", "nothing <b>", "bad good good good", "good", "bad bad"] * 9
LABELS = ["pos", "neg", "pos", "neg", "neg", "pos", "pos"] * 9


def classifier(classes: list[Any], head: Any = "softmax") -> wcw.Classifier:
    return wcw.Classifier.from_weights(["good", "bad"], [[1.5, -1.0]], [0.1], classes, name="e<v>", head=head)


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return classifier(["neg", "pos"])


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
    assert titles == ["Confusion, accuracy 0.571", "Reliability", "Confidence"]
    shown = found._repr_html_()
    assert "e&lt;v&gt;" in shown
    assert "<img" in shown
    assert "good +4.50" in shown
    assert "nothing <b>" not in shown


def test_a_model_without_probabilities_has_no_calibration() -> None:
    found = classifier(["neg", "pos"], "decision").evaluate(TEXTS, LABELS)
    assert found.calibration is None
    assert [axis.get_title() for axis in found.plot().axes] == ["Confusion, accuracy 0.571"]
    assert found.worst[0].confidence is None


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
