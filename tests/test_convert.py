"""Each estimator and option that the converter accepts: the model says what scikit-learn does, and the twin agrees."""

from __future__ import annotations

import math
import struct
import warnings
from array import array
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.feature_extraction.text import (
    ENGLISH_STOP_WORDS,
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from wasm_clf_widget.convert import versions
from wasm_clf_widget.convert.heads.linear import _link
from wasm_clf_widget.convert.precision import (
    AUTO_LIMIT,
    choose_weights,
    probability_bound,
)
from wasm_clf_widget.convert.sklearn import model_from_sklearn, source_answers
from wasm_clf_widget.convert.ugly_texts import ugly_texts
from wasm_clf_widget.errors import UnsupportedPipelineError
from wasm_clf_widget.model.spec import (
    TOKEN_PATTERNS,
    Classes,
    Idf,
    LinearHead,
    Model,
    Normalize,
    SublinearTf,
    Vectorizer,
)
from wasm_clf_widget.model.spec import Pipeline as ModelPipeline
from wasm_clf_widget.twin import Twin

VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
TEXTS = [
    "a good film, a very good film",
    "not a good film at all",
    "bad bad BAD product",
    "这个产品 非常 好用 推荐",
    "服务 态度差 再也 不来了",
    "the weather is fine today",
    "Straße café ΟΔΥΣΣΕΥΣ İstanbul",
    "neither good nor bad, the film is a film",
] * 3
TWO = ["neg", "pos", "neg", "pos", "neg", "pos", "pos", "neg"] * 3
THREE = [0, 1, 2, 1, 0, 2, 1, 0] * 3


def fitted(*steps: Any, y: Any = None, texts: list[str] = TEXTS) -> Pipeline:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_pipeline(*steps).fit(texts, TWO if y is None else y)


def same_bits(a: Any, b: Any) -> bool:
    a, b = [float(x) for x in a], [float(x) for x in b]
    return struct.pack(f"<{len(a)}d", *a) == struct.pack(f"<{len(b)}d", *b)


def check(pipeline: Pipeline, **options: Any) -> Model:
    """The model; the twin must give the source's bits, labels and probabilities on the ugly texts."""
    model = model_from_sklearn(pipeline, name="m", **{"weights": "float64", **options})
    twin = Twin(model)
    texts = [text for text in ugly_texts(model) if len(text) < 400]
    source = source_answers(pipeline, texts)
    for i, text in enumerate(texts):
        if i in source.refused:
            continue
        answer = twin.answer(text)
        if SublinearTf() not in model.pipeline.transforms[1:]:
            assert same_bits(answer.scores, source.scores[i]), text
            assert answer.labels == source.labels[i].tolist(), text
        assert (answer.probabilities is None) == (source.probabilities is None)
        if answer.probabilities is not None and source.probabilities is not None:
            apart = max(map(abs, np.array(answer.probabilities) - source.probabilities[i]))
            assert apart <= answer.source.probabilities <= 1e-11, text
    return model


# --- vectorizers


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(),
        CountVectorizer(dtype=np.float64, binary=True),
        CountVectorizer(dtype=np.int32, ngram_range=(1, 3), min_df=2, max_df=0.9),
        CountVectorizer(stop_words="english", max_features=7),
        CountVectorizer(stop_words=["good", "the"], strip_accents="unicode", token_pattern=r"(?u)\b\w+\b"),
        CountVectorizer(analyzer="char", ngram_range=(1, 4), lowercase=False),
        CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), strip_accents="ascii"),
        TfidfVectorizer(),
        TfidfVectorizer(norm="l1", smooth_idf=False),
        TfidfVectorizer(norm=None, use_idf=False, sublinear_tf=True),
        TfidfVectorizer(sublinear_tf=True, ngram_range=(2, 2), lowercase=False),
        TfidfVectorizer(encoding="latin-1", decode_error="ignore", max_df=10, min_df=0.01),
        HashingVectorizer(n_features=64),
        HashingVectorizer(n_features=64, alternate_sign=False, norm="l1", binary=True),
        HashingVectorizer(n_features=2, norm=None, binary=True),
        HashingVectorizer(n_features=1, analyzer="char_wb", ngram_range=(3, 4)),
    ],
    ids=repr,
)
def test_vectorizer(vectorizer: Any) -> None:
    model = check(fitted(vectorizer, RidgeClassifier()))
    assert model.pipeline.front.binary == vectorizer.binary
    assert model.pipeline.front.ngram_range == vectorizer.ngram_range
    assert model.pipeline.front.alternate_sign == getattr(vectorizer, "alternate_sign", False)


