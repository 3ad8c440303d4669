"""The twin against scikit-learn itself: n-grams equal, scores the same bits, probabilities within 1e-14."""

from __future__ import annotations

import dataclasses
import decimal
import itertools
import math
import re
import struct
import subprocess
import sys
import unicodedata
import warnings
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC
from sklearn.utils import murmurhash3_32

import handmade
from changed import changed
from wasm_clf_widget.engines.base import Engine
from wasm_clf_widget.engines.twin_engine import TwinEngine
from wasm_clf_widget.errors import EngineError, InputError
from wasm_clf_widget.model.spec import TOKEN_PATTERNS, LinearHead, Model, Normalize, SublinearTf, Vectorizer
from wasm_clf_widget.twin import Twin
from wasm_clf_widget.twin.alignment import align
from wasm_clf_widget.twin.links import link_slack
from wasm_clf_widget.twin.murmur import murmur3_32

SOURCE = Path(__file__).parents[1] / "src"

UGLY = [
    "",
    " ",
    "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u3000",
    "a",
    "a b",
    "This film is not a good film, not at all!",
    "The  THE\tthe\n\nthe",
    "İstanbul İ Iı ıI DİYARBAKIR",
    "ΟΔΥΣΣΕΥΣ ΑΣ'Α Σ ΣΣ. αΣ\u0301 ΑΣ\u00ad ΑΣ1",
    "Straße STRASSE ẞ ﬁn ŉ ǰ",
    "café cafe\u0301 CAFÉ naïve coöperate Ångström Å",
    "e\u0301\u0302\u0323 \u0301\u0301 \u0301a \u0903क\u0903 हिन्दी",
    "한국어 각 \u1100\u1161\u11a8 日本語 ガギグ ｶﾞ 你好，世界！ 这个产品非常好用",
    "NUL\x00in\x00side \x00",
    "½ ² ① Ⅷ ٣ ৪ _under_score__ a_b",
    "😀 👩‍👩‍👧 🏳️‍🌈 \U0001f1e9\U0001f1ea \U00010400 \U0001d400",
    "¨ ´ ¯ \u00a0¨\u00a0 x¨y ﷺ ㍿ \u2026",
    "don't well-known e.g. http://x.y/z?a=1#b @me #tag",
    "привет ПРИВЕТ Ёлка ёлка йод",
    "a" * 40 + " " + "é" * 10,
    "\ufffd \ufeffbom \u200bzero\u200dwidth",
]

PLAIN = [
    "a good film and a fine story",
    "not a good film at all",
    "terrible acting in a dull story",
    "the fine café in İstanbul was good",
    "dull dull dull dull film",
    "good good story, fine film, good café",
    "这个产品非常好用 推荐购买",
    "服务态度差 再也不来了",
    "今天天气不错 适合出门",
    "привет хорошая история",
]


def bits(values: Any) -> list[bytes]:
    return [struct.pack("<d", float(value)) for value in values]


def analyzer_spec(vectorizer: Any) -> Vectorizer:
    """The spec of an unfitted vectorizer: its vocabulary plays no part in the n-grams."""
    hashing = HashingVectorizer(
        **{k: v for k, v in vectorizer.get_params().items() if k in HashingVectorizer().get_params()}
    )
    return handmade.read_vectorizer(hashing.set_params(dtype=np.float64))[0]


def with_vectorizer(spec: Vectorizer) -> Twin:
    return Twin(changed(SMALL, front=spec))


SMALL = handmade.read(make_pipeline(CountVectorizer(), LogisticRegression()).fit(["good film", "bad film"], [1, 0]))

