"""What the converter refuses: the step, the option, why, and what would work. Nothing is half converted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
    strip_accents_ascii,
    strip_accents_unicode,
)
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, Normalizer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import ExtraTreeClassifier

import wasm_clf_widget as wcw
from wasm_clf_widget.convert.sklearn import model_from_sklearn
from wasm_clf_widget.errors import InputError, UnsupportedPipelineError, WasmClfError

TEXTS = ["a good film", "a bad film", "good good product", "bad product", "这个产品 好用", "服务 态度差"] * 2
LABELS = ["pos", "neg", "pos", "neg", "pos", "neg"] * 2


def fit(*steps: Any, y: Any = None) -> Pipeline:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return make_pipeline(*steps).fit(TEXTS, LABELS if y is None else y)


def refusal(pipeline: Any, **options: Any) -> UnsupportedPipelineError:
    with pytest.raises(UnsupportedPipelineError) as caught:
        model_from_sklearn(pipeline, name="m", **options)
    error = caught.value
    assert isinstance(error, WasmClfError)
    assert error.reason, "a refusal says why"
    assert error.advice, "a refusal says what would work"
    assert error.suggestion, "a refusal says what would work"
    for part in (error.step, error.option, error.reason, error.advice, str(error.suggestion)):
        assert part in str(error)
    return error


class Dense(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What people put before a classifier that takes no sparse rows."""

    def fit(self, X: Any, y: Any = None) -> Dense:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        return X.toarray()


def upper(text: str) -> str:
    return text.upper()


@pytest.mark.parametrize(
    ("options", "option", "suggested"),
    [
        ({"tokenizer": str.split}, "tokenizer", r"token_pattern='\\S+'"),
        ({"preprocessor": upper}, "preprocessor", "lowercase="),
        ({"analyzer": str.split}, "analyzer", "lowercase=False, token_pattern"),
        ({"strip_accents": upper}, "strip_accents", "'unicode'"),
        ({"token_pattern": r"(?i)(\w)\1+"}, "token_pattern", r"\\w+"),
        ({"dtype": np.float32}, "dtype", "float64"),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer, HashingVectorizer])
def test_vectorizer_options(kind: Any, options: dict[str, Any], option: str, suggested: str) -> None:
    error = refusal(fit(kind(**options), RidgeClassifier()))
    assert (error.step, error.option) == (kind.__name__.lower(), option)
    assert suggested in error.advice


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint8, np.int16, bool, np.complex128, object])
def test_counts_that_round_or_wrap(dtype: Any) -> None:
    pipeline = fit(CountVectorizer(), RidgeClassifier())
    pipeline[0].dtype = dtype
    assert refusal(pipeline).option == "dtype"


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("kind", [TfidfVectorizer, HashingVectorizer])
def test_a_dtype_other_than_float64(kind: Any, dtype: Any) -> None:
    pipeline = fit(kind(), RidgeClassifier())
    pipeline[0].dtype = dtype
    error = refusal(pipeline)
    assert error.option == "dtype"
    assert "fit again" in error.advice


@pytest.mark.parametrize("value", ["filename", "file"])
def test_input_from_files(value: str) -> None:
    pipeline = fit(CountVectorizer(), RidgeClassifier())
    pipeline[0].input = value
    assert refusal(pipeline).option == "input"


@pytest.mark.parametrize("value", [(0, 2), (-1, 3), (2, 1)])
def test_ngrams_of_no_length(value: tuple[int, int]) -> None:
    pipeline = fit(CountVectorizer(analyzer="char"), RidgeClassifier())
    pipeline[0].ngram_range = value
    assert refusal(pipeline).option == "ngram_range"


def test_hashed_ngrams_beyond_the_files_limit() -> None:
    error = refusal(fit(HashingVectorizer(ngram_range=(1, 65), n_features=8), RidgeClassifier()))
    assert (error.option, "(1, 64)" in error.advice) == ("ngram_range", True)