def test_vocabulary_stands_in_the_order_of_its_indices() -> None:
    order = {"good": 3, "bad": 0, "film": 2, "not": 1}
    for vocabulary, expected in (
        (order, ["bad", "not", "film", "good"]),
        (["good", "bad"], ["good", "bad"]),
        ({"good", "bad"}, ["bad", "good"]),
        (("good", np.str_("bad")), ["good", "bad"]),
    ):
        model = check(fitted(TfidfVectorizer(vocabulary=vocabulary), RidgeClassifier()))
        assert list(model.pipeline.front.vocabulary or ()) == expected
        assert all(type(entry) is str for entry in model.pipeline.front.vocabulary or ())


def test_vocabulary_of_a_vectorizer_that_was_never_fitted_is_read_without_touching_it() -> None:
    vectorizer = CountVectorizer(vocabulary=["good", "bad"])
    head = RidgeClassifier().fit(vectorizer.transform(TEXTS), TWO)
    fresh = CountVectorizer(vocabulary=["good", "bad"])
    model = model_from_sklearn(make_pipeline(fresh, head), name="m")
    assert list(model.pipeline.front.vocabulary or ()) == ["good", "bad"]
    assert not hasattr(fresh, "vocabulary_")


def test_entries_that_no_text_can_hold_are_kept() -> None:
    check(fitted(CountVectorizer(vocabulary=["good", "", "  ", "UPPER", "a\0b"]), RidgeClassifier()))


def test_stop_words_are_those_of_the_word_analyzer() -> None:
    words = check(fitted(CountVectorizer(stop_words="english"), RidgeClassifier())).pipeline.front.stop_words
    assert set(words) == ENGLISH_STOP_WORDS
    assert (
        check(
            fitted(CountVectorizer(analyzer="char", stop_words="english"), RidgeClassifier())
        ).pipeline.front.stop_words
        == ()
    )
    odd = CountVectorizer(stop_words=["good", "good", np.str_("bad"), "\ud800"])
    assert check(fitted(odd, RidgeClassifier())).pipeline.front.stop_words == ("bad", "good")


def test_the_pattern_may_leave_out_its_flag() -> None:
    model = check(fitted(CountVectorizer(token_pattern=r"\b\w+\b"), RidgeClassifier()))
    assert model.pipeline.front.token_pattern == r"(?u)\b\w+\b"


def test_a_tokenizer_that_is_never_called_is_no_obstacle() -> None:
    check(fitted(CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), tokenizer=str.split), RidgeClassifier()))


def test_parameters_set_after_fit_count_only_where_scikit_learn_reads_them() -> None:
    pipeline = fitted(TfidfVectorizer(), RidgeClassifier())
    pipeline[0].set_params(norm=None, sublinear_tf=True, use_idf=False, lowercase=False)
    model = check(pipeline)
    assert [type(transform) for transform in model.pipeline.transforms] == [Idf, Normalize]
    assert not model.pipeline.front.lowercase


@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
def test_ngrams_longer_than_any_feature_are_left_out(analyzer: str) -> None:
    vectorizer = CountVectorizer(analyzer=analyzer, ngram_range=(1, 1000), max_features=40)
    pipeline = fitted(vectorizer, RidgeClassifier())
    entries = [entry.split(" ") if analyzer == "word" else entry for entry in pipeline[0].vocabulary_]
    assert check(pipeline).pipeline.front.ngram_range == (1, max(map(len, entries)))


def test_a_word_range_that_ends_at_one_is_single_words() -> None:
    assert check(fitted(CountVectorizer(ngram_range=(0, 1)), RidgeClassifier())).pipeline.front.ngram_range == (1, 1)


# --- transformers


