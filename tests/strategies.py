"""Random pipelines and random texts for the property tests.

hypothesis draws the options of a pipeline (so that it can shrink them) and seeds; corpora and most texts come from
those seeds, because fifty texts an example would be too much for it to draw character by character. Every pipeline is
made only of what issue 3 names: a refusal of one is a failure.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

# Words whose treatment differs: case with and without growth, final sigma, marks, scripts without blanks, numbers.
_WORDS = (
    "good bad film product the not very it's don't rock'n'roll e-mail x_y _ __a a I i 42 3.14 007 ½ x² "
    "Good BAD NOT Straße STRASSE straẞe café CAFÉ cafe\u0301 naïve Ünïcödé ﬁne oﬃce ŉ ſo İstanbul ISTANBUL ısı dž Ǆ "
    "ΟΔΥΣΣΕΥΣ Οδυσσεύς ΑΣ ΑΣ'Α Σ ΣΑΣ ΐ ᾼ λόγος ΛΌΓΟΣ хорошо ХОРОШО плохо Ёлка ёлка їжак ІЖАК фильм "
    "这个产品非常好用 推荐 购买 服务态度差 再也不来了 是 好 𠮷野家 とても良い ガギ ガギ ﾊﾝｶｸ ひどい "
    "제품이 좋아요 각 각 나쁘다 "
    "अच्छा बुरा क्षत्रिय ज़ ভালো நல்ல ดีมาก แนะนำ กำ ดี ကောင်း ជាល្អ བོད་ "
    "ممتاز سيئ مُحَمَّد ﻻ ـــ טוב שָׁלוֹם רע \u202eabc\u202c ქართული ᏣᎳᎩ ꭰ ⴀⴃ 𐐀𐐨 𝒜𝓃 ＦＵＬＬ ｆｕｌｌ １２ "
    "👍🏽 👨‍👩‍👧 🇨🇳 ❤️ :-) http://x.y/z?q=1 a@b.c #tag $5 <b> & %20 \u00ad soft\u00adhyphen zero\u200bwidth K Å Å "
    "Tiếng Việt čeština ŽLUŤOUČKÝ ğüşiöç þæð łódź w\u0301\u0301 q\u0307\u0323 a\u0903b \u0301 ٣٤ ४५ Ⅷ ㊿ ㎏"
)
POOL = tuple(_WORDS.split(" "))
SEPARATORS = (" ", " ", " ", " ", "  ", "\n", ", ", "-", ". ", "\u3000", "\t", "\x1c", "\u00a0", "", "\0", "\u2028 ")
LABELS: dict[str, tuple[Any, ...]] = {
    "str": ("negative", "积极", "neutral", "Ω", "", "z", "a b", "\0x", "👍"),
    "int": (3, -1, 0, 2**40, 7, 8, 9, 10, -(2**40)),
    "bool": (True, False),
}
LOSSES = (
    "hinge",
    "log_loss",
    "modified_huber",
    "squared_hinge",
    "perceptron",
    "squared_error",
    "huber",
    "epsilon_insensitive",
    "squared_epsilon_insensitive",
)


@dataclass(frozen=True)
class Recipe:
    """All that determines a pipeline; its repr is what a failing test prints."""

    vectorizer: str
    options: dict[str, Any]
    vocabulary: str | None
    transformers: tuple[tuple[str, dict[str, Any]], ...]
    head: tuple[str, dict[str, Any]]
    label_type: str
    n_classes: int
    documents: int
    seed: int

    def fit(self) -> Pipeline | None:
        """The fitted pipeline; None where scikit-learn itself cannot fit it (no words left, weights that overflow)."""
        rng = random.Random(self.seed)
        texts, labels = corpus(rng, self.documents, LABELS[self.label_type][: self.n_classes])
        options = dict(self.options)
        kind: Any = {"count": CountVectorizer, "tfidf": TfidfVectorizer, "hashing": HashingVectorizer}[self.vectorizer]
        if self.vocabulary is not None:
            options["vocabulary"] = own_vocabulary(rng, self.vocabulary, kind(**options).build_analyzer(), texts)
        steps: list[tuple[str, Any]] = [("words → numbers", kind(**options))]
        for number, (name, parameters) in enumerate(self.transformers):
            steps.append((f"t{number}", Normalizer(**parameters) if name == "norm" else TfidfTransformer(**parameters)))
        steps.append(("clf", make_head(*self.head)))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                return Pipeline(steps).fit(texts, np.array(labels))
            except ValueError:
                return None


def corpus(rng: random.Random, size: int, classes: Sequence[Any]) -> tuple[list[str], list[Any]]:
    """Documents in which each class prefers some words; every class occurs."""
    favourites = [rng.sample(POOL, 25) for _ in classes]
    labels = [*classes, *(rng.choice(classes) for _ in range(size - len(classes)))]
    texts = []
    for label in labels:
        words = favourites[list(classes).index(label)]
        chosen = [rng.choice(words if rng.random() < 0.6 else POOL) for _ in range(rng.randrange(1, 16))]
        texts.append(joined(rng, chosen))
    return texts, labels


def joined(rng: random.Random, words: Sequence[str]) -> str:
    return "".join(part for word in words for part in (word, rng.choice(SEPARATORS)))


def own_vocabulary(rng: random.Random, kind: str, analyze: Callable[[str], list[str]], texts: list[str]) -> Any:
    """A vocabulary given by hand: entries of the corpus in any order, and entries that no text has."""
    known = sorted({ngram for text in texts for ngram in analyze(text)})
    entries = [*rng.sample(known, min(len(known), 60)), "nevermore", "UPPER", "two words", "  "]
    entries = list(dict.fromkeys(entries))
    if kind == "set":
        return set(entries)
    if kind == "list":
        return entries
    numbers = list(range(len(entries)))
    rng.shuffle(numbers)
    return dict(zip(entries, numbers, strict=True))


def make_head(name: str, options: dict[str, Any]) -> Any:
    kinds: dict[str, Any] = {
        "logistic": LogisticRegression,
        "sgd": SGDClassifier,
        "svc": LinearSVC,
        "ridge": RidgeClassifier,
        "perceptron": Perceptron,
        "bayes": MultinomialNB,
    }
    return kinds[name](**options)


def _analysis(draw: Callable[..., Any]) -> dict[str, Any]:
    analyzer = draw(st.sampled_from(["word", "word", "char", "char_wb"]))
    low = draw(st.integers(1, 3))
    high = low + draw(st.integers(0, 3 if analyzer != "word" else 2))
    if draw(st.integers(0, 29)) == 0:
        high = draw(st.sampled_from([64, 65, 300]))
    options: dict[str, Any] = {
        "analyzer": analyzer,
        "ngram_range": (low, high),
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.sampled_from([None, None, "ascii", "unicode"])),
        "binary": draw(st.sampled_from([False, False, True])),
    }
    if analyzer == "word":
        options["token_pattern"] = draw(st.sampled_from([r"(?u)\b\w\w+\b", r"(?u)\b\w+\b"]))
        options["stop_words"] = draw(
            st.sampled_from([None, None, "english", ["the", "не", "是", "推荐", "café", "good", "42", "İ", "ας"]])
        )
    return options


def _tfidf(draw: Callable[..., Any], smooth: bool) -> dict[str, Any]:
    return {
        "norm": draw(st.sampled_from(["l2", "l2", "l1", None])),
        "use_idf": draw(st.sampled_from([True, True, False])),
        "smooth_idf": smooth or draw(st.booleans()),
        "sublinear_tf": draw(st.booleans()),
    }


def _head(draw: Callable[..., Any], n_classes: int, signed: bool) -> tuple[str, dict[str, Any]]:
    names = ["logistic", "logistic", "sgd", "sgd", "sgd", "svc", "ridge", "perceptron", "bayes", "bayes"]
    name = draw(st.sampled_from([n for n in names if not (signed and n == "bayes")]))
    if name == "bayes":
        return name, {"alpha": draw(st.sampled_from([1.0, 0.01, 1e-10])), "fit_prior": draw(st.booleans())}
    options: dict[str, Any] = {"fit_intercept": draw(st.booleans())}
    if name == "logistic":
        options["C"] = draw(st.sampled_from([1.0, 100.0, 1e-3]))
        options["solver"] = draw(st.sampled_from(["lbfgs", "liblinear"] if n_classes == 2 else ["lbfgs"]))
        options["max_iter"] = 30
    elif name == "sgd":
        options["loss"] = draw(st.sampled_from(LOSSES))
        options["penalty"] = draw(st.sampled_from(["l2", "l1", "elasticnet"]))
        options["average"] = draw(st.booleans())
        options["max_iter"] = 5
        options["random_state"] = 0
    elif name == "svc":
        options["multi_class"] = draw(st.sampled_from(["ovr", "crammer_singer"]))
        options["max_iter"] = 50
    elif name == "ridge":
        options["alpha"] = draw(st.sampled_from([1.0, 0.01]))
    else:
        options["penalty"] = draw(st.sampled_from([None, "l1", "l2"]))
        options["max_iter"] = 5
    return name, options


@st.composite
def recipes(draw: Callable[..., Any]) -> Recipe:
    """Any pipeline of what issue 3 names."""
    label_type = draw(st.sampled_from(["str", "str", "int", "bool"]))
    n_classes = 2 if label_type == "bool" else draw(st.sampled_from([2, 2, 2, 3, 4, 5, 6, 7, 8, 9]))
    vectorizer = draw(st.sampled_from(["count", "tfidf", "tfidf", "hashing"]))
    options = _analysis(draw)
    vocabulary = None
    signed = False
    if vectorizer == "hashing":
        options["ngram_range"] = (options["ngram_range"][0], min(options["ngram_range"][1], 64))
        options["n_features"] = draw(st.sampled_from([1, 2, 7, 64, 1000, 4096, 2**14]))
        options["norm"] = draw(st.sampled_from(["l2", "l1", None]))
        signed = options["alternate_sign"] = draw(st.booleans())
    else:
        vocabulary = draw(st.sampled_from([None, None, None, "list", "dict", "set"]))
        if vocabulary is None:
            options["min_df"] = draw(st.sampled_from([1, 1, 2, 0.02]))
            options["max_df"] = draw(st.sampled_from([1.0, 0.8]))
            options["max_features"] = draw(st.sampled_from([None, None, 150]))
    # Without smoothing a feature that no training text holds gets an infinite idf: a refusal that the design asks for.
    unseen = vectorizer == "hashing" or vocabulary is not None
    if vectorizer == "tfidf":
        options.update(_tfidf(draw, unseen))
    if vectorizer == "count":
        options["dtype"] = draw(st.sampled_from([np.int64, np.int64, np.float64, np.int32]))
    transformers = []
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        if draw(st.booleans()):
            transformers.append(("norm", {"norm": draw(st.sampled_from(["l1", "l2", "max"]))}))
        else:
            parameters = _tfidf(draw, unseen)
            transformers.append(("tfidf", parameters))
            signed = signed or parameters["sublinear_tf"]  # of a value below 1/e it is negative
    return Recipe(
        vectorizer=vectorizer,
        options=options,
        vocabulary=vocabulary,
        transformers=tuple(transformers),
        head=_head(draw, n_classes, signed),
        label_type=label_type,
        n_classes=n_classes,
        documents=draw(st.integers(30, 90)),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


@st.composite
def drawn_texts(draw: Callable[..., Any]) -> list[str]:
    """A few texts of any code points but surrogates, which sources read differently on purpose."""
    character = st.characters(exclude_categories=["Cs"])
    return draw(st.lists(st.text(character, max_size=25), min_size=6, max_size=6))  # type: ignore[no-any-return]


# Ranges with letters, marks and oddities, from which random words are made.
_RANGES = (
    (0x20, 0x7F),
    (0x80, 0x24F),
    (0x250, 0x36F),
    (0x370, 0x52F),
    (0x530, 0x6FF),
    (0x900, 0xDFF),
    (0xE00, 0x10FF),
    (0x1100, 0x11FF),
    (0x1E00, 0x206F),
    (0x2070, 0x218F),
    (0x2460, 0x24FF),
    (0x2C00, 0x2E7F),
    (0x3000, 0x33FF),
    (0x4E00, 0x4EFF),
    (0xA640, 0xABFF),
    (0xAC00, 0xACFF),
    (0xF900, 0xFFFD),
    (0x10000, 0x10FFF),
    (0x11000, 0x11FFF),
    (0x1D400, 0x1D7FF),
    (0x1E000, 0x1EFFF),
    (0x1F100, 0x1FAFF),
)


def random_texts(rng: random.Random, count: int, vocabulary: Sequence[str]) -> list[str]:
    """Texts of the pool, of the vocabulary (one or two entries: ties), of one script's range, and long repetitions."""
    makers: tuple[Callable[[], str], ...] = (
        lambda: joined(rng, rng.choices(POOL, k=rng.randrange(1, 20))),
        lambda: joined(rng, [_other_case(rng, word) for word in rng.choices(POOL, k=rng.randrange(1, 20))]),
        lambda: " ".join(rng.choices(vocabulary or POOL, k=rng.randrange(1, 4))),
        lambda: "".join(rng.choices(vocabulary or POOL, k=rng.randrange(1, 12))),
        lambda: _of_range(rng),
        lambda: " ".join([rng.choice(vocabulary or POOL)] * rng.choice([2, 3, 14, 48, 74, 300])),
    )
    return [makers[i % len(makers)]() for i in range(count)]


def _other_case(rng: random.Random, word: str) -> str:
    return rng.choice((word.upper, word.title, word.swapcase, word.casefold))()


def _of_range(rng: random.Random) -> str:
    start, end = rng.choice(_RANGES)
    words = ("".join(chr(rng.randrange(start, end)) for _ in range(rng.randrange(1, 7))) for _ in range(8))
    return rng.choice((" ", "", "'", "\u0301 ")).join(words)
