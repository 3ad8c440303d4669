"""``check``: every obstacle at once, each with a way out; the edited pipeline is one that can be fitted."""

from __future__ import annotations

import contextlib
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, StandardScaler
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


def fit(pipeline: Any) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return pipeline.fit(TEXTS, LABELS)


@pytest.mark.parametrize(
    ("pipeline", "found"),
    [
        (
            make_pipeline(TfidfVectorizer(preprocessor=str.upper, tokenizer=str.split), LogisticRegression()),
            ["tfidfvectorizer preprocessor", "tfidfvectorizer tokenizer"],
        ),
        (
            make_pipeline(
                CountVectorizer(
                    preprocessor=str.upper,
                    token_pattern=r"(?i)(\w)\1+|\w+",
                    strip_accents=str.lower,
                    ngram_range=(0, 2),
                ),
                LogisticRegression(),
            ),
            [f"countvectorizer {name}" for name in ("strip_accents", "preprocessor", "token_pattern", "ngram_range")],
        ),
        (
            make_pipeline(
                TfidfVectorizer(vocabulary=["good", "never"], smooth_idf=False, dtype=np.float32), LinearSVC()
            ),
            ["tfidfvectorizer dtype", "tfidfvectorizer smooth_idf"],
        ),
        (
            make_pipeline(
                FeatureUnion(
                    [
                        ("a", CountVectorizer(tokenizer=split)),
                        ("b", HashingVectorizer(tokenizer=split, dtype=np.float32)),
                    ],
                    transformer_weights={"a": float("nan"), "b": None},
                ),
                LogisticRegression(),
            ),
            [
                "featureunion transformer_weights",
                "featureunion__a tokenizer",
                "featureunion__b tokenizer",
                "featureunion__b dtype",
            ],
        ),
        (
            make_pipeline(CountVectorizer(), BernoulliNB(alpha=0.0, binarize=-1.0)),
            ["bernoullinb binarize", "bernoullinb alpha"],
        ),
        (
            make_pipeline(CountVectorizer(), NearestCentroid(metric="manhattan", priors=[1.0, 0.0])),
            ["nearestcentroid priors", "nearestcentroid class_prior_"],
        ),
        (
            CalibratedClassifierCV(
                make_pipeline(HashingVectorizer(tokenizer=split), SVC()), method="temperature", cv=2
            ),
            [" method", "estimator__hashingvectorizer tokenizer", "estimator__svc SVC"],
        ),
        (
            VotingClassifier(
                [
                    ("a", make_pipeline(CountVectorizer(preprocessor=str.upper, tokenizer=split), GaussianNB())),
                    ("b", make_pipeline(CountVectorizer(), LinearSVC())),
                ],
                voting="soft",
            ),
            [
                "a__countvectorizer preprocessor",
                "a__countvectorizer tokenizer",
                "a__gaussiannb GaussianNB",
                " voting",
            ],
        ),
        (
            FixedThresholdClassifier(
                make_pipeline(CountVectorizer(tokenizer=split), LogisticRegression()), threshold=0.3
            ),
            ["estimator__countvectorizer tokenizer", " threshold"],
        ),
    ],
    ids=["words", "more words", "idf", "union", "bayes", "centroid", "calibrated", "vote", "threshold"],
)
@pytest.mark.filterwarnings("ignore")
def test_every_option_of_a_step_is_found_and_edited(pipeline: Any, found: list[str]) -> None:
    with contextlib.suppress(ValueError, TypeError):  # GaussianNB and others cannot be fitted on sparse rows
        fit(pipeline)
    report = wcw.check(pipeline)
    listed = [f"{o.step.replace('pipeline', '')} {o.option}" for o in report.obstacles if "not fitted" not in o.reason]
    assert listed == found
    edited = fit(report.suggestion)
    assert wcw.check(edited).ok
    model_from_sklearn(edited, name="m")