def test_transformers_in_any_number_and_order() -> None:
    model = check(
        fitted(
            CountVectorizer(),
            Normalizer("max"),
            TfidfTransformer(norm="l1", smooth_idf=False),
            Normalizer("l2"),
            TfidfTransformer(use_idf=False, norm=None),
            TfidfTransformer(norm="l2"),
            RidgeClassifier(),
        )
    )
    kinds = [t.norm if isinstance(t, Normalize) else type(t).__name__ for t in model.pipeline.transforms]
    assert kinds == ["max", "Idf", "l1", "l2", "Idf", "l2"]


def test_logarithms_of_what_is_no_count_stay_within_their_tolerance() -> None:
    pipeline = fitted(CountVectorizer(), Normalizer("l2"), TfidfTransformer(sublinear_tf=True), RidgeClassifier())
    model = model_from_sklearn(pipeline, name="m")
    twin = Twin(model)
    for text, scores in zip(TEXTS, source_answers(pipeline, TEXTS).scores, strict=True):
        answer = twin.answer(text)
        (tolerance,) = answer.source.scores
        assert 0.0 < tolerance < 1e-10
        assert abs(answer.scores[0] - scores[0]) <= tolerance


def test_idf_is_used_where_it_exists_whatever_use_idf_says_by_now() -> None:
    pipeline = fitted(CountVectorizer(), TfidfTransformer(), RidgeClassifier())
    pipeline[1].set_params(use_idf=False)
    assert any(isinstance(transform, Idf) for transform in check(pipeline).pipeline.transforms)


def test_steps_that_do_nothing_and_pipelines_within() -> None:
    inner = Pipeline([("count", CountVectorizer()), ("nothing", "passthrough"), ("tf", TfidfTransformer())])
    pipeline = Pipeline([("features of text", inner), ("none", None), ("the head", RidgeClassifier())])
    check(pipeline.fit(TEXTS, TWO))


# --- heads


@pytest.mark.parametrize("y", [TWO, THREE], ids=["2 classes", "3 classes"])
@pytest.mark.parametrize(
    ("head", "links"),
    [
        (LogisticRegression(), ("logistic", "softmax")),
        (LogisticRegression(fit_intercept=False, C=1e4, max_iter=1000), ("logistic", "softmax")),
        (LinearSVC(), ("none", "none")),
        (LinearSVC(fit_intercept=False), ("none", "none")),
        (LinearSVC(multi_class="crammer_singer"), ("none", "none")),
        (LinearSVC(multi_class="crammer_singer", fit_intercept=False), ("none", "none")),
        (RidgeClassifier(), ("none", "none")),
        (RidgeClassifier(fit_intercept=False), ("none", "none")),
        (Perceptron(), ("none", "none")),
        (Perceptron(penalty="l1", fit_intercept=False), ("none", "none")),
        (MultinomialNB(), ("softmax", "softmax")),
        (MultinomialNB(fit_prior=False, alpha=1e-10), ("softmax", "softmax")),
        (SGDClassifier(loss="log_loss", average=True), ("logistic", "ovr")),
        (SGDClassifier(loss="modified_huber", fit_intercept=False), ("modified_huber", "modified_huber")),
        (SGDClassifier(), ("none", "none")),
        (SGDClassifier(loss="squared_hinge"), ("none", "none")),
        (SGDClassifier(loss="perceptron"), ("none", "none")),
        (SGDClassifier(loss="squared_error", eta0=1e-3), ("none", "none")),
        (SGDClassifier(loss="huber"), ("none", "none")),
        (SGDClassifier(loss="epsilon_insensitive"), ("none", "none")),
        (SGDClassifier(loss="squared_epsilon_insensitive", eta0=1e-3), ("none", "none")),
    ],
    ids=repr,
)
def test_head(head: Any, links: tuple[str, str], y: Any) -> None:
    model = check(fitted(TfidfVectorizer(ngram_range=(1, 2)), head, y=y))
    two = y is TWO
    bayes = isinstance(head, MultinomialNB)
    assert model.head.link == links[0 if two else 1]
    assert model.head.outputs == (1 if two and not bayes else 2 if two else 3)
    assert model.head.label == ("sign" if model.head.outputs == 1 else "argmax")
    assert model.head.kind == ("naive_bayes" if bayes else "linear")
    assert len(model.head.coef) == model.pipeline.front.n_features * model.head.outputs


def test_liblinear_has_two_classes() -> None:
    assert check(fitted(CountVectorizer(), LogisticRegression(solver="liblinear"))).head.link == "logistic"