def test_too_many_features() -> None:
    pipeline = fit(HashingVectorizer(n_features=64), RidgeClassifier())
    pipeline[0].n_features = 2**24 + 1
    assert refusal(pipeline).option == "n_features"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [("a\ud800", "surrogate"), ("x" * 70_000, "70,000 bytes"), ("是" * 22_000, "66,000 bytes"), (7, "int")],
)
def test_vocabulary_entries_that_cannot_be_stored(entry: Any, reason: str) -> None:
    error = refusal(fit(CountVectorizer(vocabulary=["good", "bad", entry], lowercase=False), RidgeClassifier()))
    assert (error.step, error.option) == ("countvectorizer", "vocabulary")
    assert reason in error.reason


def test_vocabulary_that_is_damaged() -> None:
    pipeline = fit(CountVectorizer(), RidgeClassifier())
    some = next(iter(pipeline[0].vocabulary_))
    pipeline[0].vocabulary_[some] = 10_000
    assert refusal(pipeline).option == "vocabulary"
    assert refusal(make_pipeline(CountVectorizer(vocabulary=["a", "a"]), pipeline[-1])).option == "vocabulary"


def test_unknown_words_for_options() -> None:
    for option in ("norm", "stop_words", "strip_accents", "analyzer"):
        pipeline = fit(CountVectorizer(), TfidfTransformer(), RidgeClassifier())
        setattr(pipeline[1 if option == "norm" else 0], option, "maybe")
        assert refusal(pipeline).option == option


# --- weights


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("attribute", ["coef_", "intercept_"])
def test_weights_that_are_no_numbers(attribute: str, bad: float) -> None:
    pipeline = fit(CountVectorizer(), LogisticRegression())
    getattr(pipeline[-1], attribute).flat[0] = bad
    error = refusal(pipeline)
    assert (error.step, error.option) == ("logisticregression", attribute)
    assert "infinite or NaN" in error.reason


def test_naive_bayes_without_smoothing() -> None:
    error = refusal(fit(CountVectorizer(), MultinomialNB(alpha=0.0)))
    assert error.option == "feature_log_prob_"
    assert "alpha" in error.advice
    assert refusal(fit(CountVectorizer(), MultinomialNB(class_prior=[0.0, 1.0]))).option == "class_log_prior_"


def test_the_norm_of_a_single_feature() -> None:
    """Every weight is log 1 then, of a sum of 0; the way out is another than more smoothing."""
    error = refusal(fit(CountVectorizer(vocabulary=["good"]), ComplementNB(norm=True)))
    assert error.option == "feature_log_prob_"
    assert "norm=False" in error.advice
    assert not error.suggestion[-1].norm
    model_from_sklearn(error.suggestion.fit(TEXTS, LABELS), name="x")


def test_idf_of_features_that_no_training_text_holds() -> None:
    for vectorizer in (
        TfidfVectorizer(vocabulary=["good", "nevermore"], smooth_idf=False),
        TfidfVectorizer(vocabulary=["good", "nevermore"]),
    ):
        pipeline = fit(TfidfVectorizer(vocabulary=["good", "nevermore"]), RidgeClassifier())
        if not vectorizer.smooth_idf:
            with np.errstate(divide="ignore"):
                vectorizer.fit(TEXTS)
            pipeline.steps[0] = ("tfidf", vectorizer)
            error = refusal(pipeline)
            assert (error.step, error.option, error.advice) == (
                "tfidf",
                "smooth_idf",
                "smooth_idf=True, and fit again",
            )
        else:
            model_from_sklearn(pipeline, name="m")


def test_float32_outside_its_range() -> None:
    pipeline = fit(CountVectorizer(), LogisticRegression())
    pipeline[-1].coef_[0, 0] = 1e-40
    error = refusal(pipeline, weights="float32")
    assert error.option == "weights"
    assert "float64" in error.advice
    assert model_from_sklearn(pipeline, name="m").weights == "float64"
    assert refusal(pipeline, weights="float16").option == "weights"


