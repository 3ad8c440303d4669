"""The twin of every stage and head beyond the plain ones: scikit-learn's answers, after a trip through the file."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from wasm_clf_widget.convert.sklearn import model_from_sklearn
from wasm_clf_widget.convert.source import SourceAnswers, source_answers
from wasm_clf_widget.errors import InputError
from wasm_clf_widget.model.explained import why_not_explained
from wasm_clf_widget.model.file import dump, parse
from wasm_clf_widget.model.shape import shape_of
from wasm_clf_widget.model.spec import (
    LEFT_OUT,
    TOKEN_PATTERNS,
    CalibratedHead,
    Model,
    Scale,
    SublinearTf,
    TreesHead,
    Vectorizer,
    VoteHead,
)
from wasm_clf_widget.model.tree import vectorizers
from wasm_clf_widget.parity import Answer, difference, own_answer
from wasm_clf_widget.texts import has_surrogate
from wasm_clf_widget.twin import Twin
from wide_cases import ASKED, CASES, fitted

TEXTS = [text for text in ASKED if not has_surrogate(text)]


@cache
def converted(name: str, weights: Any = "float64") -> Model:
    return parse(dump(model_from_sklearn(fitted(name), name=name, weights=weights)))


@cache
def source(name: str) -> SourceAnswers:
    return source_answers(fitted(name), TEXTS)


def right(answers: SourceAnswers, i: int) -> Answer:
    p = None if answers.probabilities is None else answers.probabilities[i].tolist()
    return Answer(answers.scores[i].tolist(), p, answers.labels[i].tolist())


@pytest.mark.parametrize("name", CASES)
def test_the_twin_answers_as_scikit_learn(name: str) -> None:
    model, answers = converted(name), source(name)
    twin = Twin(model)
    shape = shape_of(model)
    for i, text in enumerate(TEXTS):
        own = twin.answer(text)
        found = own.probabilities
        assert (len(own.scores), 0 if found is None else len(found), len(own.labels)) == shape
        largest, close, labels = difference(right(answers, i), own_answer(own), own.source)
        assert close, (text, largest, own)
        assert labels, (text, own)
        # Doubt is for what is next to a threshold, not a way out: none of these texts is.
        assert largest < 1e-9, (text, own)
        assert not any(own.source.open) or abs(largest) == 0.0, (text, own)


@pytest.mark.parametrize("name", [name for name in CASES if "svd" not in name and "of-rows" not in name])
def test_what_sums_sparse_rows_and_trees_have_the_same_bits(name: str) -> None:
    model, answers = converted(name), source(name)
    own = [Twin(model).answer(text) for text in TEXTS]
    exact = [all(slack == 0.0 for slack in one.source.scores) for one in own]
    head = model.head
    dense = name.startswith(("layers", "many-layers", "rest-layers", "centroid"))
    by_exp = (
        isinstance(head, CalibratedHead) or "bayes" in name or (isinstance(head, VoteHead) and head.voting == "soft")
    )
    if not dense and not by_exp:
        assert all(exact)
    for i, one in enumerate(own):
        if exact[i]:
            assert np.array(one.scores).tobytes() == answers.scores[i].tobytes(), TEXTS[i]
            assert one.labels == answers.labels[i].tolist(), TEXTS[i]


@pytest.mark.parametrize("name", CASES)
def test_stages_of_each_vectorizer(name: str) -> None:
    model = converted(name)
    twin = Twin(model)
    assert twin.vectorizers == len(vectorizers(model))
    for number in range(twin.vectorizers):
        for text in ASKED[:3]:
            assert isinstance(twin.normalize(text, number), str)
            assert isinstance(twin.tokens(text, number), list)
            indices = [index for index, _ in twin.features(text, number)]
            assert indices == sorted(indices)
    with pytest.raises(InputError, match="asked for"):
        twin.tokens("good", twin.vectorizers)


@pytest.mark.parametrize("name", CASES)
def test_explanations_add_up_or_say_why_there_is_none(name: str) -> None:
    model = converted(name)
    twin = Twin(model)
    if (reason := why_not_explained(model)) is not None:
        with pytest.raises(InputError, match="cannot be explained"):
            twin.explain("good film")
        assert reason
        return
    for text in ASKED:
        explanation = twin.explain(text)
        assert len(explanation.scores) == len(model.classes)
        for column, score in enumerate(explanation.scores):
            total = sum(span.weights[column] for span in explanation.spans) + explanation.remainder[column]
            assert total == pytest.approx(score, rel=1e-12, abs=1e-9)
        for span in explanation.spans:
            assert 0 <= span.start <= span.end <= len(text)


EXPLAINED = {
    "union", "union-nested", "select", "variance", "binarize", "complement", "bernoulli", "calibrated",
    "calibrated-isotonic", "calibrated-pipelines", "calibrated-bayes", "calibrated-one", "soft-pipelines", "rest",
    "rest-bayes", "many-rest", "many-rest-svc", "many-rest-bayes", "outputs-linear", "outputs-svc", "outputs-bayes",
}  # fmt: skip


def test_which_heads_are_explained() -> None:
    found = {name.removesuffix("-2").removesuffix("-3") for name in CASES if why_not_explained(converted(name)) is None}
    assert found == EXPLAINED


def test_an_explanation_of_linear_members_is_the_mean_of_their_decisions() -> None:
    pipeline = fitted("calibrated-pipelines-3")
    members = [pair.estimator for pair in pipeline.calibrated_classifiers_]
    twin = Twin(converted("calibrated-pipelines-3"))
    for text in TEXTS:
        mean = np.mean([member.decision_function([text])[0] for member in members], axis=0)
        assert twin.explain(text).scores == pytest.approx(mean.tolist(), rel=1e-12)


def test_left_out_features_have_no_span() -> None:
    pipeline = fitted("select-2")
    kept = set(pipeline[0].get_feature_names_out()[pipeline[1].get_support()])
    spans = Twin(converted("select-2")).explain(" ".join(TEXTS[:5])).spans
    assert {span.ngram for span in spans} == kept & set(" ".join(TEXTS[:5]).split())


@pytest.mark.parametrize(("off", "opened"), [(0.0, True), (1e-9, False), (-1e-9, False)])
def test_a_feature_beside_a_threshold_leaves_the_answer_open(off: float, opened: bool) -> None:
    """The logarithm of a large count is in doubt by its last bits, and a tree asks where float32 changes."""
    text = "good " * 8_000
    value = 1.0 + math.log(8_000)
    low = float(np.float32(10.0))
    middle = (low + float(np.nextafter(np.float32(low), np.float32(11.0)))) / 2.0 + off
    words = Vectorizer("word", (1, 1), True, None, TOKEN_PATTERNS[0], (), False, 1, ("good",))
    tree = TreesHead("mean", "none", "argmax", 2, [0], (), [0, LEFT_OUT, LEFT_OUT], [low, 0.0, 0.0],
                     [1, 2, 0, 0, 0, 0], [0.0, 0.0, 0.75, 0.25, 0.25, 0.75], ())  # fmt: skip
    front = replace(converted("tree-2").pipeline, front=words, head=tree)
    answer = Twin(
        replace(converted("tree-2"), pipeline=replace(front, transforms=(SublinearTf(), Scale([middle / value]))))
    ).answer(text)
    assert answer.source.open == [opened]
    assert answer.source.scores == [math.inf if opened else 0.0] * 2
    assert answer.engine.open == [False]


@pytest.mark.parametrize("name", ["union-2", "rest-3", "many-rest", "select-3"])
def test_float32_stays_within_its_promise(name: str) -> None:
    model, answers = converted(name, "float32"), source(name)
    assert model.weights == "float32"
    twin = Twin(model)
    apart = []
    for i, text in enumerate(TEXTS):
        own = twin.answer(text)
        largest, close, labels = difference(right(answers, i), own_answer(own), own.source)
        assert close, text
        assert labels, text
        apart.append(largest)
    assert 0.0 < max(apart) < 1e-5