@pytest.mark.skipif(VERSION >= (1, 8), reason="multi_class went with scikit-learn 1.8")
@pytest.mark.parametrize(
    ("options", "y", "link"),
    [
        ({"multi_class": "multinomial"}, TWO, "softmax_pair"),
        ({"multi_class": "ovr"}, THREE, "ovr"),
        ({"solver": "liblinear"}, THREE, "ovr"),
        ({"multi_class": "ovr"}, TWO, "logistic"),
        ({}, THREE, "softmax"),
    ],
)
def test_older_logistic_regression(options: dict[str, Any], y: Any, link: str) -> None:
    assert check(fitted(TfidfVectorizer(), LogisticRegression(**options), y=y)).head.link == link


@pytest.mark.parametrize(
    ("version", "options", "n_classes", "link"),
    [
        ("1.7.2", {"multi_class": "multinomial", "solver": "lbfgs"}, 2, "softmax_pair"),
        ("1.7.2", {"multi_class": "ovr", "solver": "lbfgs"}, 3, "ovr"),
        ("1.6.1", {"multi_class": "deprecated", "solver": "liblinear"}, 3, "ovr"),
        ("1.6.1", {"multi_class": "deprecated", "solver": "lbfgs"}, 2, "logistic"),
        ("1.5.0", {"multi_class": "auto", "solver": "saga"}, 3, "softmax"),
        ("1.8.0", {"multi_class": "ovr", "solver": "lbfgs"}, 3, "softmax"),  # from an older pickle: 1.8 ignores it
        ("1.10.0", {}, 2, "logistic"),
    ],
)
def test_the_installed_versions_rule_decides(
    version: str, options: dict[str, Any], n_classes: int, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions.sklearn, "__version__", version)
    head = LogisticRegression()
    vars(head).update(options)
    assert _link(head, n_classes) == link


def test_sigmoids_that_all_underflow() -> None:
    """Counts without a norm reach scores below −709.78, where scikit-learn 1.9 gives every class the same share."""
    pipeline = fitted(CountVectorizer(), SGDClassifier(loss="log_loss"), y=THREE)
    pipeline[-1].coef_ = np.full_like(pipeline[-1].coef_, -10.0)
    model = model_from_sklearn(pipeline, name="m")
    twin = Twin(model)
    for count in (70, 71, 72, 100, 5_000):
        text = " ".join(["film"] * count)
        source = source_answers(pipeline, [text])
        answer = twin.answer(text)
        assert same_bits(answer.scores, source.scores[0])
        assert np.allclose(answer.probabilities, source.probabilities[0], rtol=0, atol=1e-14)


def test_modified_huber_rows_of_zeros() -> None:
    pipeline = fitted(CountVectorizer(), SGDClassifier(loss="modified_huber"), y=THREE)
    pipeline[-1].coef_ = np.full_like(pipeline[-1].coef_, -1.0)
    pipeline[-1].intercept_ = np.zeros(3)
    check(pipeline)
    assert Twin(model_from_sklearn(pipeline, name="m")).answer("bad bad bad").probabilities == [1 / 3] * 3


def test_sparse_coefficients() -> None:
    pipeline = fitted(TfidfVectorizer(), SGDClassifier(penalty="l1", loss="log_loss"), y=THREE)
    before = model_from_sklearn(pipeline, name="m").head
    pipeline[-1].sparsify()
    assert same_bits(check(pipeline).head.coef, before.coef)


# --- classes


@pytest.mark.parametrize(
    ("y", "kind", "classes"),
    [
        (TWO, "str", ("neg", "pos")),
        (np.array(TWO, dtype=object), "str", ("neg", "pos")),
        (THREE, "int", (0, 1, 2)),
        (np.array(THREE, dtype=np.uint8), "int", (0, 1, 2)),
        ([2**40 * (-1) ** label for label in THREE], "int", (-(2**40), 2**40)),
        ([label == 1 for label in THREE], "bool", (False, True)),
    ],
)
def test_classes_keep_their_type(y: Any, kind: str, classes: tuple[Any, ...]) -> None:
    model = check(fitted(CountVectorizer(), RidgeClassifier() if kind != "bool" else LinearSVC(), y=y))
    assert model.class_sets == (Classes(kind, classes),)
    assert all(type(label).__name__ == kind for label in model.classes)


