"""The options that come nearest to a callable of a vectorizer: what a refusal proposes instead of it.

A tokenizer is tried on words of the fitted vocabulary and on texts in which the usual tokenizers differ, and compared
with the patterns that people write. The callable runs here as it runs in every ``fit`` and ``transform``; what it
raises on a sample counts as a difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sklearn.feature_extraction.text import CountVectorizer

PATTERNS: Final = (
    r"(?u)\b\w\w+\b",
    r"(?u)\b\w+\b",
    r"\S+",
    r"\w+|[^\w\s]",
    r"\w+|[^\w\s]+",
    r"(?u)\b\w[\w'-]*\b",
    r"[a-zA-Z]+",
    r"[a-zA-Z]{2,}",
    r"[a-zA-Z]{3,}",
    r"[^\W\d_]+",
    r"#?\w+",
    r"[^,\s]+",
    r"(?s).",
    r"\S",
)

_SAMPLES: Final = (
    "a good film, and a very good one!",
    "It's well-known: don't rock 'n' roll e-mail me_at x_y 42 3.14 007",
    "#tag @someone http://x.y/z?q=1 (see p. 12) ... ok?!",
    "Straße café ΟΔΥΣΣΕΥΣ 这个产品非常好用 推荐 購入 Ünïcödé",
    "one  two\tthree\nfour; five/six",
    "I a 1 x",
)
_CONVINCING: Final = 0.6

Edit = Mapping[str, Any]


def tokenizer_edit(estimator: Any) -> tuple[Edit, str]:
    """Parameters instead of ``tokenizer``, and a sentence that says how near they come."""
    lowercase = bool(estimator.lowercase)
    pattern, agreement = _nearest(estimator.tokenizer, _samples(estimator, lowercase))
    if pattern is None:
        return (
            {"tokenizer": None, "token_pattern": PATTERNS[0], "analyzer": "char_wb", "ngram_range": (2, 4)},
            "analyzer='char_wb', ngram_range=(2, 4), which needs no tokenizer (no token pattern comes near this one)",
        )
    return {"tokenizer": None, "token_pattern": pattern}, _near(pattern, agreement)


def analyzer_edit(estimator: Any) -> tuple[Edit, str]:
    """Parameters instead of a callable ``analyzer``, which is given the text as it stands."""
    options: dict[str, Any] = {"preprocessor": None, "tokenizer": None, "ngram_range": (1, 1)}
    best: tuple[float, str | None, bool] = (-1.0, None, True)
    for lowercase in (False, True):
        prepare: Callable[[str], str] = str.lower if lowercase else str
        pattern, agreement = _nearest(estimator.analyzer, _samples(estimator, False), prepare)
        if pattern is not None and agreement > best[0]:
            best = (agreement, pattern, lowercase)
    agreement, pattern, lowercase = best
    if pattern is None:
        return (
            {**options, "analyzer": "char_wb", "ngram_range": (2, 4)},
            "analyzer='char_wb', ngram_range=(2, 4); a pipeline fitted on lists of tokens can be fitted on the texts "
            "themselves",
        )
    edit = {**options, "analyzer": "word", "lowercase": lowercase, "token_pattern": pattern}
    return edit, f"analyzer='word', lowercase={lowercase}, {_near(pattern, agreement)}"


def preprocessor_edit(estimator: Any) -> tuple[Edit, str]:
    """lowercase= and strip_accents= instead of a ``preprocessor``: if any do, those that give the same on samples."""
    samples = _samples(estimator, False)
    wanted = [_call(estimator.preprocessor, text) for text in samples]
    for lowercase in (False, True):
        for accents in (None, "unicode", "ascii"):
            plain = CountVectorizer(lowercase=lowercase, strip_accents=accents).build_preprocessor()
            if [plain(text) for text in samples] == wanted:
                edit = {"preprocessor": None, "lowercase": lowercase, "strip_accents": accents}
                same = f"preprocessor=None, lowercase={lowercase}, strip_accents={accents!r}"
                return edit, f"{same} (the same on every sample tried), and fit again"
    return {"preprocessor": None, "lowercase": True}, "lowercase= and strip_accents=, or clean the texts before"


def _near(pattern: str, agreement: float) -> str:
    share = "as on every sample tried" if agreement == 1.0 else f"{agreement:.0%} of the same tokens on samples"
    return f"token_pattern={pattern!r} ({share}), and fit again"


def _samples(estimator: Any, lowercase: bool) -> list[str]:
    words = [str(word) for word in list(getattr(estimator, "vocabulary_", None) or ())[:200] if isinstance(word, str)]
    texts = [*_SAMPLES, " ".join(words[:60]), ", ".join(words[60:120]), "-".join(words[120:140])]
    return [text.lower() if lowercase else text for text in texts if text]


def _nearest(tokenize: Any, samples: Sequence[str], prepare: Callable[[str], str] = str) -> tuple[str | None, float]:
    """(pattern, share of tokens in common); (None, …) where no pattern has most of the tokens in common."""
    wanted = [_call(tokenize, text) for text in samples]
    # A pattern's own findall, and NLTK's RegexpTokenizer, say what they match.
    owner = getattr(tokenize, "__self__", None)
    own = owner if isinstance(owner, re.Pattern) else getattr(owner, "_regexp", None)
    patterns = [*([own.pattern] if isinstance(own, re.Pattern) and isinstance(own.pattern, str) else []), *PATTERNS]
    scored = [(_agreement(pattern, wanted, [prepare(text) for text in samples]), pattern) for pattern in patterns]
    agreement, pattern = max(scored, key=lambda pair: pair[0])
    return (pattern, agreement) if agreement >= _CONVINCING else (None, agreement)


def _call(function: Any, text: str) -> Any:
    try:
        result = function(text)
        return result if isinstance(result, str) else [token for token in result if isinstance(token, str)]
    except Exception:  # a stranger's code, tried out: whatever it raises, it gives no tokens here
        return None


def _agreement(pattern: str, wanted: Sequence[Any], samples: Sequence[str]) -> float:
    """Tokens in common as a share of all tokens on either side, mean over the samples."""
    shares = []
    for tokens, text in zip(wanted, samples, strict=True):
        found = re.findall(pattern, text)
        if not isinstance(tokens, list) or any(isinstance(token, tuple) for token in found):
            shares.append(0.0)
            continue
        both = Counter(tokens) & Counter(found)
        either = Counter(tokens) | Counter(found)
        shares.append(both.total() / either.total() if either else 1.0)
    return sum(shares) / len(shares)
