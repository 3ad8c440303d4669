"""Bad input: each gives its documented answer or one typed error, never a trap, a hang or a wrong score."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline

import wasm_clf_widget as wcw

TRAIN = ["good film", "bad film", "a truly good thing", "bad bad thing", "ok then", "是 good", "café bad"]
LABELS = ["pos", "neg", "pos", "neg", "ok", "pos", "neg"]
MANY = 100_000


def fit(vectorizer: Any, head: Any = None) -> Any:
    return make_pipeline(vectorizer, head or LogisticRegression()).fit(TRAIN, LABELS)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return fit(TfidfVectorizer())


@pytest.fixture(scope="module")
def wasm(pipeline: Any) -> wcw.Classifier:
    return wcw.Classifier.from_sklearn(pipeline, name="t", weights="float64")


@pytest.fixture(scope="module", params=["wasm", "twin"])
def clf(request: pytest.FixtureRequest, wasm: wcw.Classifier) -> wcw.Classifier:
    """Both engines answer bad input alike."""
    return wasm.with_engine(request.param)


# --- what is no text


NO_TEXTS: list[tuple[Any, str]] = [
    ("abc", "bare string 'abc'"),
    (b"abc", "bytes.*decode it first"),
    (bytearray(b"abc"), "bytearray"),
    (None, "found NoneType"),
    (5, "found int 5"),
    ({"a": 1}, "found dict"),
    (["good", None], r"texts\[1\]: a text must be str, found NoneType None: replace missing"),
    (["good", float("nan")], r"texts\[1\].*float nan: replace missing"),
    ([3, "good"], r"texts\[0\].*int 3"),
    (["good", "bad", b"bytes"], r"texts\[2\].*bytes.*decode"),
    ([["good"]], r"texts\[0\].*list"),
    (np.array([["good", "bad"]]), r"one dimension.*\(1, 2\)"),
    (np.array("good"), r"one dimension.*\(\)"),
    (np.array(["good", None], dtype=object), r"texts\[1\].*NoneType"),
    (np.array([1.5]), r"texts\[0\].*float64"),
    ({"good", "bad"}, "found a set, which has no order"),
]


@pytest.mark.parametrize(("texts", "message"), NO_TEXTS, ids=[str(i) for i in range(len(NO_TEXTS))])
def test_what_is_no_list_of_texts(clf: wcw.Classifier, texts: Any, message: str) -> None:
    for method in (clf.predict, clf.predict_proba, clf.decision_function):
        with pytest.raises(wcw.InputError, match=message):
            method(texts)
    if not isinstance(texts, str):
        with pytest.raises(wcw.InputError):
            clf.classify(texts)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_is_not_read_as_the_names_of_its_columns(clf: wcw.Classifier, pipeline: Any, make: Any) -> None:
    table = make({"good": ["bad", "bad"]})
    for method in (clf.classify, clf.predict, lambda t: clf.evaluate(t, ["no"]), lambda t: clf.compare(pipeline, t)):
        with pytest.raises(wcw.InputError):
            method(table)
    with pytest.raises(wcw.InputError, match=r"found a table \(\w+\): .*the whole to classify_frame"):
        clf.classify(table)


def test_a_text_that_takes_too_many_steps_is_named_and_no_other_is_spoiled() -> None:
    texts = ["good", "bad"] * 5
    pattern = r"\w+(?=[\x00\s])|good|bad"
    source = make_pipeline(CountVectorizer(token_pattern=pattern), LogisticRegression()).fit(texts, texts)
    own = wcw.Classifier.from_sklearn(source, name="steps")
    slow = "a" * 20_000
    # A NUL that ends the token is part of the text, not its end.
    assert list(own.predict([slow + "\0", "good"])) == list(source.predict([slow + "\0", "good"]))
    assert own.predict(pa.array([slow + "\0", "good"])).tolist() == ["good", "good"]
    with pytest.raises(wcw.TooManyStepsError, match=r"^texts\[2\]: the token pattern"):
        own.classify(["a\0b", "a\0b", slow, "x"])
    for n_jobs in (1, 2):
        with pytest.raises(wcw.WasmClfError, match=r"^texts\[300\]: the token pattern"):
            own.predict([*["good " * 300] * 300, slow], n_jobs=n_jobs)


def test_explain_takes_one_text(clf: wcw.Classifier) -> None:
    for wrong in (None, b"good", ["good"], 5):
        with pytest.raises(wcw.InputError, match="must be str"):
            clf.explain(wrong)  # type: ignore[arg-type]


def test_every_kind_of_list_is_taken(clf: wcw.Classifier) -> None:
    expected = clf.predict(["good", "bad"]).tolist()

    def generate() -> Iterator[str]:
        yield "good"
        yield "bad"

    for texts in (
        ("good", "bad"),
        np.array(["good", "bad"]),
        np.array(["good", "bad"], dtype=object),
        [np.str_("good"), "bad"],
        generate(),
        {"good": 1, "bad": 2}.keys(),
    ):
        assert clf.predict(texts).tolist() == expected
    assert clf.classify(np.str_("good")).label == expected[0]


# --- odd texts


@pytest.mark.parametrize("text", ["", " \t\n", "unknown words only", "\0", "!?", "x", "\U0001f600", "\ufffd"])
def test_nothing_known_is_classified_as_scikit_learn_does(clf: wcw.Classifier, pipeline: Any, text: str) -> None:
    result = clf.classify(text)
    assert result.known_features == 0
    assert result.label == pipeline.predict([text])[0]
    assert [row["score"] for row in result.all_scores] == pytest.approx(pipeline.predict_proba([text])[0].tolist())
    assert clf.explain(text).spans == []
    assert clf.classify([text, text]) == [result, result]


def test_nul_is_a_character_like_any_other(clf: wcw.Classifier) -> None:
    pipeline = fit(CountVectorizer(analyzer="char", ngram_range=(1, 2), vocabulary=["\0", "a", "a\0", "\0\0", "b"]))
    nul = wcw.Classifier.from_sklearn(pipeline, name="nul", weights="float64")
    nul = nul.with_engine("twin" if clf.classify("").variant == "twin" else "wasm")
    texts = ["a\0", "\0", "\0\0", "a\0b", "", "a", "\0a\0", "a\0\0", ""]
    assert nul.decision_function(texts).tobytes() == pipeline.decision_function(texts).tobytes()
    for text in texts:
        assert nul.decision_function([text]).tobytes() == pipeline.decision_function([text]).tobytes()
    assert [r.known_features for r in nul.classify(texts)] == pipeline[0].transform(texts).getnnz(axis=1).tolist()


def test_a_lone_surrogate_is_read_as_the_replacement_character(clf: wcw.Classifier) -> None:
    texts = ["good \ud800", "\udfffgood\ud83d\ude00", "good"]
    results = clf.classify(texts)
    assert [r.replaced_surrogates for r in results] == [1, 3, 0]
    clean = ["good \ufffd", "\ufffdgood\ufffd\ufffd", "good"]
    assert clf.decision_function(texts).tobytes() == clf.decision_function(clean).tobytes()
    assert clf.classify(texts[0]).replaced_surrogates == 1
    assert clf.explain(texts[1]).spans[0].start == 1


@pytest.mark.parametrize("engine", ["wasm", "twin"])
def test_a_surrogate_that_would_be_hashed_is_an_input_error(engine: Any) -> None:
    pipeline = fit(HashingVectorizer(analyzer="char", ngram_range=(3, 3), n_features=64))
    with pytest.raises(UnicodeEncodeError):
        pipeline.predict(["good \ud800"])
    clf = wcw.Classifier.from_sklearn(pipeline, name="h").with_engine(engine)
    for ask in (clf.classify, clf.explain, lambda t: clf.predict([t])):
        with pytest.raises(wcw.InputError, match="lone surrogate"):
            ask("good \ud800")
    # Too short for any n-gram: nothing is hashed, in scikit-learn neither.
    assert clf.predict(["\ud800"]).tolist() == pipeline.predict(["\ud800"]).tolist()
    if engine == "wasm":
        with pytest.raises(wcw.InputError, match=r"texts\[2\]"):
            clf.predict(["good", "bad", "good \ud800", "x"])


@pytest.mark.filterwarnings("ignore:invalid value encountered in log")
@pytest.mark.parametrize("engine", ["wasm", "twin"])
def test_a_logarithm_of_zero_is_an_input_error(engine: Any) -> None:
    """Signs that cancel leave a stored 0, whose logarithm scikit-learn refuses as well."""
    from sklearn.feature_extraction.text import TfidfTransformer

    steps = (HashingVectorizer(n_features=2, norm=None), TfidfTransformer(sublinear_tf=True))
    words = [f"w{i}" for i in range(40)]
    safe_words = [w for w in words if (steps[0].transform([w]).data > 0).all()]
    texts = [*safe_words, *[f"{w} {w}" for w in safe_words]]
    pipeline = make_pipeline(*steps, LogisticRegression()).fit(texts, [i % 2 for i in range(len(texts))])
    clf = wcw.Classifier.from_sklearn(pipeline, name="log").with_engine(engine)
    bad = next(w for w in words if (steps[0].transform([w]).data < 0).any())
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        pipeline.predict([bad])
    with pytest.raises(wcw.InputError):
        clf.classify(bad)
    if engine == "wasm":
        with pytest.raises(wcw.InputError, match=r"texts\[1\]"):
            clf.predict([safe_words[0], bad, safe_words[1]])
    assert clf.predict([safe_words[0]]).tolist() == pipeline.predict([safe_words[0]]).tolist()


# --- much text


def test_ten_megabytes_of_text(wasm: wcw.Classifier, pipeline: Any) -> None:
    generator = random.Random(5)
    words = ["good", "bad", "film", "xyz", "是", "café", "THING"]
    text = " ".join(generator.choices(words, k=2_100_000))
    assert len(text.encode()) > 10_000_000
    started = time.process_time()
    assert wasm.decision_function([text]).tobytes() == pipeline.decision_function([text]).tobytes()
    assert wasm.predict(["good", text, "bad"]).tolist() == pipeline.predict(["good", text, "bad"]).tolist()
    assert time.process_time() - started < 60


@pytest.mark.parametrize("word", ["a" * 10_000_000, "é" * 5_000_000, "\u0301" * 3_000_000, "Σ" * 3_000_000])
def test_a_single_endless_word(wasm: wcw.Classifier, word: str) -> None:
    started = time.process_time()
    assert wasm.classify(word).known_features == 0
    assert wasm.classify(f"good {word} film").known_features == 2
    assert time.process_time() - started < 60


@pytest.mark.parametrize("analyzer", ["char", "char_wb"])
def test_endless_words_of_characters(analyzer: Any) -> None:
    clf = wcw.Classifier.from_sklearn(fit(TfidfVectorizer(analyzer=analyzer, ngram_range=(2, 4))), name="c")
    started = time.process_time()
    assert clf.classify("good" * 1_000_000).known_features > 0
    assert clf.classify(" " * 4_000_000).known_features == 0
    assert time.process_time() - started < 60


def test_a_hundred_thousand_texts(wasm: wcw.Classifier, pipeline: Any) -> None:
    generator = random.Random(6)
    words = ["good", "bad", "film", "xyz", "是", "café", "THING", "", "\0"]
    texts = [" ".join(generator.choices(words, k=generator.randint(0, 6))) for _ in range(MANY)]
    assert wasm.decision_function(texts).tobytes() == pipeline.decision_function(texts).tobytes()
    assert wasm.predict(texts).tolist() == pipeline.predict(texts).tolist()
    assert len(wasm.classify(texts)) == MANY


def test_sgd_without_probabilities_names_what_to_call() -> None:
    clf = wcw.Classifier.from_sklearn(fit(TfidfVectorizer(), SGDClassifier(loss="hinge")), name="hinge")
    with pytest.raises(wcw.InputError, match="call decision_function"):
        clf.predict_proba(["good"])