def test_the_refusal_suggests_what_is_not_refused_again() -> None:
    pipeline = fit(make_pipeline(TfidfVectorizer(preprocessor=str.upper, tokenizer=split), LogisticRegression()))
    with pytest.raises(wcw.UnsupportedPipelineError) as caught:
        model_from_sklearn(pipeline, name="m")
    model_from_sklearn(fit(caught.value.suggestion), name="m")


def test_an_edit_that_leads_to_the_next_is_followed() -> None:
    """Without the function in front the scaler would be given texts; without that one, the classifier."""
    for steps in ((FunctionTransformer(np.sqrt), StandardScaler()), (FunctionTransformer(np.sqrt),)):
        report = wcw.check(make_pipeline(*steps, LogisticRegression()))
        assert report.obstacles[0].option == "FunctionTransformer"
        model_from_sklearn(fit(report.suggestion), name="m")
    lengths = FeatureUnion([("words", CountVectorizer()), ("length", FunctionTransformer(len))])
    report = wcw.check(make_pipeline(lengths, LogisticRegression()))
    assert report.suggestion[0].transformer_list[1][1] == "drop"
    model_from_sklearn(fit(report.suggestion), name="m")


def test_a_search_does_not_bring_back_what_was_edited() -> None:
    inner = Pipeline([("words", CountVectorizer()), ("clf", SVC())])
    grid = {"words__tokenizer": [split], "words__binary": [True, False], "clf__kernel": ["linear"]}
    search = fit(GridSearchCV(inner, grid, cv=2))
    report = wcw.check(search)
    assert [(o.step, o.option) for o in report.obstacles] == [
        ("estimator__words", "tokenizer"),
        ("estimator__clf", "SVC"),
    ]
    assert report.suggestion.param_grid == {"words__binary": [True, False]}
    model_from_sklearn(fit(report.suggestion), name="m")
    unfitted = wcw.check(GridSearchCV(inner, grid, cv=2))
    assert [o.option for o in unfitted.obstacles] == ["CountVectorizer", "SVC"], "what is not fitted yet is looked into"


def test_the_suggestion_holds_no_part_of_the_callers_pipeline() -> None:
    inner = make_pipeline(CountVectorizer(tokenizer=split), LogisticRegression())
    threshold = fit(FixedThresholdClassifier(inner, threshold=0.3))
    suggestion = fit(wcw.check(threshold).suggestion)
    assert suggestion is not inner
    assert not hasattr(inner[0], "vocabulary_")


def test_where_nothing_can_be_suggested_the_report_says_so() -> None:
    words = CountVectorizer(vocabulary=["good", "x" * 70_000], tokenizer=split)
    report = wcw.check(fit(make_pipeline(words, LogisticRegression())))
    assert [o.option for o in report.obstacles] == ["tokenizer", "vocabulary"]
    assert report.suggestion is None
    for shown in (repr(report), report._repr_html_()):
        assert "No edited pipeline can be suggested (vocabulary of countvectorizer: to be changed by hand)." in shown
    unfitted = wcw.check(make_pipeline(CountVectorizer(), LogisticRegression()))
    assert (unfitted.suggestion, unfitted.closing) == (None, "")


def clean(texts: Any) -> list[str]:
    return [text.replace("#", " ") for text in texts]