OPTIONS: list[dict[str, Any]] = [
    {"analyzer": analyzer, "ngram_range": span, "lowercase": lowercase, "strip_accents": accents}
    for analyzer, span, lowercase, accents in itertools.product(
        ["word", "char", "char_wb"],
        [(1, 1), (1, 2), (2, 2), (1, 4), (3, 5), (7, 9)],
        [True, False],
        [None, "ascii", "unicode"],
    )
] + [
    {"token_pattern": r"(?u)\b\w+\b", "ngram_range": (1, 3)},
    {"stop_words": "english", "ngram_range": (1, 3)},
    {"stop_words": ["film", "café"], "ngram_range": (2, 2)},
    {"stop_words": ["a", "not"], "token_pattern": r"(?u)\b\w+\b"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_ngrams_are_those_of_the_source(options: dict[str, Any]) -> None:
    vectorizer = CountVectorizer(**options)
    analyze, twin = vectorizer.build_analyzer(), with_vectorizer(analyzer_spec(vectorizer))
    for text in [*UGLY, *PLAIN, "  ".join(UGLY)]:
        assert twin.ngrams(text) == analyze(text), text


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), options=st.sampled_from(OPTIONS))
def test_ngrams_of_any_text_are_those_of_the_source(text: str, options: dict[str, Any]) -> None:
    vectorizer = CountVectorizer(**options)
    assert with_vectorizer(analyzer_spec(vectorizer)).ngrams(text) == vectorizer.build_analyzer()(text)


def test_tokens_are_what_the_contract_says() -> None:
    def tokens(text: str, **options: Any) -> list[str]:
        return with_vectorizer(analyzer_spec(CountVectorizer(**options))).tokens(text)

    assert tokens("The café is  OPEN", stop_words=["is"]) == ["the", "café", "open"]
    assert tokens("a \t b\nc  ", analyzer="char", ngram_range=(5, 5)) == ["a b\nc "]
    assert tokens("a \t b\nc  ", analyzer="char_wb") == [" a ", " b ", " c "]


def test_murmur_hash_is_that_of_the_source() -> None:
    for text in [*UGLY, *PLAIN, *("x" * n for n in range(20))]:
        data = text.encode()
        assert murmur3_32(data) == murmurhash3_32(data, seed=0)
        assert murmur3_32(data, 0x9747B28C) == murmurhash3_32(data, seed=0x9747B28C)


HEADS = [
    LogisticRegression(C=10),
    LogisticRegression(C=1000, fit_intercept=False),
    SGDClassifier(loss="hinge", random_state=0),
    SGDClassifier(loss="log_loss", random_state=0, alpha=1e-6),
    SGDClassifier(loss="modified_huber", random_state=0),
    LinearSVC(),
    RidgeClassifier(),
    Perceptron(random_state=0),
    MultinomialNB(alpha=0.1),
]
VECTORIZERS = [
    make_pipeline(CountVectorizer(ngram_range=(1, 2))),
    make_pipeline(CountVectorizer(binary=True, analyzer="char_wb", ngram_range=(1, 4))),
    make_pipeline(TfidfVectorizer(sublinear_tf=True, strip_accents="unicode")),
    make_pipeline(TfidfVectorizer(norm="l1", analyzer="char", ngram_range=(1, 3), smooth_idf=False)),
    make_pipeline(TfidfVectorizer(norm=None, binary=True, use_idf=False, token_pattern=r"(?u)\b\w+\b")),
    make_pipeline(CountVectorizer(), Normalizer("max"), TfidfTransformer(sublinear_tf=False), Normalizer("l1")),
    make_pipeline(HashingVectorizer(n_features=97, ngram_range=(1, 2))),
    make_pipeline(HashingVectorizer(n_features=64, norm=None, binary=True, analyzer="char_wb", ngram_range=(2, 3))),
    make_pipeline(HashingVectorizer(n_features=1000, alternate_sign=False), TfidfTransformer()),
]


def texts_for_scores() -> list[str]:
    rng = np.random.default_rng(5)
    words = " ".join(PLAIN).split()
    return [*UGLY, *PLAIN, *(" ".join(rng.choice(words, size)) for size in (2, 3, 5, 9, 30, 250))]