def test_the_model_says_where_it_comes_from() -> None:
    model = model_from_sklearn(fitted(CountVectorizer(), RidgeClassifier()), name="reviews", version="7")
    assert (model.name, model.version) == ("reviews", "7")
    assert (model.source.library, model.source.version) == ("scikit-learn", sklearn.__version__)
    assert model.certificate is None
    assert model.tables == ()


# --- the source's answers


def test_source_answers_are_those_of_the_pipeline() -> None:
    pipeline = fitted(TfidfVectorizer(), LogisticRegression(), y=THREE)
    answers = source_answers(pipeline, TEXTS)
    assert np.array_equal(answers.scores, pipeline.decision_function(TEXTS))
    assert np.array_equal(answers.probabilities, pipeline.predict_proba(TEXTS))
    assert np.array_equal(pipeline.classes_[answers.labels[:, 0]], pipeline.predict(TEXTS))
    assert source_answers(pipeline, []).scores.shape[0] == 0


def test_texts_on_which_the_source_raises_are_told_apart() -> None:
    pipeline = fitted(HashingVectorizer(n_features=64), RidgeClassifier())
    answers = source_answers(pipeline, ["good", "lone \ud800 surrogate", "bad", "\udfff"])
    # The second text's surrogate is no word character: nothing of it is hashed.
    assert answers.refused == frozenset()
    chars = fitted(HashingVectorizer(n_features=64, analyzer="char"), RidgeClassifier())
    answers = source_answers(chars, ["good", "lone \ud800 surrogate", "bad", "\udfff"])
    assert answers.refused == {1, 3}
    assert np.isnan(answers.scores[[1, 3]]).all()
    assert np.array_equal(answers.scores[[0, 2], 0], chars.decision_function(["good", "bad"]))


# --- precision


def linear(coef: list[float], outputs: int, link: Any, intercept: list[float] | None = None) -> LinearHead:
    return LinearHead("linear", link, "argmax", outputs, coef, intercept or [0.0] * outputs)


def hashing(n: int) -> Vectorizer:
    return Vectorizer("word", (1, 1), True, None, TOKEN_PATTERNS[0], (), False, n, None)


