"""Texts of four languages for the benchmark, cut to a number of words, with one of four labels; all draws are seeded.

English and Chinese are running texts of real corpora with their punctuation and capitals; the label is the source
(movie reviews, tweets, shop reviews, editorials) or subject and sentiment. For French and Russian no corpus of that
size is at hand: running interface texts (Django's translations), in which every third word is replaced by one drawn by
its frequency in the language (wordfreq), so that vocabulary and word lengths are those of real texts.
"""

from __future__ import annotations

import ast
import bisect
import gzip
import itertools
import random
import re
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools" / "train"))

from corpora import HOTEL_WORDS  # noqa: E402
from packages import archive, read_member  # noqa: E402

from wasm_clf_widget.demo_data import chinese_reviews, english_snippets  # noqa: E402

Language = Literal["English", "French", "Russian", "Chinese"]
CLASSES = ("a", "b", "c", "d")
CHARACTERS_A_WORD = 1.65
"""Chinese has no spaces: a word is counted as so many characters (about the mean of segmented news)."""
SEED = 3
PASSAGE = 400
TRAINING_WORDS = 12
_DRAWN = 0.35
_FREQUENT_WORDS = 60_000
_ROUNDS = 24


@dataclass(frozen=True)
class Texts:
    """Training texts of 12 words with labels; and texts of other passages to classify, by their number of words."""

    train: list[str]
    labels: list[str]
    test: dict[int, list[str]]


@cache
def texts(language: Language, sizes: tuple[tuple[int, int], ...]) -> Texts:
    """Texts of a language; ``sizes`` lists (words, how many texts) of what is to be classified.

    Every fifth passage of some 400 words is kept from training. A batch that is larger than what these passages give
    repeats them.
    """
    chinese = language == "Chinese"
    rng = random.Random(SEED)
    train: list[tuple[str, str]] = []
    test: dict[int, list[str]] = {words: [] for words, _ in sizes}
    for label, stream in zip(CLASSES, _streams(language), strict=True):
        for number, passage in enumerate(_cut(stream, PASSAGE, chinese=chinese)):
            if number % 5:
                train += [(piece, label) for piece in _cut(passage, TRAINING_WORDS, chinese=chinese)]
            else:
                for words in test:
                    test[words] += _cut(passage, words, chinese=chinese)
    rng.shuffle(train)
    for words, count in sizes:
        rng.shuffle(test[words])
        test[words] = list(itertools.islice(itertools.cycle(test[words]), count))
    return Texts([text for text, _ in train], [label for _, label in train], test)


def _cut(stream: str, words: int, *, chinese: bool) -> list[str]:
    if chinese:
        size = round(words * CHARACTERS_A_WORD)
        return [stream[i : i + size] for i in range(0, len(stream) - size + 1, size)]
    # With the whitespace as it stands between them.
    all_words = re.findall(r"\S+\s*", stream)
    return ["".join(all_words[i : i + words]).strip() for i in range(0, len(all_words) - words + 1, words)]


@cache
def _streams(language: Language) -> list[str]:
    """One long text for each class."""
    if language == "English":
        kinds = ("movieReview", "tweets", "amazonReview", "nytEditorial")
        return [" ".join(t for t, _ in english_snippets(kind, read_member, at_least=0.0)) for kind in kinds]
    if language == "Chinese":
        streams: dict[tuple[bool, str], list[str]] = {}
        for text, label in chinese_reviews(read_member):
            streams.setdefault((any(word in text for word in HOTEL_WORDS), label), []).append(text)
        return ["".join(streams[key]) for key in sorted(streams)]
    code = {"French": "fr", "Russian": "ru"}[language]
    return _mixed(code)


def _mixed(code: str) -> list[str]:
    rng = random.Random(f"{SEED} {code}")
    running = _interface_words(code)
    words, weights = _frequencies(code)
    streams = []
    for label in range(len(CLASSES)):
        # Each class prefers a quarter of the drawn words, else there would be nothing to learn.
        tilted = [w * (4.0 if i % len(CLASSES) == label else 1.0) for i, w in enumerate(weights)]
        cumulative = list(itertools.accumulate(tilted))
        passages = running[:]
        rng.shuffle(passages)
        out = []
        # Many rounds, each time with other words in the places.
        for word in [word for passage in passages * _ROUNDS for word in passage]:
            if rng.random() < _DRAWN:
                drawn = words[bisect.bisect(cumulative, rng.random() * cumulative[-1])]
                word = drawn.capitalize() if word[:1].isupper() else drawn
            out.append(word)
        streams.append(" ".join(out))
    return streams


def _interface_words(code: str) -> list[list[str]]:
    """Django's translated strings as lists of words, without placeholders and markup."""
    strings: list[str] = []
    with zipfile.ZipFile(archive("django")) as wheel:
        for name in sorted(wheel.namelist()):
            if name.endswith(f"/locale/{code}/LC_MESSAGES/django.po"):
                strings += _translations(wheel.read(name).decode("utf-8"))
    clean = (re.sub(r"%(\(\w+\))?\w|\{\w*\}|<[^>]*>", " ", string) for string in strings)
    return [words for words in (string.split() for string in clean) if len(words) > 1]


def _translations(po: str) -> list[str]:
    """The msgstr of a gettext catalogue; its strings have C's escapes, which are Python's too."""
    blocks = re.findall(r'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\s*)+)', po, re.MULTILINE)
    strings = [ast.literal_eval(f"({block})") for block in blocks]
    return [string for string in strings[1:] if string]


def _frequencies(code: str) -> tuple[list[str], list[float]]:
    """The most frequent words with their relative frequencies: wordfreq stores one list for each hundredth of a bel."""
    # pip's own copy: it reads this one format here, and pip is there, for it has fetched the package.
    from pip._vendor import msgpack

    packed = gzip.decompress(read_member("wordfreq", f"wordfreq/data/large_{code}.msgpack.gz"))
    bins: list[list[str]] = msgpack.unpackb(packed, raw=False)[1:]
    ranked = [(word, 10 ** (-centibels / 100)) for centibels, group in enumerate(bins) for word in group]
    ranked = ranked[:_FREQUENT_WORDS]
    return [word for word, _ in ranked], [weight for _, weight in ranked]