@pytest.mark.parametrize("labels", [[1, 0, 0, 1, 0, 1, 1, 0, 1, 1], ["p", "q", "q", "p", "q", "r", "r", "s", "r", "p"]])
@pytest.mark.parametrize("head", HEADS, ids=str)
@pytest.mark.parametrize("front", VECTORIZERS, ids=str)
def test_scores_are_the_same_bits(front: Any, head: Any, labels: list[Any]) -> None:
    signed = isinstance(front.steps[0][1], HashingVectorizer) and front.steps[0][1].alternate_sign
    if isinstance(head, MultinomialNB) and signed and not front.steps[0][1].binary:
        pytest.skip("naive Bayes takes no negative counts")
    pipeline = make_pipeline(*(clone(step) for _, step in front.steps), clone(head))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.fit(PLAIN, labels)
    model = handmade.read(pipeline)
    twin = Twin(model)
    texts = texts_for_scores()
    rows = pipeline[:-1].transform(texts)
    if isinstance(head, MultinomialNB):
        scores = pipeline[-1].predict_joint_log_proba(rows)
    else:
        scores = pipeline.decision_function(texts).reshape(len(texts), -1)
    probabilities = pipeline.predict_proba(texts) if model.head.link != "none" else None
    predicted = pipeline.predict(texts).tolist()
    for n, text in enumerate(texts):
        answer = twin.answer(text)
        row = rows[[n]].sorted_indices() if hasattr(rows[[n]], "sorted_indices") else rows[[n]]
        features = twin.features(text)
        assert [index for index, _ in features] == row.indices.tolist(), text
        assert bits(value for _, value in features) == bits(row.data), text
        assert answer.known == len(row.data)
        assert bits(answer.scores) == bits(scores[n]), text
        assert model.classes[answer.labels[0]] == predicted[n], text
        expected_sizes = (abs(row) @ abs(np.array(model.head.coef).reshape(-1, model.head.outputs))).ravel()
        assert answer.sizes == pytest.approx(expected_sizes.tolist(), rel=1e-12, abs=1e-300)
        if probabilities is None:
            assert answer.probabilities is None
        else:
            slack = 2 * max(math.ulp(score) for score in answer.scores) if isinstance(head, MultinomialNB) else 0.0
            assert answer.probabilities == pytest.approx(probabilities[n].tolist(), rel=0, abs=1e-14 + slack), text


@pytest.mark.parametrize("score", [-709.78, -709.79, -745.0, -746.0, -37.0, 0.0, 36.0, 800.0])
def test_the_sigmoid_underflows_where_the_source_does(score: float) -> None:
    head = dataclasses.replace(SMALL.head, link="logistic", intercept=[score])
    (_, positive) = Twin(changed(SMALL, head=head)).probabilities("nothing known") or (0.0, 0.0)
    assert positive == pytest.approx(float(expit(score)), rel=1e-14, abs=0)


def test_saturated_one_versus_rest_answers_evenly_as_the_source_does() -> None:
    pipeline = make_pipeline(CountVectorizer(), SGDClassifier(loss="log_loss", random_state=0)).fit(
        PLAIN[:3], list("abc")
    )
    pipeline[-1].coef_[:] = -1000.0
    assert pipeline.predict_proba(["good film"]).tolist() == [[1 / 3] * 3]
    assert Twin(handmade.read(pipeline)).probabilities("good film") == [1 / 3] * 3


@pytest.mark.parametrize(("link", "score"), [("logistic", 800.0), ("logistic", -800.0), ("softmax_pair", 800.0)])
def test_great_scores_do_not_overflow(link: Any, score: float) -> None:
    head = dataclasses.replace(SMALL.head, link=link, intercept=[score])
    probabilities = Twin(changed(SMALL, head=head)).probabilities("nothing known")
    assert probabilities == ([0.0, 1.0] if score > 0 else [1.0, 0.0])


def test_a_tie_goes_to_the_first_class_and_a_score_of_zero_to_class_0() -> None:
    head = dataclasses.replace(SMALL.head, coef=[0.0] * 3, intercept=[0.0])
    assert Twin(changed(SMALL, head=head)).answer("good").labels == [0]
    head = dataclasses.replace(head, outputs=2, coef=[0.0] * 6, intercept=[-1.0, -1.0], label="argmax", link="softmax")
    assert Twin(changed(SMALL, head=head)).answer("good").labels == [0]


def test_float32_rounds_coefficients_only() -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(PLAIN, list("ababababab"))
    exact, rounded = handmade.read(pipeline), handmade.read(pipeline, weights="float32")
    coef = np.array(exact.head.coef)
    single = coef.astype(np.float32).astype(np.float64)
    assert not np.array_equal(coef, single)
    for text in texts_for_scores():
        assert Twin(exact).features(text) == Twin(rounded).features(text)
        row = pipeline[0].transform([text])
        assert bits(Twin(rounded).scores(text)) == bits((row @ single) + pipeline[-1].intercept_)