def whole(head: LinearHead, *transforms: Any) -> ModelPipeline:
    return ModelPipeline(hashing(len(head.coef) // head.outputs), transforms, head)


def test_auto_takes_float32_where_its_error_is_proved_small() -> None:
    small = fitted(TfidfVectorizer(), LogisticRegression(), y=THREE)
    large = fitted(TfidfVectorizer(), LogisticRegression(), y=THREE)
    large[-1].coef_ *= 1000.0  # large weights have large errors
    model = model_from_sklearn(small, name="m")
    assert model.weights == "float32"
    assert 0.0 < (model.bound or 0.0) <= AUTO_LIMIT
    for pipeline in (
        fitted(CountVectorizer(), LogisticRegression()),  # no norm
        fitted(CountVectorizer(), Normalizer("max"), LogisticRegression()),  # a norm that bounds no sum
        fitted(TfidfVectorizer(), RidgeClassifier()),  # no probabilities
        fitted(TfidfVectorizer(), Normalizer("l2"), TfidfTransformer(sublinear_tf=True), LogisticRegression()),
        fitted(TfidfVectorizer(), SGDClassifier(loss="modified_huber"), y=THREE),
        large,
    ):
        model = model_from_sklearn(pipeline, name="m")
        assert (model.weights, model.bound) == ("float64", 0.0), pipeline


def test_float32_on_request() -> None:
    model = model_from_sklearn(fitted(CountVectorizer(), LogisticRegression()), name="m", weights="float32")
    assert (model.weights, model.bound) == ("float32", None)
    model = model_from_sklearn(fitted(TfidfVectorizer(), LogisticRegression()), name="m", weights="float32")
    assert model.bound is not None
    model = model_from_sklearn(fitted(TfidfVectorizer(), LogisticRegression()), name="m", weights="float64")
    assert (model.weights, model.bound) == ("float64", 0.0)


@pytest.mark.parametrize("weight", [1e39, -1e39, 1e-39, -1e-310, 3.4028235e38 * 1.0000001])
def test_weights_outside_float32s_range(weight: float) -> None:
    head = linear([0.0, weight, 0.5], 1, "logistic")
    assert choose_weights(whole(head, Normalize("l2"))) == ("float64", 0.0)
    with pytest.raises(UnsupportedPipelineError, match="float32's normal range"):
        choose_weights(whole(head, Normalize("l2")), "float32")


def _worst(link: str, outputs: int, norm: str, rng: np.random.Generator) -> tuple[float, float]:
    """(the bound, the largest error found by going where Cauchy-Schwarz says that it is largest)."""
    n = 12
    coef = rng.normal(size=(n, outputs)) * 10.0 ** rng.integers(-2, 3)
    head = linear(coef.ravel().tolist(), outputs, link, rng.normal(size=outputs).tolist())
    bound = probability_bound(whole(head, Normalize(norm)))  # type: ignore[arg-type]
    assert bound is not None
    rounded = coef.astype(np.float32).astype(np.float64)
    delta = rounded - coef
    directions = [delta[:, k] for k in range(outputs)]
    directions += [delta[:, j] - delta[:, k] for j in range(outputs) for k in range(outputs) if j != k]
    directions += list(rng.normal(size=(20, n)))
    worst = 0.0
    for direction in directions:
        if norm == "l2":
            x = direction / np.linalg.norm(direction)
        else:
            x = np.zeros(n)
            x[np.argmax(abs(direction))] = 1.0
        exact = probabilities(x @ coef + np.array(head.intercept), link)
        worst = max(worst, float(np.abs(probabilities(x @ rounded + np.array(head.intercept), link) - exact).max()))
    return bound, worst


def probabilities(scores: Any, link: str) -> Any:
    if link == "softmax":
        return np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    if link == "ovr":
        sigmoids = 1 / (1 + np.exp(-scores))
        return sigmoids / sigmoids.sum()
    p = {
        "logistic": lambda s: 1 / (1 + math.exp(-s)),
        "softmax_pair": lambda s: 1 / (1 + math.exp(-2 * s)),
        "modified_huber": lambda s: (min(max(s, -1.0), 1.0) + 1) / 2,
    }[link](float(scores[0]))
    return np.array([1 - p, p])


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize(
    ("link", "outputs"),
    [("logistic", 1), ("softmax_pair", 1), ("modified_huber", 1), ("softmax", 2), ("softmax", 5), ("ovr", 3)],
)
def test_no_text_goes_beyond_the_proved_bound(link: str, outputs: int, norm: str) -> None:
    rng = np.random.default_rng(7)
    ratios = []
    for _ in range(150):
        bound, worst = _worst(link, outputs, norm, rng)
        assert worst <= bound
        ratios.append(worst / bound)
    # A bound that is never nearly reached would say that this test looks in the wrong places.
    assert max(ratios) > 0.5


def test_the_rounding_errors_are_exact() -> None:
    """The proof takes float32(w) − w as computed: in float64 the difference of the two has no error."""
    rng = np.random.default_rng(3)
    for w in (rng.normal(size=500) * 10.0 ** rng.integers(-30, 30, size=500)).tolist():
        (rounded,) = array("f", [w])
        assert Fraction(rounded - w) == Fraction(rounded) - Fraction(w)


# --- ugly texts


def test_ugly_texts_are_the_same_each_time_and_cover_what_breaks() -> None:
    make: Callable[..., list[str]] = ugly_texts
    model = model_from_sklearn(fitted(CountVectorizer(), RidgeClassifier()), name="m")
    texts = make(model)
    assert texts == make(model)
    assert texts != make(model, 1)
    together = "".join(texts)
    for piece in ("", "\0", "İ", "ß", "ﬁ", "ΑΣ", "\u200d", "\u202e", "Ｆ", "𐐀", "이", "\u0301"):
        assert piece in together
    assert max(len(text.split()) for text in texts) >= 10_000
    assert "" in texts
    assert not any("\ud800" <= c <= "\udfff" for c in together)
    assert any("\ud800" <= c <= "\udfff" for c in "".join(make(model, surrogates=True)))
    hashing = model_from_sklearn(fitted(HashingVectorizer(n_features=8), RidgeClassifier()), name="m")
    assert max(len(text.split()) for text in make(hashing)) >= 10_000