def test_wider_weights_than_float64() -> None:
    pipeline = fit(CountVectorizer(), RidgeClassifier())
    pipeline[-1].coef_ = pipeline[-1].coef_.astype(np.longdouble)
    assert refusal(pipeline).option == "coef_"


# --- classes


def test_classes_of_other_types() -> None:
    for values in ((0.5, 1.5), (b"a", b"b")):
        pipeline = fit(CountVectorizer(), MultinomialNB())
        pipeline[-1].classes_ = np.array(values)
        error = refusal(pipeline)
        assert (error.step, error.option) == ("multinomialnb", "classes_")
    assert refusal(fit(CountVectorizer(), LogisticRegression(), y=[0.0, 1.0] * 6)).option == "classes_"


def test_a_class_that_is_no_text() -> None:
    y = ["\ud800" if label == "pos" else label for label in LABELS]
    assert "surrogate" in refusal(fit(CountVectorizer(), RidgeClassifier(), y=y)).reason


def test_one_class() -> None:
    assert refusal(fit(CountVectorizer(), MultinomialNB(), y=["only"] * len(TEXTS))).option == "classes_"


# --- pipelines


@pytest.mark.parametrize("unfitted", [0, 1, 2])
def test_unfitted_steps(unfitted: int) -> None:
    fresh: list[Any] = [CountVectorizer(), TfidfTransformer(), LogisticRegression()]
    steps = [*fit(CountVectorizer(), TfidfTransformer(), LogisticRegression())]
    steps[unfitted] = fresh[unfitted]
    error = refusal(make_pipeline(*steps))
    assert error.option == type(fresh[unfitted]).__name__
    assert "not fitted" in error.reason
    assert "fit" in error.advice


@pytest.mark.parametrize("head", [LogisticRegression(), MultinomialNB(), LinearSVC(), SGDClassifier()], ids=repr)
def test_unfitted_pipelines(head: Any) -> None:
    assert "not fitted" in refusal(make_pipeline(TfidfVectorizer(), head)).reason
    assert "not fitted" in refusal(make_pipeline(HashingVectorizer(), head)).reason