def test_logarithm_of_a_count_is_correctly_rounded() -> None:
    model = changed(
        SMALL, transforms=handmade.tfidf_transforms(TfidfTransformer(sublinear_tf=True, use_idf=False, norm=None))
    )
    # math.log(9170) is off by one bit with glibc 2.36.
    context = decimal.Context(prec=60)
    value = Twin(model).features("good " * 9170)[0][1]
    assert value == 1.0 + float(context.ln(decimal.Decimal(9170)))


def test_lone_surrogates_are_read_as_the_replacement_character() -> None:
    twin = with_vectorizer(analyzer_spec(CountVectorizer(analyzer="char", ngram_range=(1, 1))))
    assert twin.normalize("a\ud800B\udfff") == "a\ufffdb\ufffd"
    assert twin.ngrams("\ud83d\ude00") == ["\ufffd", "\ufffd"]
    twin = Twin(SMALL)
    assert twin.answer("good\ud800 film\udc00").replaced == 2
    assert twin.answer("good\ud800 film\udc00").scores == twin.scores("good\ufffd film\ufffd")
    assert twin.explain("\ud800good").spans[0].start == 1


@pytest.mark.parametrize("text", ["ab\ud800cd", "\udfff", "x \ud83d y", "abcdefgh\ud800", "é\ud800"])
@pytest.mark.parametrize(
    "options",
    [
        {"analyzer": "char", "ngram_range": (1, 2)},
        {"analyzer": "char", "ngram_range": (6, 6)},
        {"analyzer": "char_wb", "ngram_range": (3, 3)},
        {"analyzer": "char", "strip_accents": "ascii"},
        {"analyzer": "word"},
    ],
    ids=str,
)
def test_a_hashed_surrogate_is_refused_exactly_where_the_source_raises(options: dict[str, Any], text: str) -> None:
    vectorizer = HashingVectorizer(n_features=16, **options)
    twin = Twin(changed(SMALL, front=handmade.read_vectorizer(vectorizer)[0], head=sixteen()))
    try:
        expected = vectorizer.set_params(norm=None).transform([text])
    except UnicodeEncodeError:
        with pytest.raises(InputError, match="surrogate"):
            twin.features(text)
    else:
        assert [index for index, _ in twin.features(text)] == sorted(expected.indices.tolist())


def sixteen() -> Any:
    return dataclasses.replace(SMALL.head, coef=[1.0] * 16)


