"""An output that knows one class only: converter, file, engine and twin agree on what it is, a ``constant``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

import wasm_clf_widget as wcw
from wasm_clf_widget.errors import ModelFileError, UnsupportedPipelineError
from wasm_clf_widget.model.file import dump, parse
from wasm_clf_widget.model.spec import ConstantHead, Model, MultiOutputHead, Pipeline, TreesHead, VoteHead

TEXTS = ["good film nice", "bad film", "a good one", "very bad thing", "nice nice", "awful bad"]
LABELS = np.array([1, 0, 1, 0, 1, 0])
ONE = np.ones_like(LABELS)
SOME_ONE = np.column_stack([LABELS, ONE])
ALL_ONE = np.column_stack([ONE, ONE])

TREES = [DecisionTreeClassifier(random_state=0), RandomForestClassifier(5, random_state=0), ExtraTreesClassifier(5)]


@pytest.mark.parametrize("labels", [ONE, SOME_ONE, ALL_ONE], ids=["alone", "one of two outputs", "both outputs"])
@pytest.mark.parametrize("several", [False, True], ids=["trees", "MultiOutputClassifier"])
@pytest.mark.parametrize("trees", TREES, ids=lambda trees: type(trees).__name__)
def test_trees_of_one_class_answer_as_scikit_learn(trees: Any, several: bool, labels: Any) -> None:
    if several and labels.ndim == 1:
        pytest.skip("MultiOutputClassifier takes outputs only")
    pipeline = make_pipeline(TfidfVectorizer(), MultiOutputClassifier(trees) if several else trees).fit(TEXTS, labels)
    made = wcw.Classifier.from_sklearn(pipeline, name="one class")
    report = made.compare(pipeline, [*TEXTS, "", "good bad"])
    assert report.ok, report
    assert np.array_equal(made.predict(TEXTS), pipeline.predict(TEXTS))
    assert made.with_engine("twin").verify().ok


def test_a_vote_of_one_class_is_refused_with_a_way_out() -> None:
    vote = VotingClassifier([("a", DummyClassifier()), ("b", DummyClassifier())])
    with pytest.raises(UnsupportedPipelineError, match="there is 1 class") as caught:
        wcw.Classifier.from_sklearn(make_pipeline(TfidfVectorizer(), vote).fit(TEXTS, ONE), name="vote")
    assert "two classes" in caught.value.advice


# --- what a file may say of it: Python's reader and the engine refuse the same


CONSTANT = Pipeline(None, (), ConstantHead([1.0], [0]))


def _with_head(head: Any) -> Model:
    pipeline = make_pipeline(TfidfVectorizer(), RandomForestClassifier(3)).fit(TEXTS, ONE)
    model = parse(wcw.Classifier.from_sklearn(pipeline, name="one")._data)
    return replace(model, pipeline=replace(model.pipeline, head=head), certificate=None, tables=())


def test_a_forest_of_one_class_is_no_model_file() -> None:
    trees = TreesHead("mean", "none", "argmax", 1, [0], (), [0xFFFFFFFF], [0.0], [0, 0], [1.0], ())
    with pytest.raises(ModelFileError, match=r"outputs: found 1, it must be an integer from 2"):
        parse(dump(_with_head(trees)))


def test_a_vote_of_one_class_is_no_model_file() -> None:
    with pytest.raises(ModelFileError, match="1 class: 'vote' needs two"):
        parse(dump(_with_head(VoteHead("soft", (CONSTANT, CONSTANT), None))))


def test_a_constant_for_several_outputs_is_a_member_of_each() -> None:
    classes = _with_head(ConstantHead([1.0], [0])).class_sets * 2
    whole = replace(_with_head(ConstantHead([1.0, 1.0], [0, 0])), class_sets=classes, targets="multioutput")
    with pytest.raises(ModelFileError, match="the head must be 'multi_output'"):
        parse(dump(whole))
    members = replace(_with_head(MultiOutputHead((CONSTANT, CONSTANT))), class_sets=classes, targets="multioutput")
    assert wcw.Classifier(dump(members)).predict(["good"]).tolist() == [[1, 1]]