@pytest.mark.parametrize(
    ("steps", "name", "instead"),
    [
        ((TfidfVectorizer(), KNeighborsClassifier(1)), "KNeighborsClassifier", "NearestCentroid()"),
        ((TfidfVectorizer(), SVC()), "SVC", "LinearSVC()"),
        ((TfidfVectorizer(), AdaBoostClassifier(n_estimators=2)), "AdaBoostClassifier", "GradientBoosting"),
        ((TfidfVectorizer(), NMF(2, max_iter=2), LogisticRegression()), "NMF", "TruncatedSVD"),
        ((TfidfVectorizer(), StackingClassifier([("a", LinearSVC())], cv=2)), "StackingClassifier", "Logistic"),
        ((FunctionTransformer(lambda texts: texts), CountVectorizer(), LinearSVC()), "FunctionTransformer", "passthro"),
        ((TfidfVectorizer(), FunctionTransformer(np.sqrt), LinearSVC()), "FunctionTransformer", "passthrough"),
        ((TfidfVectorizer(), MaxAbsScaler(), StandardScaler(with_mean=False), Dense(), GaussianNB()), "Dense", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_steps_that_are_not_supported(steps: tuple[Any, ...], name: str, instead: str) -> None:
    error = refusal(fit(*steps))
    assert error.option == name
    assert name in error.reason
    assert instead in repr(error.suggestion)


def test_self_training_leaves_a_classifier_that_converts() -> None:
    pipeline = fit(TfidfVectorizer(), SelfTrainingClassifier(LogisticRegression()), y=[0, 1, 0, 1, -1, -1] * 2)
    assert "without a new fit, the estimator_" in refusal(pipeline).advice
    inner = make_pipeline(pipeline[0], pipeline[-1].estimator_)
    assert (inner.predict(TEXTS) == pipeline.predict(TEXTS)).all()
    model_from_sklearn(inner, name="m")


@pytest.mark.parametrize(
    ("head", "instead"),
    [
        (SVC(C=10, class_weight="balanced", kernel="linear"), "LinearSVC(C=10, class_weight='balanced')"),
        (NuSVC(class_weight="balanced"), "LinearSVC(class_weight='balanced')"),
        (BaggingClassifier(LogisticRegression(C=10), n_estimators=2), "LogisticRegression(C=10)"),
        (BaggingClassifier(KNeighborsClassifier(), n_estimators=2), "LogisticRegression()"),
        (SelfTrainingClassifier(LogisticRegression(C=10)), "LogisticRegression(C=10)"),
    ],
    ids=repr,
)
def test_what_is_proposed_keeps_the_options_that_both_have(head: Any, instead: str) -> None:
    suggestion = refusal(make_pipeline(TfidfVectorizer(), head)).suggestion
    assert repr(suggestion[-1]) == instead
    model_from_sklearn(suggestion.fit(TEXTS, LABELS), name="m")


@pytest.mark.parametrize(
    ("preprocessor", "options"),
    [
        (str.lower, (True, None)),
        (str, (False, None)),
        (lambda text: strip_accents_unicode(text.lower()), (True, "unicode")),
        (strip_accents_ascii, (False, "ascii")),
    ],
)
def test_a_preprocessor_that_options_can_replace(preprocessor: Any, options: tuple[bool, Any]) -> None:
    pipeline = fit(TfidfVectorizer(preprocessor=preprocessor), LogisticRegression())
    error = refusal(pipeline)
    assert "the same on every sample" in error.advice
    vectorizer = error.suggestion[0]
    assert (vectorizer.preprocessor, vectorizer.lowercase, vectorizer.strip_accents) == (None, *options)
    edited = error.suggestion.fit(TEXTS, LABELS)
    assert np.array_equal(edited.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))
    model_from_sklearn(edited, name="m")


def test_a_table_of_texts_is_refused_with_its_own_vectorizers() -> None:
    """The suggestion is what the ColumnTransformer does with its columns, for one text instead of a row of a table."""
    inner = make_pipeline(HashingVectorizer(n_features=32), TfidfTransformer())
    one = ColumnTransformer([("text", CountVectorizer(ngram_range=(1, 2)), 0), ("rest", "drop", [1])])
    two = ColumnTransformer(
        [("title", CountVectorizer(binary=True), 0), ("n", "passthrough", [1]), ("body", inner, 0)],
        transformer_weights={"body": 0.5, "n": 3.0},
    )
    error = refusal(make_pipeline(one, LogisticRegression()))
    assert repr(error.suggestion[0]) == "CountVectorizer(ngram_range=(1, 2))"
    error = refusal(make_pipeline(two, LogisticRegression()))
    union = error.suggestion[0]
    assert [name for name, _ in union.transformer_list] == ["title", "body"]
    assert union.transformer_weights == {"body": 0.5}
    for refused in (one, two):
        suggestion = refusal(make_pipeline(refused, LogisticRegression())).suggestion.fit(TEXTS, LABELS)
        assert model_from_sklearn(suggestion, name="m").classes == ("neg", "pos")
    nothing = ColumnTransformer([("n", "passthrough", [0])])
    assert repr(refusal(make_pipeline(nothing, LogisticRegression())).suggestion[0]) == "TfidfVectorizer()"


@pytest.mark.parametrize("between", [TruncatedSVD(2), PCA(2)], ids=["svd", "pca"])
def test_behind_an_svd_the_row_is_dense_already(between: Any) -> None:
    """A reason that says otherwise is none; so fitted or not, and where something else is replaced by one."""
    svd = make_pipeline(TfidfVectorizer(), between, StandardScaler(), LinearDiscriminantAnalysis())
    for pipeline in (svd, clone(svd).fit(TEXTS, LABELS)) if isinstance(between, TruncatedSVD) else (svd,):
        report = wcw.check(pipeline)
        reasons = {o.option: o.reason for o in report.obstacles if "not fitted" not in o.reason}
        assert "no stage that subtracts means" in reasons["with_mean"]
        assert "a model file has no such classifier" in reasons["LinearDiscriminantAnalysis"]
        model_from_sklearn(report.suggestion.fit(TEXTS, LABELS), name="m")
    sparse = make_pipeline(TfidfVectorizer(), StandardScaler(), LinearDiscriminantAnalysis())
    reasons = {o.option: o.reason for o in wcw.check(sparse).obstacles}
    assert "fill each text's row" in reasons["with_mean"]
    assert "needs a dense row" in reasons["LinearDiscriminantAnalysis"]


def test_the_pipeline_instead_of_a_table_is_fitted_on_its_column() -> None:
    frame = pd.DataFrame({"review": TEXTS, "stars": range(len(TEXTS))})
    table = ColumnTransformer([("words", CountVectorizer(), "review"), ("n", "passthrough", ["stars"])])
    error = refusal(make_pipeline(table, LogisticRegression()).fit(frame, LABELS))
    call = "pipeline.fit(frame['review'], labels)"
    assert call in error.advice
    assert "all other columns are dropped" in error.advice
    fitted = eval(call, {"pipeline": error.suggestion, "frame": frame, "labels": LABELS})
    model_from_sklearn(fitted, name="m")
    several = ColumnTransformer([("a", CountVectorizer(), "title"), ("b", CountVectorizer(), "body")])
    assert "one text for each row" in refusal(make_pipeline(several, LogisticRegression())).advice


def test_a_soft_vote_of_what_has_no_probabilities() -> None:
    """scikit-learn fits it, and then cannot answer."""
    vote = VotingClassifier([("a", LogisticRegression()), ("svc", LinearSVC())], voting="soft")
    error = refusal(fit(CountVectorizer(), vote))
    assert (error.step, error.option) == ("votingclassifier", "voting")
    assert "'svc' has none" in error.reason
    model_from_sklearn(error.suggestion.fit(TEXTS, LABELS), name="m")


def test_calibration_whose_fit_ended_in_an_error() -> None:
    calibrated = CalibratedClassifierCV(MultinomialNB(), cv=2)
    pipeline = make_pipeline(TfidfVectorizer(), TruncatedSVD(2, random_state=0), calibrated)
    with pytest.raises(ValueError, match="Negative values"):
        pipeline.fit(TEXTS, LABELS)
    assert "is not fitted" in refusal(pipeline).reason


class Louder(LogisticRegression):
    """A subclass that answers otherwise."""

    def decision_function(self, X: Any) -> Any:
        return -super().decision_function(X)


class Shouting(CountVectorizer):
    def build_analyzer(self) -> Any:
        return lambda text: text.upper().split()


def test_subclasses_may_compute_anything() -> None:
    error = refusal(fit(CountVectorizer(), Louder()))
    assert (error.option, str(error.suggestion[-1])) == ("Louder", "LogisticRegression()")
    assert refusal(fit(Shouting(), LogisticRegression())).option == "Shouting"


class Stem(TfidfVectorizer):
    def build_analyzer(self) -> Any:
        words = super().build_analyzer()
        return lambda text: [word.rstrip("s") for word in words(text)]


class Hidden(TfidfVectorizer):
    """Its signature names no parameter, which scikit-learn asks for and people forget."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)


class OwnCv(LogisticRegressionCV):
    pass


class OwnTree(ExtraTreeClassifier):
    pass


@pytest.mark.parametrize(
    ("steps", "at", "plain"),
    [
        ((Stem(ngram_range=(1, 2), norm="l1"), LinearSVC()), 0, "TfidfVectorizer(ngram_range=(1, 2), norm='l1')"),
        ((CountVectorizer(), OwnCv(Cs=3, cv=2)), 1, "LogisticRegressionCV(Cs=3, cv=2)"),
        ((CountVectorizer(), OwnTree(max_depth=2)), 1, "ExtraTreeClassifier(max_depth=2)"),
    ],
    ids=["vectorizer", "head", "tree"],
)
def test_a_subclass_is_that_of_its_nearest_ancestor(steps: tuple[Any, ...], at: int, plain: str) -> None:
    error = refusal(fit(*steps))
    assert f"is a subclass of {plain.partition('(')[0]} and" in error.reason
    assert (error.advice, repr(error.suggestion[at])) == (plain, plain)
    model_from_sklearn(error.suggestion.fit(TEXTS, LABELS), name="m")


def test_what_scikit_learn_cannot_clone_is_refused_all_the_same() -> None:
    (subclass, *_) = wcw.check(make_pipeline(Hidden(binary=True), LogisticRegression())).obstacles
    assert "a subclass of TfidfVectorizer" in subclass.reason
    assert subclass.suggestion == subclass.advice == "TfidfVectorizer(binary=True)"


def test_stacking_is_a_classifier_before_it_is_fitted_too() -> None:
    stack = StackingClassifier([("a", LogisticRegression())])
    for pipeline in (stack, make_pipeline(CountVectorizer(), stack)):
        (*_, obstacle) = [o for o in wcw.check(pipeline).obstacles if "not fitted" not in o.reason]
        assert obstacle.option == "StackingClassifier"
        assert "cannot be converted as a classifier" in obstacle.reason


def test_what_is_no_pipeline_from_texts_to_labels() -> None:
    head = LogisticRegression().fit(CountVectorizer().fit_transform(TEXTS), LABELS)
    for thing in (head, CountVectorizer().fit(TEXTS), None, "pipeline.pkl", [("a", head)]):
        assert refusal(thing).option == type(thing).__name__
    assert "without a classifier" in refusal(make_pipeline(CountVectorizer().fit(TEXTS))).reason
    assert refusal(Pipeline([("nothing", "passthrough")])).option == "steps"
    assert refusal(make_pipeline(head)).option == "LogisticRegression"
    vectorizer = CountVectorizer().fit(TEXTS)
    assert (
        refusal(make_pipeline(vectorizer, TfidfTransformer().fit(vectorizer.transform(TEXTS)))).step
        == "tfidftransformer"
    )


def test_more_transforms_than_a_file_holds() -> None:
    pipeline = fit(CountVectorizer(), *[Normalizer() for _ in range(65)], LogisticRegression())
    error = refusal(pipeline)
    assert (error.step, error.option) == ("normalizer-65", "steps")
    model_from_sklearn(fit(CountVectorizer(), *[Normalizer() for _ in range(64)], LogisticRegression()), name="m")


def test_steps_fitted_on_different_data() -> None:
    pipeline = fit(CountVectorizer(), TfidfTransformer(), LogisticRegression())
    other = CountVectorizer().fit(["quite other words than those before"])
    assert refusal(Pipeline([("v", other), ("t", pipeline[1]), ("c", pipeline[2])])).option == "idf_"
    assert refusal(Pipeline([("v", other), ("c", pipeline[2])])).option == "coef_"


def test_a_nested_step_is_named_with_its_way() -> None:
    inner = make_pipeline(CountVectorizer(tokenizer=str.split), TfidfTransformer())
    pipeline = Pipeline([("words", inner), ("clf", LogisticRegression())]).fit(TEXTS, LABELS)
    assert refusal(pipeline).step == "words__countvectorizer"


def test_refusals_are_value_errors_too() -> None:
    assert issubclass(UnsupportedPipelineError, ValueError)
    assert not issubclass(UnsupportedPipelineError, InputError)
