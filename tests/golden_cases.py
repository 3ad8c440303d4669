"""The golden cases: which pipeline, which texts. One for each feature that an implementation can get wrong alone.

Weights are drawn here and put into the fitted estimators, so that they are the same doubles on every machine; what the
estimators answer with them is scikit-learn's own doing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from wasm_clf_widget.model.spec import Link, Weights

Draw = Callable[[random.Random], float]


def any_double(rng: random.Random) -> float:
    return rng.uniform(-2.0, 2.0)


def hundredths(rng: random.Random) -> float:
    """q · 0.01 with |q| ≤ 127: the file stores these as int8."""
    return rng.randint(-127, 127) * 0.01


def halves(rng: random.Random) -> float:
    return rng.randint(-4, 4) / 2.0


@dataclass(frozen=True)
class Case:
    """``entries`` n-grams of the texts become the vocabulary (all where None), unless it is given."""

    name: str
    about: str
    vectorizer: Any
    texts: list[str]
    head: Any = field(default_factory=LogisticRegression)
    between: tuple[Any, ...] = ()
    classes: tuple[Any, ...] = ("negative", "positive")
    entries: int | None = 12
    vocabulary: tuple[str, ...] | None = None
    weights: Weights = "float64"
    draw: Draw = any_double
    intercept: tuple[float, ...] | None = None
    link: Link | None = None


WORDS = [
    "The film was GOOD, the story good!",
    "not a good film",
    "a b c: I x",
    "under_score x1 2nd 42 isn't e-mail",
    "",
    "nothing known",
]
ABC = ("a", "b", "c")


def heads() -> list[Case]:
    """Every head and link on the same counts."""
    texts = ["good film", "good good good story", "", "bad bad good film story"]
    words = ("bad", "film", "good", "story")

    def case(
        name: str, about: str, head: Any, classes: tuple[Any, ...] = ("negative", "positive"), **more: Any
    ) -> Case:
        more = {"texts": texts, "vocabulary": words} | more
        return Case(f"head-{name}", about, CountVectorizer(), head=head, classes=classes, **more)

    return [
        case(
            "logistic", "LogisticRegression of two classes: the logistic function", LogisticRegression(), (False, True)
        ),
        case("softmax", "LogisticRegression of four classes: softmax", LogisticRegression(), (10, 20, -30, 40)),
        case("softmax-pair", "two classes by softmax of [-s, s]", LogisticRegression(), link="softmax_pair"),
        case("hinge", "SGD's hinge loss: decision scores only", SGDClassifier()),
        case("hinge-many", "SGD's hinge loss, three classes", SGDClassifier(), ABC),
        case("log-loss", "SGD's log_loss of two classes", SGDClassifier(loss="log_loss")),
        case("ovr", "SGD's log_loss of three classes: one versus rest", SGDClassifier(loss="log_loss"), ABC),
        case(
            "ovr-saturated",
            "scipy's sigmoid is 0 below -709.78, and scikit-learn shares evenly where all are 0",
            SGDClassifier(loss="log_loss"),
            ABC,
            intercept=(-711.5, -713.0, -712.0),
        ),
        case("modified-huber", "SGD's modified_huber of two classes: clipped", SGDClassifier(loss="modified_huber")),
        case("modified-huber-many", "three classes: clipped and shared", SGDClassifier(loss="modified_huber"), ABC),
        case(
            "modified-huber-zero",
            "where every class is clipped to 0 each gets the same share",
            SGDClassifier(loss="modified_huber"),
            ABC,
            intercept=(-2.0, -3.0, -4.0),
        ),
        case("svc", "LinearSVC", LinearSVC(), (0, 1)),
        case("svc-many", "LinearSVC of five classes", LinearSVC(), (1, 2, 3, 4, 5)),
        case("ridge", "RidgeClassifier", RidgeClassifier()),
        case("perceptron", "Perceptron: a score of exactly 0 is class 0", Perceptron(), draw=halves, intercept=(0.0,)),
        case("naive-bayes", "MultinomialNB of two classes: two columns", MultinomialNB()),
        case("naive-bayes-many", "MultinomialNB of four classes", MultinomialNB(), ("w", "x", "y", "z")),
        case(
            "naive-bayes-ties", "exact ties go to the first", MultinomialNB(), ABC, draw=halves, intercept=(-1.0,) * 3
        ),
        case(
            "tiny-score",
            "class 1 for a score of 1e-17, whose probability is one half",
            LogisticRegression(),
            draw=(lambda _: 1e-17),
            intercept=(0.0,),
        ),
        case(
            "negative-zero",
            "0.0 + -0.0 is 0.0: the sum starts at 0.0, the intercept comes last",
            LogisticRegression(),
            intercept=(-0.0,),
        ),
        case(
            "twenty-classes",
            "more classes than any SIMD register has lanes",
            LogisticRegression(),
            tuple(range(20)),
            texts=["good film", ""],
        ),
    ]


def words() -> list[Case]:
    return [
        Case("word", "lower-casing and the default token pattern", CountVectorizer(), WORDS),
        Case("word-case-kept", "lowercase=False", CountVectorizer(lowercase=False), WORDS),
        Case("word-one-letter", r"token pattern (?u)\b\w+\b", CountVectorizer(token_pattern=r"(?u)\b\w+\b"), WORDS),
        Case(
            "word-1-2",
            "unigrams and bigrams; a bigram of words that are no features",
            CountVectorizer(ngram_range=(1, 2)),
            WORDS,
        ),
        Case("word-2-2", "bigrams only", CountVectorizer(ngram_range=(2, 2)), WORDS),
        Case("word-2-4", "up to four words", CountVectorizer(ngram_range=(2, 4)), WORDS),
        Case(
            "word-binary", "binary counts", CountVectorizer(binary=True, ngram_range=(1, 2)), [*WORDS, "film film film"]
        ),
        Case(
            "stop-words",
            "stop words go before n-grams are made, and are compared after lower-casing",
            CountVectorizer(stop_words=["was", "the", "a", "Good"], ngram_range=(1, 3)),
            WORDS,
        ),
        Case(
            "vocabulary-by-hand",
            "entries that no text gives: of two words without bigrams, with capitals, with spaces, empty",
            CountVectorizer(),
            [*WORDS, "good film film", "x1 2nd"],
            vocabulary=("film", "good film", "Good", " story", "was ", "good", "", "x 1", "e mail", "mail"),
        ),
        Case(
            "long-words",
            "keys of 15, 16, 17 and 301 bytes, which differ at the end only",
            CountVectorizer(ngram_range=(1, 2)),
            [f"{'q' * n}{end} {'q' * n}" for n in (14, 15, 16) for end in "xy"] + ["q" * 300 + end for end in "xy"],
            entries=16,
        ),
        Case(
            "nul-and-controls",
            "NUL and other controls are characters like any other",
            CountVectorizer(analyzer="char", ngram_range=(1, 2)),
            ["a\0b", "\0", "\0\0a", "a\x1cb\x1f c\x85d", "\x7f\x08"],
            entries=10,
        ),
        Case(
            "surrogates",
            "a lone surrogate is read as U+FFFD",
            CountVectorizer(analyzer="char", ngram_range=(1, 2)),
            ["a\ud800b", "\udfff", "Aé\ud83d", "\udc00x\udc00", "a\ufffdb"],
            entries=8,
        ),
    ]


GREEK = ["ΟΔΟΣ ΟΔΥΣΣΕΥΣ", "ΑΣ'Α ΑΣ", "Σ ΣΣ αΣ\u0301 ΑΣ1 ΑΣ_", "ΑΣ\u00adΒ ᾼΣ", "1Σ ʰΣ"]
GROWING = ["İstanbul İİ Iı", "ŞİŞLİ şişli", "Straße ẞ ŉa ǰo", "ǅungla Ǆ ﬁn", "i\u0307stanbul"]
ACCENTS = [
    "Café cafe\u0301 CAFE\u0301! naïve Ångström Å",
    "\u0301 x\u0301\u0327y \u0903क\u0903 हिन्दी",
    "ﬁn ② ½ ｶﾞ ㍿ ¨ x¨y",
    "Łódź øre Ґанок Ёлка й",
    "각 한국 Việt Nam ấ",
    "é é",
    "",
]


def unicode() -> list[Case]:
    return [
        Case("final-sigma", "lower-casing a sigma looks across the token's edge", CountVectorizer(), GREEK, entries=9),
        Case("final-sigma-char", "the same in characters", CountVectorizer(analyzer="char", ngram_range=(2, 3)), GREEK),
        Case("growing-letters", "lower-casing grows İ: the dot is no word character", CountVectorizer(), GROWING),
        Case(
            "growing-letters-char",
            "the same in characters",
            CountVectorizer(analyzer="char", ngram_range=(1, 2)),
            GROWING,
        ),
        Case(
            "accents-unicode",
            "NFKD without combining characters",
            CountVectorizer(strip_accents="unicode", ngram_range=(1, 2)),
            ACCENTS,
            entries=20,
        ),
        Case(
            "accents-ascii",
            "NFKD, then ASCII only",
            CountVectorizer(strip_accents="ascii", ngram_range=(1, 2)),
            ACCENTS,
        ),
        Case(
            "accents-case-kept",
            "accents without lower-casing, in characters",
            CountVectorizer(strip_accents="unicode", lowercase=False, analyzer="char", ngram_range=(1, 2)),
            ACCENTS,
            entries=20,
        ),
        Case(
            "accents-char-wb",
            "accents that make spaces (¨ is space and mark)",
            CountVectorizer(strip_accents="unicode", analyzer="char_wb", ngram_range=(2, 3)),
            ACCENTS,
        ),
        Case(
            "scripts",
            "words of many scripts: marks split Devanagari, Chinese is one token",
            CountVectorizer(token_pattern=r"(?u)\b\w+\b"),
            ["你好，世界！ 产品非常好用", "हिन्दी में", "ПРИВЕТ мир", "٣ ৪ Ⅷ ²", "العربية עברית", "ไทยแลนด์"],
            entries=14,
        ),
        Case(
            "astral",
            "characters beyond U+FFFF: code points and UTF-16 units differ",
            CountVectorizer(analyzer="char", ngram_range=(1, 2)),
            ["😀b😀", "\U00010400\U00010428 x", "🇩🇪👩‍👧", "\U0001d400\U0001d401"],
            entries=14,
        ),
        Case(
            "astral-words",
            "the same in words",
            CountVectorizer(token_pattern=r"(?u)\b\w+\b"),
            ["😀 𐐀𐐨 😀 x", "𝐀𝐁 y😀z"],
        ),
    ]


SPACES = ["a  b", " a \t b\n\nc ", "\u3000\u3000x\u2003y z", "a\nb", "   ", "", "abcdefgh"]
SHORT = ["a bc def", "  Hi\tyou ", "x", "longer words here", " ", "", "a\u3000b"]


def characters() -> list[Case]:
    return [
        Case(
            "char-1-3",
            "white-space runs fold to one space",
            CountVectorizer(analyzer="char", ngram_range=(1, 3)),
            SPACES,
        ),
        Case("char-4-6", "texts shorter than n", CountVectorizer(analyzer="char", ngram_range=(4, 6)), SPACES),
        Case(
            "char-wb-2-4",
            "padded words; a word shorter than n counts once",
            CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
            SHORT,
            entries=16,
        ),
        Case(
            "char-wb-1-3",
            "padding alone is an n-gram",
            CountVectorizer(analyzer="char_wb", ngram_range=(1, 3)),
            SHORT,
            entries=None,
        ),
        Case(
            "char-wb-5-9",
            "long n-grams",
            CountVectorizer(analyzer="char_wb", ngram_range=(5, 9)),
            [*SHORT, "extraordinary"],
            entries=None,
        ),
        Case(
            "char-chinese",
            "Chinese in characters",
            TfidfVectorizer(analyzer="char", ngram_range=(1, 3)),
            ["这个产品非常好用", "服务态度差", "好用，好用！", "其他"],
            entries=20,
        ),
    ]


def hashing() -> list[Case]:
    texts = ["not a good film film", "", "good bad film story plot cast music light sound end", "naïve café 你好"]
    return [
        Case(
            "hashing", "signs cancel: a stored 0 is a known feature", HashingVectorizer(n_features=8, norm=None), texts
        ),
        Case(
            "hashing-l2",
            "an odd number of columns, with the default norm",
            HashingVectorizer(n_features=97, ngram_range=(1, 2)),
            texts,
        ),
        Case(
            "hashing-unsigned",
            "alternate_sign=False",
            HashingVectorizer(n_features=16, alternate_sign=False, norm="l1"),
            texts,
        ),
        Case(
            "hashing-binary",
            "binary makes 1 of everything, of sums that cancelled too",
            HashingVectorizer(n_features=8, norm=None, binary=True),
            texts,
        ),
        Case(
            "hashing-char-wb",
            "n-grams of every length modulo 4",
            HashingVectorizer(n_features=64, analyzer="char_wb", ngram_range=(3, 6)),
            ["Hi naïve 你好", "x", ""],
        ),
        Case("hashing-signed-l1", "l1 of signed counts: sizes", HashingVectorizer(n_features=11, norm="l1"), texts),
        Case(
            "hashing-signed-max",
            "the greatest size, also of a negative count",
            HashingVectorizer(n_features=11, norm=None),
            texts,
            between=(Normalizer("max"),),
        ),
        Case("hashing-one-column", "all in one column", HashingVectorizer(n_features=1, norm=None), texts),
    ]


def transforms() -> list[Case]:
    texts = ["good film", "good good good film film", "good film story", "", "unknown"]
    # Counts whose logarithm the libm crate rounds wrongly.
    repeated = [" ".join(["good"] * n + ["film"] * m) for n, m in ((3, 14), (48, 1), (1, 74))]

    def tfidf(
        name: str, about: str, classes: tuple[Any, ...] = ("no", "yes"), more: Sequence[str] = (), **options: Any
    ) -> Case:
        return Case(name, about, TfidfVectorizer(**options), [*texts, *more], classes=classes)

    return [
        tfidf("tfidf-l2", "idf, then the Euclidean norm"),
        tfidf("tfidf-l1", "idf, then the sum of sizes", norm="l1", classes=ABC),
        tfidf("tfidf-none", "idf without a norm", norm=None),
        tfidf("tfidf-sublinear", "1 + ln tf, correctly rounded", more=repeated, norm=None, sublinear_tf=True),
        tfidf("tfidf-sublinear-l2", "all of it", sublinear_tf=True, smooth_idf=False, classes=ABC),
        tfidf("tf-only", "no idf", use_idf=False),
        tfidf("tfidf-binary", "binary before idf", binary=True),
        Case("norm-max", "Normalizer('max') after counts", CountVectorizer(), texts, between=(Normalizer("max"),)),
        Case(
            "transforms-in-order",
            "norm, idf, norm, idf, norm: each where it stands",
            CountVectorizer(),
            texts,
            between=(Normalizer("l1"), TfidfTransformer(norm="l2"), TfidfTransformer(norm=None), Normalizer("max")),
        ),
        Case(
            "hashing-idf",
            "idf over hashed columns",
            HashingVectorizer(n_features=16, alternate_sign=False, norm=None),
            [*WORDS, "naïve café"],
            between=(TfidfTransformer(sublinear_tf=True),),
        ),
    ]


def storage() -> list[Case]:
    return [
        Case(
            "float32", "coefficients rounded to float32", TfidfVectorizer(ngram_range=(1, 2)), WORDS, weights="float32"
        ),
        Case(
            "float32-many",
            "the same with five classes",
            TfidfVectorizer(),
            WORDS,
            weights="float32",
            classes=(1, 2, 3, 4, 5),
        ),
        Case(
            "float32-char-wb",
            "summed in order of first occurrence",
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)),
            SHORT,
            weights="float32",
        ),
        Case(
            "float32-int8",
            "int8 gives float64 products, which are then rounded to float32",
            CountVectorizer(),
            WORDS,
            weights="float32",
            draw=hundredths,
        ),
        Case(
            "int8",
            "weights that int8 stores without loss",
            CountVectorizer(),
            WORDS,
            draw=hundredths,
            classes=ABC,
        ),
        Case(
            "exact-singles",
            "float64 weights that float32 stores without loss",
            CountVectorizer(),
            WORDS,
            draw=lambda rng: float(np.float32(rng.uniform(-2, 2))),
        ),
    ]


CASES = [*words(), *unicode(), *characters(), *hashing(), *transforms(), *heads(), *storage()]