class Clean(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Clean:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> list[str]:
        return clean(X)


class Sampler(BaseEstimator):  # type: ignore[misc]
    """As imbalanced-learn's: it has no ``transform``, and works in ``fit`` only."""

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        return X, y


class Resampling(Pipeline):
    """As imbalanced-learn's."""

    def fit(self, X: Any, y: Any = None, **params: Any) -> Resampling:
        Pipeline([(name, step) for name, step in self.steps if not hasattr(step, "fit_resample")]).fit(X, y)
        return self


class OwnUnion(FeatureUnion):
    pass


TFIDF = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


@pytest.mark.parametrize("cleaner", [FunctionTransformer(clean), Clean()], ids=["function", "class"])
@pytest.mark.parametrize(
    "around",
    [
        lambda c: Pipeline([("clean", c), ("words", TFIDF), ("clf", LinearSVC())]),
        lambda c: Pipeline([("prepare", Pipeline([("clean", c)])), ("words", TFIDF), ("clf", LinearSVC())]),
        lambda c: Pipeline([("clean", c), ("union", FeatureUnion([("words", TFIDF)])), ("clf", LinearSVC())]),
        lambda c: make_pipeline(FeatureUnion([("a", make_pipeline(c, TFIDF)), ("b", CountVectorizer())]), LinearSVC()),
        lambda c: Pipeline([("clean", c), ("model", make_pipeline(TFIDF, LinearSVC()))]),
        lambda c: Pipeline([("clean", c), ("vote", VotingClassifier([("a", make_pipeline(TFIDF, LinearSVC()))]))]),
    ],
    ids=["in front", "nested", "union", "branch", "whole", "vote"],
)
def test_texts_cleaned_before_the_vectorizer_are_left_to_it(around: Any, cleaner: Any) -> None:
    pipeline = clone(around(cleaner))
    for given in (pipeline, fit(clone(pipeline))):
        report = wcw.check(given)
        (obstacle,) = [o for o in report.obstacles if "not fitted" not in o.reason]
        assert obstacle.option == type(cleaner).__name__
        assert "before the vectorizer" in obstacle.reason
        assert "before fit and before classify" in obstacle.advice
        # What the cleaner did is done to the texts instead: the same answers.
        edited = report.suggestion.fit(clean(TEXTS), LABELS)
        parts = edited.get_params().values()
        assert [part.get_params() for part in parts if type(part) is TfidfVectorizer] == [TFIDF.get_params()]
        assert (edited.predict(clean(TEXTS)) == fit(clone(pipeline)).predict(TEXTS)).all()
        model_from_sklearn(edited, name="m")


def test_a_pipeline_of_samplers_is_edited_and_not_replaced() -> None:
    steps = [("words", TfidfVectorizer(dtype=np.float32)), ("more", Sampler()), ("clf", KNeighborsClassifier())]
    pipeline = Resampling(steps)
    report = wcw.check(pipeline)
    assert [(o.step, o.option) for o in report.obstacles if "not fitted" not in o.reason] == [
        ("pipeline", "Resampling"),
        ("words", "dtype"),
        ("clf", "KNeighborsClassifier"),
    ]
    assert type(report.suggestion) is Pipeline
    assert [name for name, _ in report.suggestion.steps] == ["words", "clf"]
    model_from_sklearn(fit(report.suggestion), name="m")

    # The way out in words, as it stands there: without a new fit.
    p = fit(Resampling([("words", TFIDF), ("more", Sampler()), ("clf", LogisticRegression(C=10))]))
    (obstacle,) = wcw.check(p).obstacles
    assert "samplers (more) do nothing" in obstacle.advice
    assert "no new fit" in obstacle.advice
    plain = eval(obstacle.advice.partition(" of the fitted steps")[0], {"Pipeline": Pipeline, "p": p})
    model_from_sklearn(plain, name="m")
    assert "C=10" in repr(obstacle.suggestion)

    search = GridSearchCV(p, {"words__binary": [True, False], "more": ["passthrough"]}, cv=2)
    suggestion = wcw.check(search).suggestion
    assert suggestion.param_grid == {"words__binary": [True, False]}
    model_from_sklearn(fit(suggestion), name="m")


def test_a_subclass_of_a_union_is_looked_into() -> None:
    union = OwnUnion([("a", CountVectorizer(tokenizer=split)), ("b", TFIDF)], transformer_weights={"b": 2.0})
    report = wcw.check(fit(make_pipeline(union, LogisticRegression())))
    assert [o.option for o in report.obstacles] == ["OwnUnion", "tokenizer"]
    edited = report.suggestion[0]
    assert type(edited) is FeatureUnion
    assert edited.transformer_weights == {"b": 2.0}
    assert edited.transformer_list[0][1].token_pattern == r"\S+"
    model_from_sklearn(fit(report.suggestion), name="m")


@pytest.mark.parametrize(
    ("steps", "names"),
    [
        ([TfidfVectorizer(ngram_range=5)], ["ngram_range"]),
        ([TfidfVectorizer(ngram_range=(1, 2, 3), norm="foo", min_df="foo")], ["min_df", "norm", "ngram_range"]),
        ([TfidfVectorizer(ngram_range=("a", "b"))], ["ngram_range"]),
        ([TfidfVectorizer(dtype=5, stop_words=5, tokenizer=split)], ["stop_words", "tokenizer", "dtype"]),
        ([CountVectorizer(dtype="foo")], ["dtype"]),
        ([CountVectorizer(vocabulary=5)], ["vocabulary"]),
        ([HashingVectorizer(n_features="a")], ["n_features"]),
        ([HashingVectorizer(n_features=-1, lowercase="yes")], ["lowercase", "n_features"]),
        ([CountVectorizer(), Binarizer(threshold="low"), LogisticRegression(C=-1.0)], ["threshold", "C"]),
        ([CountVectorizer(), OneVsRestClassifier(NearestCentroid(priors=5))], ["priors"]),
    ],
)
def test_what_scikit_learn_would_not_take_is_listed_before_it_is_fitted(steps: list[Any], names: list[str]) -> None:
    head = [] if hasattr(steps[-1], "predict") else [LogisticRegression()]
    pipeline = make_pipeline(*steps, *head)
    report = wcw.check(pipeline)
    assert sorted(o.option for o in report.obstacles if "not fitted" not in o.reason) == sorted(names)
    assert all(o.reason and o.advice for o in report.obstacles)
    model_from_sklearn(fit(report.suggestion), name="m")


@pytest.mark.parametrize(
    ("option", "value"), [("ngram_range", 5), ("dtype", "foo"), ("stop_words", 5)], ids=["ngrams", "dtype", "words"]
)
def test_what_is_set_behind_the_back_of_a_fitted_vectorizer(option: str, value: Any) -> None:
    pipeline = fit(make_pipeline(CountVectorizer(), LogisticRegression()))
    setattr(pipeline[0], option, value)
    report = wcw.check(pipeline)
    assert [o.option for o in report.obstacles] == [option]
    model_from_sklearn(fit(report.suggestion), name="m")


def test_a_set_of_stop_words_stays_a_list_of_them() -> None:
    vectorizer = CountVectorizer(stop_words={"good", "bad"}, ngram_range=[1, 2])
    report = wcw.check(make_pipeline(vectorizer, LogisticRegression()))
    assert [o.advice for o in report.obstacles[:2]] == [
        "ngram_range=tuple(…) of the same",
        "stop_words=list(…) of the same",
    ]
    assert report.suggestion[0].stop_words == ["bad", "good"]
    assert report.suggestion[0].ngram_range == (1, 2)


def test_a_vocabulary_of_what_is_no_text_is_no_raw_error() -> None:
    for words in ([["a"]], {"a", 1}, {"a": [1]}):
        (obstacle, *_) = wcw.check(make_pipeline(CountVectorizer(vocabulary=words), LogisticRegression())).obstacles
        assert obstacle.option == "vocabulary"


class Untagged:
    """A classifier of the old kind, without scikit-learn's base."""

    def fit(self, X: Any, y: Any) -> Untagged:
        return self

    def predict(self, X: Any) -> Any:
        return X


def test_what_holds_a_stranger_is_looked_into() -> None:
    for head in (OneVsRestClassifier(Untagged()), OneVsRestClassifier(5), CalibratedClassifierCV(Untagged())):
        assert not wcw.check(make_pipeline(CountVectorizer(), head)).ok


def test_an_impossible_value_whose_default_is_refused_too_is_one_line() -> None:
    pipeline = make_pipeline(TfidfVectorizer(), StandardScaler(with_mean="x"), LogisticRegression())
    report = wcw.check(pipeline)
    (found,) = [obstacle for obstacle in report.obstacles if obstacle.option == "with_mean"]
    assert "must be an instance of 'bool'" in found.reason
    assert found.advice.startswith("with_mean=False")
    assert found.suggestion.get_params()["standardscaler__with_mean"] is False
    assert report.suggestion.get_params()["standardscaler__with_mean"] is False
