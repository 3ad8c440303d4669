"""Text → normalized text → tokens → n-grams, as ``build_analyzer()`` of scikit-learn's vectorizers does it.

Every n-gram is made together with its place, so that the n-grams that are counted and the spans that explain them
come from the same lines. Places are code point offsets [lo, hi) in the *analysed* text: the normalized text, for the
char analyzer after white-space folding; ``alignment`` takes them back to the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ..model.spec import Vectorizer
from .steps import Steps

_SURROGATES = re.compile("[\ud800-\udfff]")
_WHITE_SPACE_RUN = re.compile(r"\s\s+")
_WORD = re.compile(r"\S+")


# One n-gram at its place (ngram, lo, hi); lo = hi where it consists only of padding. A plain tuple, as there are
# thousands at every keystroke.
Occurrence = tuple[str, int, int]


def replace_surrogates(text: str) -> tuple[str, int]:
    """The text with U+FFFD for every lone surrogate, and how many there were."""
    return _SURROGATES.subn("\ufffd", text)


def has_surrogate(text: str) -> bool:
    """Whether UTF-8 cannot encode the text."""
    return _SURROGATES.search(text) is not None


def strip_accents_unicode(text: str) -> str:
    """NFKD without the characters that have a combining class (not without every mark: U+0903 stays)."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def strip_accents_ascii(text: str) -> str:
    """The ASCII part of NFKD."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


STRIP_ACCENTS = {"unicode": strip_accents_unicode, "ascii": strip_accents_ascii}


class Analyzer:
    """The text side of a vectorizer."""

    def __init__(self, vectorizer: Vectorizer) -> None:
        self.spec = vectorizer
        self._stop_words = frozenset(vectorizer.stop_words)
        pattern = vectorizer.token_pattern or ""
        self._pattern = re.compile(pattern)
        self._steps = Steps(pattern) if Steps.needed(pattern) else None

    def normalize(self, text: str) -> str:
        """Lower-cased first, then stripped of accents."""
        if self.spec.lowercase:
            text = text.lower()
        if self.spec.strip_accents is not None:
            text = STRIP_ACCENTS[self.spec.strip_accents](text)
        return text

    def analysed(self, normalized: str) -> str:
        """The text that n-grams are cut from: ``char`` folds runs of two or more white-space characters to one space.

        ``char_wb`` folds too, which changes nothing: it then splits at white space.
        """
        return _WHITE_SPACE_RUN.sub(" ", normalized) if self.spec.analyzer == "char" else normalized

    def tokens(self, text: str) -> list[str]:
        """Stage "tokens": words without stop words; the analysed text (char); the padded words (char_wb)."""
        analysed = self.analysed(self.normalize(text))
        if self.spec.analyzer == "word":
            return [word for word, _, _ in self._words(analysed)]
        if self.spec.analyzer == "char":
            return [analysed]
        return [f" {word.group()} " for word in _WORD.finditer(analysed)]

    def occurrences(self, analysed: str) -> Iterator[Occurrence]:
        """Every n-gram with its place, in scikit-learn's order."""
        if self.spec.analyzer == "word":
            return self._word_ngrams(analysed)
        if self.spec.analyzer == "char":
            return self._char_ngrams(analysed)
        return self._char_wb_ngrams(analysed)

    def _words(self, analysed: str) -> Iterator[Occurrence]:
        if self._steps is not None:
            self._steps.check(analysed)
        group = min(self._pattern.groups, 1)
        for match in self._pattern.finditer(analysed):
            # A group that took no part is an empty token, as findall has it.
            word = match.group(group) or ""
            if word not in self._stop_words:
                lo, hi = match.span(group) if match.group(group) is not None else (match.start(), match.start())
                yield word, lo, hi

    def _word_ngrams(self, analysed: str) -> Iterator[Occurrence]:
        words = list(self._words(analysed))
        smallest, largest = self.spec.ngram_range
        for n in range(smallest, min(largest, len(words)) + 1):
            if n == 1:
                yield from words
                continue
            for first in range(len(words) - n + 1):
                group = words[first : first + n]
                # Tokens of a pattern that looks around need not stand in order.
                lo, hi = min(group[0][1], group[-1][1]), max(group[0][2], group[-1][2])
                yield " ".join([word for word, _, _ in group]), lo, hi

    def _char_ngrams(self, analysed: str) -> Iterator[Occurrence]:
        smallest, largest = self.spec.ngram_range
        for n in range(smallest, min(largest, len(analysed)) + 1):
            for lo in range(len(analysed) - n + 1):
                yield analysed[lo : lo + n], lo, lo + n

    def _char_wb_ngrams(self, analysed: str) -> Iterator[Occurrence]:
        smallest, largest = self.spec.ngram_range
        for word in _WORD.finditer(analysed):
            start, end = word.span()
            padded = f" {word.group()} "
            # Place of each boundary between two characters of ``padded``, with the padding clipped off.
            places = [start, *range(start, end + 1), end]
            for n in range(smallest, largest + 1):
                last = max(len(padded) - n, 0)
                for offset in range(last + 1):
                    yield padded[offset : offset + n], places[offset], places[min(offset + n, len(padded))]
                if last == 0:  # the whole padded word has been counted: longer n-grams would repeat it
                    break
