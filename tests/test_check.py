"""``check``: every obstacle at once, each with a way out; the edited pipeline is one that can be fitted."""

from __future__ import annotations

import pickle
import re
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC

import wasm_clf_widget as wcw
from wasm_clf_widget.convert.nearest import tokenizer_edit
from wasm_clf_widget.convert.sklearn import model_from_sklearn

TEXTS = ["a good film", "a bad film", "good good product", "bad product", "nice #tag day", "rainy day, no film"] * 3
LABELS = ["pos", "neg", "pos", "neg", "pos", "neg"] * 3


def split(text: str) -> list[str]:
    return text.split()


def words_and_marks(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


def letters(text: str) -> list[str]:
    return [word for word in re.findall("[a-zA-Z]+", text) if len(word) > 2]


def hopeless(text: str) -> list[str]:
    return [text[::-1]]


def broken() -> Pipeline:
    """Seven things in the way, in four steps."""
    return Pipeline(
        [
            (
                "union",
                FeatureUnion(
                    [
                        ("tfidf", TfidfVectorizer(tokenizer=split, dtype=np.float32)),
                        ("chars", CountVectorizer(analyzer=words_and_marks, strip_accents=str.upper)),
                    ]
                ),
            ),
            ("roots", FunctionTransformer(np.sqrt)),
            ("clf", SVC()),
        ]
    )


def test_all_obstacles_are_listed_at_once_by_their_paths() -> None:
    report = wcw.check(broken())
    assert not report.ok
    assert [(o.step, o.option) for o in report.obstacles] == [
        ("union__tfidf", "tokenizer"),
        ("union__tfidf", "dtype"),
        ("union__tfidf", "TfidfVectorizer"),  # not fitted: said once for the whole pipeline
        ("union__chars", "analyzer"),
        ("union__chars", "strip_accents"),
        ("roots", "FunctionTransformer"),
        ("clf", "SVC"),
    ]
    assert all(o.reason and o.advice for o in report.obstacles)


def test_the_edited_pipeline_can_be_fitted_and_converted() -> None:
    given = broken()
    before = repr(given)
    edited = wcw.check(given).suggestion
    assert repr(given) == before, "the caller's pipeline is left as it is"
    assert edited["union"].transformer_list[0][1].token_pattern == r"\S+"
    assert edited["union"].transformer_list[0][1].dtype == np.float64
    assert isinstance(edited["clf"], LinearSVC)
    edited.fit(TEXTS, LABELS)
    assert wcw.check(edited).ok
    model_from_sklearn(edited, name="m")


def test_each_obstacle_has_its_own_edit() -> None:
    report = wcw.check(broken())
    tokenizer = report.obstacles[0].suggestion
    assert tokenizer["union"].transformer_list[0][1].token_pattern == r"\S+"
    assert isinstance(tokenizer["clf"], SVC), "only its own obstacle is edited"


def test_the_report_is_a_table_in_a_terminal_and_in_a_notebook() -> None:
    report = wcw.check(broken())
    text, html = repr(report), report._repr_html_()
    for shown in ("7 obstacles", "union__tfidf", "tokenizer", "Pipeline("):
        assert shown in text
        assert shown in html
    assert "<script" not in wcw.check(Pipeline([("<script>", SVC())]))._repr_html_()
    fine = wcw.check(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS))
    assert fine.ok
    assert "can be converted" in repr(fine)
    assert "can be converted" in fine._repr_html_()
    from rich.console import Console

    console = Console(record=True, width=200)
    console.print(report)
    assert "union__chars" in console.export_text()


def test_the_refusal_is_the_first_obstacle_with_the_edited_pipeline() -> None:
    pipeline = make_pipeline(CountVectorizer(tokenizer=split), LogisticRegression()).fit(TEXTS, LABELS)
    with pytest.raises(wcw.UnsupportedPipelineError) as caught:
        wcw.Classifier.from_sklearn(pipeline, name="m")
    edited = caught.value.suggestion
    assert isinstance(edited, Pipeline)
    assert not hasattr(edited[0], "vocabulary_"), "it is to be fitted"
    assert edited[0].get_params()["token_pattern"] == r"\S+"
    assert "token_pattern='\\\\S+'" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.step, again.option, again.reason, again.advice) == (
        "countvectorizer",
        "tokenizer",
        caught.value.reason,
        caught.value.advice,
    )
    assert repr(again.suggestion) == repr(edited)


@pytest.mark.parametrize(
    ("tokenizer", "pattern"),
    [
        (split, r"\S+"),
        (str.split, r"\S+"),
        (words_and_marks, r"\w+|[^\w\s]"),
        (letters, r"[a-zA-Z]{3,}"),
        (re.compile(r"[a-z]+-?[a-z]*").findall, r"[a-z]+-?[a-z]*"),
        (list, r"(?s)."),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_the_nearest_pattern_of_a_tokenizer(tokenizer: Any, pattern: str) -> None:
    edit, words = tokenizer_edit(TfidfVectorizer(tokenizer=tokenizer))
    assert edit == {"tokenizer": None, "token_pattern": pattern}
    assert "as on every sample" in words


def test_a_tokenizer_like_no_pattern_is_given_characters() -> None:
    edit, words = tokenizer_edit(TfidfVectorizer(tokenizer=hopeless))
    assert edit["analyzer"] == "char_wb"
    assert "char_wb" in words

    def raises(text: str) -> list[str]:
        raise RuntimeError("not today")

    assert tokenizer_edit(TfidfVectorizer(tokenizer=raises))[0]["analyzer"] == "char_wb"


def test_a_pipeline_of_lists_of_tokens_is_told_what_to_do() -> None:
    tokens = [text.split() for text in TEXTS]
    for options in ({"analyzer": lambda words: words}, {"tokenizer": lambda words: words, "lowercase": False}):
        pipeline = make_pipeline(CountVectorizer(**options, preprocessor=None), MultinomialNB())
        if "tokenizer" in options:
            pipeline[0].set_params(preprocessor=lambda words: words)
        pipeline.fit(tokens, LABELS)
        (obstacle, *_) = wcw.check(pipeline).obstacles
        assert obstacle.option in ("analyzer", "tokenizer", "preprocessor")
        assert "Python code" in obstacle.reason
        obstacle.suggestion.fit(TEXTS, LABELS)


def test_what_is_wrapped_is_looked_into() -> None:
    inner = make_pipeline(HashingVectorizer(tokenizer=split), GaussianNB())
    for wrapped in (
        CalibratedClassifierCV(inner),
        OneVsRestClassifier(inner),
        GridSearchCV(make_pipeline(HashingVectorizer(), GaussianNB()), {}),
    ):
        report = wcw.check(wrapped)
        assert not report.ok
    paths = [o.step for o in wcw.check(CalibratedClassifierCV(inner)).obstacles]
    assert "estimator__hashingvectorizer" in paths
    assert "estimator__gaussiannb" in paths
    reason = next(o.reason for o in wcw.check(CalibratedClassifierCV(inner)).obstacles if "gaussian" in o.step)
    assert "dense" in reason
    assert "variance" in reason


def test_what_is_no_estimator() -> None:
    for thing in (None, "pipeline.pkl", 7, CountVectorizer()):
        report = wcw.check(thing)
        assert [o.option for o in report.obstacles] == [type(thing).__name__]