def test_the_logarithm_of_a_cancelled_count_is_refused_as_the_source_does() -> None:
    pipeline = make_pipeline(HashingVectorizer(n_features=2, norm=None), TfidfTransformer(sublinear_tf=True))
    text = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma"
    words = [word for word in text.split() if murmurhash3_32(word, seed=0) > 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = make_pipeline(*(s for _, s in pipeline.steps), LogisticRegression()).fit(
            words, [0] + [1] * (len(words) - 1)
        )
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            pipeline.predict([text])
    with pytest.raises(InputError, match="alternate_sign=False"):
        Twin(handmade.read(pipeline)).scores(text)


# ---- explanations


def explained(pipeline: Any, text: str) -> list[tuple[str, str]]:
    explanation = Twin(handmade.read(pipeline)).explain(text)
    return [(span.ngram, text[span.start : span.end]) for span in explanation.spans]


def vocabulary_of(*entries: str, **options: Any) -> Any:
    pipeline = make_pipeline(CountVectorizer(vocabulary=list(entries), **options), MultinomialNB())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pipeline.fit([" ".join(entries), "-"], [0, 1])


def test_spans_select_the_original_text() -> None:
    assert explained(vocabulary_of("stanbul", "bir"), "İİ İstanbul BİR bir") == [("stanbul", "stanbul"), ("bir", "bir")]
    assert explained(
        vocabulary_of("cafe bar", "bar", ngram_range=(1, 2), strip_accents="unicode"), "\u0301 Café\u0301  BÅR!"
    ) == [
        ("bar", "BÅR"),
        ("cafe bar", "Café\u0301  BÅR"),
    ]
    assert explained(vocabulary_of("cafe", strip_accents="unicode"), "cafe\u0301.") == [("cafe", "cafe")]
    assert explained(vocabulary_of("ﬁn".lower(), "fin", strip_accents="unicode"), "ﬁn") == [("fin", "ﬁn")]
    assert explained(vocabulary_of("οδος", "ασ"), "ΟΔΟΣ ΑΣ'Α") == [("οδος", "ΟΔΟΣ"), ("ασ", "ΑΣ")]
    assert explained(vocabulary_of("not good", ngram_range=(2, 2), stop_words=["a"]), "It is NOT a good") == [
        ("not good", "NOT a good")
    ]


def test_spans_of_characters_take_folded_white_space_whole_and_leave_padding_off() -> None:
    assert explained(vocabulary_of("a b", analyzer="char", ngram_range=(3, 3)), "xA \t\n By") == [("a b", "A \t\n B")]
    assert explained(vocabulary_of("i", "\u0307", analyzer="char"), "İ") == [("i", "İ"), ("\u0307", "İ")]
    wb = vocabulary_of(" a", "a ", " b ", " ", "bc", analyzer="char_wb", ngram_range=(1, 3))
    spans = Twin(handmade.read(wb)).explain(" A\u3000B bc").spans
    assert [(span.ngram, span.start, span.end) for span in spans] == [
        (" ", 1, 1),
        (" ", 2, 2),
        (" a", 1, 2),
        ("a ", 1, 2),
        (" ", 3, 3),
        (" ", 4, 4),
        (" b ", 3, 4),
        (" ", 5, 5),
        (" ", 7, 7),
        ("bc", 5, 7),
    ]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(st.characters(), max_size=40) | st.sampled_from([*UGLY, *PLAIN]), options=st.sampled_from(OPTIONS))
def test_explanations_add_up_and_every_span_gives_its_ngram(text: str, options: dict[str, Any]) -> None:
    hashing = HashingVectorizer(n_features=16, alternate_sign=len(text) % 2 == 0, norm=None, **options)
    model = changed(SMALL, front=handmade.read_vectorizer(hashing)[0], head=sixteen())
    twin = Twin(model)
    clean = re.sub("[\ud800-\udfff]", "\ufffd", text)
    explanation = twin.explain(clean)
    assert [span.ngram for span in explanation.spans] == twin.ngrams(clean)
    assert explanation.scores == (-twin.scores(clean)[0], twin.scores(clean)[0])
    for column in range(2):
        total = sum(span.weights[column] for span in explanation.spans) + explanation.remainder[column]
        assert total == pytest.approx(explanation.scores[column], rel=0, abs=1e-9)
    assert explanation.remainder[1] == pytest.approx(model.head.intercept[0], rel=0, abs=1e-9)
    for span in explanation.spans:
        assert 0 <= span.start <= span.end <= len(clean)
        if options.get("analyzer", "word") == "word" and "stop_words" not in options:
            # Without its neighbours a sigma may change its shape, and a grown letter brings its second half.
            part = twin.ngrams(clean[span.start : span.end])
            assert span.ngram.replace("ς", "σ") in [gram.replace("ς", "σ") for gram in part]
        elif span.ngram.strip():
            assert span.start < span.end


def test_alignment_agrees_with_the_whole_string_functions_for_every_code_point() -> None:
    # The other million stays as it is, alone and in company.
    changing = [
        c
        for c in map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)])
        if c.lower() != c or unicodedata.normalize("NFKD", c) != c or unicodedata.combining(c) or c.isspace()
    ]
    assert len(changing) > 15_000
    for options in (
        {},
        {"strip_accents": "unicode"},
        {"strip_accents": "ascii"},
        {"analyzer": "char", "lowercase": False},
    ):
        twin = with_vectorizer(analyzer_spec(CountVectorizer(**options)))
        for between in ("Σ", " \u0301"):
            text = between.join(changing)
            analysed = twin._features(0).analyzer.analysed(twin.normalize(text))
            assert "".join(origin.character for origin in align(text, twin.model.pipeline.front)) == analysed


def test_hashed_occurrences_of_opposite_sign_get_opposite_shares() -> None:
    words = [f"w{n}" for n in range(40)]
    signs = {word: 1 if murmurhash3_32(word, seed=0) >= 0 else -1 for word in words}
    plus, minus = (next(w for w in words if signs[w] == s and abs(murmurhash3_32(w, seed=0)) % 2 == 0) for s in (1, -1))
    for text, binary, expected in [
        (f"{plus} {plus} {minus}", False, [3.0, 3.0, -3.0]),
        (f"{plus} {plus} {minus}", True, [1.0, 1.0, 1.0]),
        (f"{plus} {minus}", False, [0.0, 0.0]),
        (f"{plus} {minus}", True, [1.5, 1.5]),
    ]:
        hashing = HashingVectorizer(n_features=2, norm=None, binary=binary)
        head = dataclasses.replace(SMALL.head, coef=[3.0, 0.0], intercept=[0.5])
        twin = Twin(changed(SMALL, front=handmade.read_vectorizer(hashing)[0], head=head))
        assert [span.weights[1] for span in twin.explain(text).spans] == pytest.approx(expected), (text, binary)
        assert twin.explain(text).remainder == pytest.approx((-0.5, 0.5))


# ---- as an engine


def test_the_twin_is_an_engine() -> None:
    model = handmade.read(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(PLAIN, list("abcabcabca")))
    engine: Engine = TwinEngine(model)
    assert (engine.ran_on, engine.variant) == ("kernel-twin", "twin")
    texts = ["good film", "", "dull\ud800 story"]
    batch = engine.classify(texts)
    twin = Twin(model)
    assert batch.n == 3
    assert list(batch.scores) == [score for text in texts for score in twin.scores(text)]
    assert batch.probabilities is not None
    assert list(batch.probabilities) == [p for text in texts for p in twin.probabilities(text) or ()]
    assert list(batch.labels) == [twin.answer(text).labels[0] for text in texts]
    assert list(batch.known) == [2, 0, 2]
    assert list(batch.replaced) == [0, 0, 1]
    assert engine.classify([]).n == 0
    assert engine.normalize("A") == "a"
    assert engine.tokens("Aa b") == ["aa"]
    assert engine.ngrams("Aa b") == ["aa"]
    assert engine.features("good") == twin.features("good")
    assert engine.explain("good").scores == tuple(twin.scores("good"))
    engine.dispose()
    for call in (lambda: engine.classify(["x"]), lambda: engine.explain("x"), lambda: engine.tokens("x")):
        with pytest.raises(EngineError, match="load the model again"):
            call()


def test_the_engine_names_the_text_that_it_refuses() -> None:
    hashing = HashingVectorizer(n_features=16, analyzer="char")
    engine = TwinEngine(changed(SMALL, front=handmade.read_vectorizer(hashing)[0], head=sixteen()))
    with pytest.raises(InputError, match=r"^texts\[1\]: .*lone surrogate"):
        engine.classify(["fine", "\ud800", "fine"])
    with pytest.raises(InputError, match=r"^the text holds a lone surrogate"):
        engine.classify(["\ud800"])


def test_an_engine_without_probabilities_says_none() -> None:
    model = handmade.read(make_pipeline(CountVectorizer(), LinearSVC()).fit(["good", "bad"], [True, False]))
    assert TwinEngine(model).classify(["good", "bad"]).probabilities is None


INDEPENDENT = """
import sys

BANNED = ("numpy", "scipy", "sklearn", "wasmtime", "anywidget", "traitlets", "pandas", "typer", "rich")

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BANNED:
            raise ImportError(f"{name} is made unimportable by this test")

sys.meta_path.insert(0, Refuse())
from array import array
from wasm_clf_widget.engines.twin_engine import TwinEngine
from wasm_clf_widget.model.spec import (
    Classes, Idf, LinearHead, Model, Normalize, Pipeline, Source, SublinearTf, Vectorizer
)

vectorizer = Vectorizer("word", (1, 1), True, "unicode", r"(?u)\\b\\w\\w+\\b", (), False, 2, ("bad", "good"))
head = LinearHead("linear", "logistic", "sign", 1, array("d", [-2.0, 3.0]), [0.25])
model = Model("m", "1", Source("scikit-learn", "1", "3"), "14.0.0", (Classes("str", ("no", "yes")),), "float64",
              0.0, None, Pipeline(vectorizer, (SublinearTf(), Idf([1.0, 1.0]), Normalize("l2")), head))
batch = TwinEngine(model).classify(["good", "b\\u00e1d"])
assert list(batch.scores) == [3.25, -1.75] and list(batch.labels) == [1, 0], batch
assert not [name for name in sys.modules if name.partition(".")[0] in BANNED]
print("independent")
"""


def test_the_twin_runs_without_any_of_the_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INDEPENDENT], capture_output=True, text=True, env={"PYTHONPATH": str(SOURCE)}, timeout=60
    )
    assert done.stdout == "independent\n", done.stderr


def test_unicode_version_is_the_one_this_python_has() -> None:
    assert SMALL.unicode == unicodedata.unidata_version
    assert isinstance(SMALL, Model)
    assert isinstance(SMALL.head.coef, array)


# --- how far other hosts may be


def _promised(weights: Any, *transforms: Any, text: str = "good bad", **of_head: Any) -> Any:
    front = Vectorizer("word", (1, 1), True, None, TOKEN_PATTERNS[0], (), False, 2, ("good", "bad"))
    linear = LinearHead("linear", "none", "sign", 1, [2.0, -3.0], [10.0])
    head = dataclasses.replace(linear, **of_head)
    return Twin(changed(SMALL, front=front, transforms=transforms, head=head, weights=weights)).answer(text)


def test_slack_is_what_is_promised() -> None:
    text = "good bad bad bad"  # Σ|wx| = 11, score 3
    assert _promised("float64", text=text).source.scores == [0.0]
    assert _promised("float64", text=text).engine.scores == [0.0]
    rounded = _promised("float32", text=text)
    assert rounded.sizes == [11.0]
    assert rounded.source.scores == rounded.engine.scores == [2.0**-23 * 11.0 + 2.0**-52 * 3.0]
    assert _promised("float32", text="nothing").source.scores == [2.0**-52 * 10.0]


@pytest.mark.parametrize(("count", "exact"), [(7_284, True), (7_285, False)])
def test_logarithms_of_large_counts_are_the_sources_own(count: int, exact: bool) -> None:
    answer = _promised("float64", SublinearTf(), text="good " * count)
    size = 2.0 * (1.0 + math.log(count))
    assert answer.source.scores == ([0.0] if exact else [pytest.approx(1e-12 * (1.0 + size))])
    assert answer.engine.scores == [0.0]


def test_logarithms_of_what_is_no_count_are_each_hosts_own() -> None:
    answer = _promised("float64", Normalize("l1"), SublinearTf(), text="good bad")
    size = 5.0 * (1.0 - math.log(2.0))
    assert answer.source.scores == answer.engine.scores == [pytest.approx(1e-12 * (1.0 + size))]


@pytest.mark.parametrize(
    ("scores", "slacks", "link", "expected"),
    [
        ([-1000.0], [0.0], "logistic", 1e-14),
        ([1.0], [1e-6], "logistic", 1e-14 + 0.25e-6),
        ([1.0], [1e-6], "softmax_pair", 1e-14 + 0.5e-6),
        ([1.0, 0.0, -3.0], [1e-6] * 3, "softmax", 1e-14 + 0.5e-6),
        ([-705.0, -701.0, -708.0], [0.0] * 3, "ovr", 1e-14),
        ([-705.0, -701.0, -708.0], [1e-6] * 3, "ovr", math.inf),
        ([1.0, 0.0, -708.0], [1e-6] * 3, "ovr", 1e-14 + 0.5e-6),
        ([1.0, 0.0, -1.0], [1e-6] * 3, "modified_huber", math.inf),
    ],
)
def test_slack_of_probabilities(scores: list[float], slacks: list[float], link: Any, expected: float) -> None:
    assert link_slack(scores, slacks, link) == pytest.approx(expected, rel=1e-12)


def test_naive_bayes_probabilities_have_two_ulp_of_the_likelihood_more() -> None:
    head = {"kind": "naive_bayes", "link": "softmax", "label": "argmax", "outputs": 2}
    answer = _promised("float64", text="nothing", coef=[0.0] * 4, intercept=[-1000.0, -3.0], **head)
    assert answer.source.probabilities == 1e-14 + 2 * math.ulp(1000.0)
