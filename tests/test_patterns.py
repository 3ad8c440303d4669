"""Token patterns: the engine's tokens are those of Python's `re.findall`, whatever the pattern.

The patterns that people write × ugly texts; random patterns of all that the translation knows × random texts (300 × 20
in `make test`, a hundred times more in `make test-long`; `WCW_SEED=…` repeats a run); catastrophic ones, which must end
in a typed error and never reach scikit-learn; and whole pipelines through converter, twin and certificate.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import unicodedata
import warnings
from array import array
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from pattern_strategies import patterns, texts
from seeds import SEED
from strategies import corpus, random_texts
from wasm_clf_widget import Classifier
from wasm_clf_widget.convert.patterns import PatternError, compile_pattern
from wasm_clf_widget.convert.ugly_texts import CASES, MARKS_AND_EMOJI, NOTHING, REFERENCE, SCRIPTS
from wasm_clf_widget.engines.base import Engine
from wasm_clf_widget.engines.wasmtime_engine import open_wasmtime_engine
from wasm_clf_widget.errors import ModelFileError, TooManyStepsError, UnsupportedPipelineError
from wasm_clf_widget.model.file import dump, parse
from wasm_clf_widget.model.spec import Classes, LinearHead, Model, Pipeline, Source, Vectorizer
from wasm_clf_widget.twin import Twin, steps
from wasm_clf_widget.twin.steps import Steps

TIMES = 100 if os.environ.get("WCW_LONG") else 1
SHARDS = 3
pytestmark = [pytest.mark.timeout(1_800), pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]

NAMED = (  # by issue 4
    r"\w+",
    r"\S+",
    r"[^\s]+",
    r"[a-zA-Z]{3,}",
    r"(?u)\b\w[\w'-]*\b",
    r"\w+|[^\w\s]",
    r"#\w+",
    "[\u4e00-\u9fff]",
    r"(?i)[a-z]+",
    r"\b(\w\w+)\b",
    r"#(\w+)",
    r"(?<=[a-z])\d|\w+(?=\s)",
    r"(?<!\w)[^\W\d_]{2,}(?!\S)",
)
OTHERS = (
    r"(?u)\b\w\w+\b",
    r"(?u)\b\w+\b",
    r"(?a)\w+",
    r"(?a)\b\w\w+\b",
    r"(?i)k+",  # of which the Kelvin sign is one
    r"(?i:ſ|ß)+",
    r"\d+(?:[.,]\d+)*|\w+",
    r"[\w.+-]+@[\w-]+\.[\w.]+|\w+",
    r"(?:[A-Z]\.)+|\w+(?:[-']\w+)*|\$?\d+(?:\.\d+)?%?|[^\w\s]+",
    r"(?m)^\w+|\w+$",
    r"(?s).{3}",
    r".{1,4}?(?=\s|$)",
    r"(?>a|ab)c|\w++",
    r"(?:ab|cd)*+\w",
    r"(\w)\1",
    r"(\w)?(?(1)\w|\W)",
    r"(\w+)|\W",
    r"(?=(\w\w))",
    r"(?=.*?(\d))\w",
    r"\w*",
    "",
    r"\b|\B",
    r"\Z|^",
    r"(?:a?){3,5}?b",
    r"(?:a|(b))*",
    r"[^,;]+",
    r"\w+ \w+",
    r"(?x) \w+  # words",
    r"(?-i:a)|(?i:b)",
    r"(?!)|a",
    r"[\U00010000-\U0010ffff]+",
    r"[^\x00-\x7f]+",
)
UGLY = (
    *REFERENCE,
    *NOTHING,
    *CASES,
    *SCRIPTS,
    *MARKS_AND_EMOJI,
    "a" * 3_000,
    "a1 " * 500,
    "\n\n a\n",
    "abab cdcd\nccac\n",
)


def model(pattern: str, program: bytes | None) -> Model:
    """The smallest model with this pattern: all tokens are hashed to one feature."""
    vectorizer = Vectorizer(
        analyzer="word",
        ngram_range=(1, 1),
        lowercase=False,
        strip_accents=None,
        token_pattern=pattern,
        stop_words=(),
        binary=False,
        n_features=1,
        vocabulary=None,
        program=program,
    )
    head = LinearHead("linear", "none", "sign", 1, array("d", [1.0]), array("d", [0.0]))
    return Model(
        name="pattern",
        version="1",
        source=Source("none", "0", "3"),
        unicode=unicodedata.unidata_version,
        class_sets=(Classes("int", (0, 1)),),
        weights="float64",
        bound=None,
        uncertain_below=None,
        pipeline=Pipeline(vectorizer, (), head),
    )


def engine_for(pattern: str, variant: str = "simd") -> Engine:
    data = dump(model(pattern, compile_pattern(pattern)))
    return open_wasmtime_engine(data, parse(data), variant)


def expected(pattern: str, text: str) -> list[str]:
    """As scikit-learn's build_tokenizer does it."""
    return re.compile(pattern).findall(text)


@pytest.mark.parametrize("variant", ["baseline", "simd"])
@pytest.mark.parametrize("pattern", [*NAMED, *OTHERS])
def test_tokens_are_those_of_findall(pattern: str, variant: str) -> None:
    engine = engine_for(pattern, variant)
    for text in UGLY:
        assert engine.tokens(text) == expected(pattern, text), text[:80]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_patterns(shard: int) -> None:
    tried = {"patterns": 0, "texts": 0, "too many steps": 0}

    @seed(SEED + shard)
    @settings(
        max_examples=300 * TIMES // SHARDS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(patterns(), st.lists(texts(), min_size=20, max_size=20))
    def hold(pattern: str, texts: Sequence[str]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a set may look like one of a later Python
            try:
                re.compile(pattern)
            except re.error:
                assume(False)
            if re.search(r"\(\?[a-z]*i", pattern) and r"\1" in pattern:
                return  # refused, see below
            engine = engine_for(pattern)
            tried["patterns"] += 1
            for text in texts:
                try:
                    found = engine.tokens(text)
                except TooManyStepsError:
                    tried["too many steps"] += 1  # re itself needs seconds, or years
                    continue
                tried["texts"] += 1
                assert found == expected(pattern, text), (SEED, pattern, text)
            engine.dispose()

    hold()
    # A pattern's texts go together: of a hundred patterns, how many are such is a matter of the seed.
    assert tried["too many steps"] * (50 if TIMES > 1 else 10) < tried["texts"], tried


CATASTROPHIC = (
    (r"(a+)+$", "a" * 40 + "!"),
    (r"(?:a|a)*b", "a" * 40),
    (r"(?:a*)*b", "a" * 40),
    (r"(?=(?:a+)+$)a", "a" * 40 + "b"),
    (r"(?:(?!(?:a|aa)+$)a)+", "a" * 60 + "b"),
    (r"(a*)*\1b", "a" * 40),
    (r"(?:x+x+)+y", "x" * 60),
    (r"(?:\w+\s?)*:", "many words that end in no colon after all of them"),
    (r"^(?:a?){60}a{60}$", "a" * 60),
)


# Each runs through its whole budget of steps: four of them in every run, the others in test-long.
@pytest.mark.parametrize(
    ("pattern", "text"),
    [*CATASTROPHIC[:4], *(pytest.param(*case, marks=pytest.mark.long) for case in CATASTROPHIC[4:])],
)
def test_a_catastrophic_pattern_ends_in_a_typed_error(pattern: str, text: str) -> None:
    engine = engine_for(pattern)
    with pytest.raises(TooManyStepsError, match="too many steps"):
        engine.classify((text,))
    assert engine.tokens("b") == expected(pattern, "b"), "the engine goes on with the next text"


# What is asked does not know the pattern: one pattern of them all is enough for every run.
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        CATASTROPHIC[1],
        *(pytest.param(*case, marks=pytest.mark.long) for case in CATASTROPHIC if case != CATASTROPHIC[1]),
    ],
)
def test_whatever_is_asked_ends_in_that_error(pattern: str, text: str) -> None:
    engine = engine_for(pattern)
    for ask in (engine.tokens, engine.ngrams, engine.explain):
        with pytest.raises(TooManyStepsError, match="too many steps"):
            ask(text)
    assert engine.tokens("b") == expected(pattern, "b"), "the engine goes on with the next text"
    with pytest.raises(TooManyStepsError, match=r"^texts\[2\]: "):
        engine.classify(("b", "", text, "b"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        CATASTROPHIC[4],
        *(pytest.param(*case, marks=pytest.mark.long) for case in CATASTROPHIC if case != CATASTROPHIC[4]),
    ],
)
def test_the_twin_ends_in_the_same_error(pattern: str, text: str) -> None:
    """Its tokens are re's, which nothing interrupts: it has to know before."""
    twin = Twin(model(pattern, compile_pattern(pattern)))
    with pytest.raises(TooManyStepsError, match=r"(?s)too many steps .*: more than 4,194,304;"):
        twin.answer(text)
    assert twin.tokens("b") == expected(pattern, "b"), "the twin goes on with the next text"


@pytest.mark.parametrize("pattern", [pattern for pattern in (*NAMED, *OTHERS) if Steps.needed(pattern)])
def test_the_twin_counts_steps_on_res_own_way(pattern: str) -> None:
    """Where its matches end re's do, so the steps are those that re needs."""
    counted = Steps(pattern)
    for text in UGLY:
        assert list(counted.ends(text)) == [match.end() for match in re.finditer(pattern, text)], text


@settings(max_examples=150 * TIMES, deadline=None, suppress_health_check=list(HealthCheck))
@seed(SEED)
@given(patterns(), texts())
def test_the_twin_counts_steps_of_any_pattern(pattern: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_steps(pattern, text)


def check_steps(pattern: str, text: str) -> None:
    # The steps first, and few: re itself would need hours for some of these patterns, and nothing interrupts it.
    try:
        with mock.patch.object(steps, "STEPS", 1 << 16):
            found = list(Steps(pattern).ends(text))
    except (re.error, OverflowError, TooManyStepsError):
        assume(False)
    assert found == [match.end() for match in re.finditer(pattern, text)]


def test_patterns_that_need_no_budget_in_the_twin() -> None:
    """Most: with one repeat of one character re never does more than go over the text again for each of its places."""
    assert [p for p in NAMED if Steps.needed(p)] == []
    assert Steps.needed(r"(?:a|bc)+")
    assert Steps.needed(r"\w+x\w+")
    assert not Steps.needed(r"\b(\w\w+)\b|\W")


def test_long_texts_have_the_steps_they_need() -> None:
    """What re does in a moment is never refused: linear patterns on a megabyte, quadratic ones on a long word."""
    engine = engine_for(r"(?:[a-z]+-?)*(?:\d|\b)")
    text = "well-known words-and-so-on 12 " * 35_000
    assert engine.tokens(text) == expected(r"(?:[a-z]+-?)*(?:\d|\b)", text)
    for pattern in (r"[a-z]+\d", r"\w+(?=\s)", r"\w+@\w+", r"\w*?\d", r".+;"):
        assert engine_for(pattern).tokens("a" * 5_000) == []


def test_deep_backtracking_does_not_exhaust_memory() -> None:
    engine = engine_for(r"(?:a|b)*c")
    assert engine.tokens("ab" * 50_000 + "c") == ["ab" * 50_000 + "c"]


ENDLESS = """
import sys
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from wasm_clf_widget import Classifier, UnsupportedPipelineError
pipeline = make_pipeline(CountVectorizer(token_pattern=sys.argv[1]), LogisticRegression())
pipeline.fit([sys.argv[2], sys.argv[2] + " " + sys.argv[2]], [0, 1])
try:
    Classifier.from_sklearn(pipeline, name="endless", certificate_texts=sys.argv[3:])
except UnsupportedPipelineError as error:
    print("refused:", error.option, error.reason)
"""


@pytest.mark.parametrize(
    ("pattern", "word", "own"),
    [(r"(?:é|é)*ö", "éö", ("é" * 60,)), pytest.param(r"(?:x+x+)+y", "xxy", (), marks=pytest.mark.long)],
)
def test_export_refuses_before_scikit_learn_hangs(pattern: str, word: str, own: tuple[str, ...]) -> None:
    """In a process of its own: where the order is wrong re hangs, and nothing in Python interrupts it."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ENDLESS, pattern, word, *own],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.stdout.startswith("refused: token_pattern"), run.stdout + run.stderr
    assert "too many steps" in run.stdout


COMPARE = """
import sys
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from wasm_clf_widget import Classifier
from wasm_clf_widget.errors import TooManyStepsError
pattern, long_word = sys.argv[2:4]
pipeline = make_pipeline(CountVectorizer(token_pattern=pattern), LogisticRegression())
# The texts that are tried at export hold no such run: only the caller's own do.
pipeline.fit(["12:", "34: 12:"], [0, 1])
made = Classifier.from_sklearn(pipeline, name="endless").with_engine(sys.argv[1])
assert made.compare(pipeline, ["12:", "\\ud800", ""]).ok
try:
    made.compare(pipeline, ["12:", "\\ud800", long_word, "34:"])
except TooManyStepsError as error:
    print("refused:", error)
"""


@pytest.mark.parametrize("engine", ["wasm", "twin"])
def test_compare_refuses_before_scikit_learn_or_the_twin_hangs(engine: str) -> None:
    pattern, long_word = r"(?:\d|\d\d)*:", "1" * 60
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPARE, engine, pattern, long_word],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert run.stdout.startswith("refused: texts[2]: the pattern"), run.stdout + run.stderr
    assert repr(pattern) in run.stdout
    assert "too many steps on the text '111" in run.stdout
    assert "(60 characters): more than 4,194,304;" in run.stdout


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(?i)(a)\1", "ignores case"),
        (r"(a)(b)", "capture groups"),
        (r"(a", "cannot compile"),
        (r"(?<=a+)b", "cannot compile"),
        ("|".join(map(str, range(100_000, 120_000))), "instructions"),
    ],
    ids=["case and reference", "two groups", "unbalanced", "look-behind", "twenty thousand words"],
)
def test_what_cannot_be_exact_is_refused_with_a_way_out(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=reason) as caught:
        compile_pattern(pattern)
    assert caught.value.suggestion


@pytest.mark.parametrize(
    "pattern", [r"\w+", r"\b\w+\b", r"(?u)\w+", r"\w{2,}", r"\b\w\w+", r"(\w\w+)", r"\b(\w+)\b", r"(?:\w+)", r"[\w]+"]
)
def test_words_go_to_the_word_cutter(pattern: str) -> None:
    assert len(compile_pattern(pattern)) == 3


@pytest.mark.parametrize(
    "pattern", [r"\w+?", r"(?a)\w+", r"\w{1,9}", r"\w*", r"\w+\b\w", r"[\w-]+", r"\w", r"^\w+", r"\w++"]
)
def test_what_only_looks_like_words_does_not(pattern: str) -> None:
    assert len(compile_pattern(pattern)) > 3


# --- whole pipelines


def fitted(vectorizer: CountVectorizer | HashingVectorizer, seed: int = 5) -> tuple[object, list[str]]:
    rng = random.Random(seed)
    documents, labels = corpus(rng, 60, (0, 1, 2))
    documents += ["a, b c; #tag d,", ",", "", "a  b", "rock 'n' roll #1 #x"]
    labels += [0, 1, 2, 0, 1]
    pipeline = make_pipeline(vectorizer, LogisticRegression(max_iter=20)).fit(documents, np.array(labels))
    return pipeline, [*documents, *random_texts(rng, 40, documents)]


@pytest.mark.parametrize(
    "ngrams", [(1, 3), *(pytest.param(ngrams, marks=pytest.mark.long) for ngrams in ((1, 1), (2, 2)))]
)
@pytest.mark.parametrize(
    "pattern", [*NAMED, r"\w*", r"(\w+)|\W", r"[^,;]+", r"\w+ \w+|\w+", r"(?=(\w\w))", r"(?=.*?(\d))\w"]
)
def test_pipelines_with_a_pattern_are_certified(pattern: str, ngrams: tuple[int, int]) -> None:
    """Empty tokens, tokens with spaces and overlapping ones among them; scikit-learn = twin = engine at each stage."""
    pipeline, own = fitted(TfidfVectorizer(token_pattern=pattern, ngram_range=ngrams))
    clf = Classifier.from_sklearn(pipeline, name="pattern", weights="float64", certificate_texts=own)
    report = clf.compare(pipeline, own)
    assert report.ok, report
    assert clf.verify().ok
    twin = clf.with_engine("twin")
    for text in own[:70]:
        here, there = clf.explain(text), twin.explain(text)
        assert [(s.start, s.end, s.ngram) for s in here.spans] == [(s.start, s.end, s.ngram) for s in there.spans], text


@pytest.mark.parametrize("pattern", [r"\S+", r"\w*", r"[^,;]+", r"(\w+)|\W"])
def test_hashed_tokens_of_a_pattern(pattern: str) -> None:
    for ngrams in ((1, 1), (1, 2)):
        for stop_words in (None, ["", "a", "d,", "a b c"]):
            vectorizer = HashingVectorizer(
                token_pattern=pattern, ngram_range=ngrams, n_features=512, stop_words=stop_words
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pipeline, own = fitted(vectorizer)
                clf = Classifier.from_sklearn(pipeline, name="pattern", certificate_texts=own)
            assert clf.compare(pipeline, own).ok


@pytest.mark.parametrize("pattern", [r"\w*", r"[^,;]+", r"\S+"])
def test_stop_words_that_are_empty_or_hold_spaces(pattern: str) -> None:
    for ngrams in ((1, 1), (1, 2)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipeline, own = fitted(
                CountVectorizer(token_pattern=pattern, ngram_range=ngrams, stop_words=["", " b c", "rock", "#tag d"])
            )
            clf = Classifier.from_sklearn(pipeline, name="pattern", certificate_texts=own)
        assert clf.compare(pipeline, own).ok


def test_a_file_keeps_the_pattern_and_its_program(tmp_path: Path) -> None:
    pipeline, own = fitted(CountVectorizer(token_pattern=r"#?\w+(?!\S)"))
    clf = Classifier.from_sklearn(pipeline, name="pattern")
    clf.save(tmp_path / "pattern.safetensors")
    again = Classifier.load(tmp_path / "pattern.safetensors")
    assert np.array_equal(again.decision_function(own), clf.decision_function(own))
    assert again.verify().ok


def test_a_bad_program_is_a_bad_file() -> None:
    program = compile_pattern(r"a(?:b|c)*(?=d)")
    for bad in (b"", program[:-1], program + b"\0", b"\x02" + program[1:], b"\x01\x07" + program[2:], program[:40]):
        data = dump(model(r"a(?:b|c)*(?=d)", bad))
        with pytest.raises(ModelFileError):
            open_wasmtime_engine(data, parse(data), "simd")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", r"missing \)"),
        ("[a", "unterminated character set"),
        ("*", "nothing to repeat"),
        (r"a(?<!a+)", "look-behind requires fixed-width"),
        ("a{99999999999}", "repetition number is too large"),
        ("(" * 5000 + ")" * 5000, "recursion|too many|capture groups"),
        ("(a)(b)", "2 capture groups, at most 1"),
    ],
)
def test_a_file_whose_pattern_is_none_is_refused_when_it_is_read(pattern: str, reason: str) -> None:
    """Its program may be sound, so that the engine would answer; the twin would fail at the first text."""
    data = dump(model(pattern, compile_pattern(r"\S+")))
    with pytest.raises(ModelFileError, match=f"token_pattern: .*({reason})"):
        parse(data)


def test_refusals_of_the_converter_name_the_pattern() -> None:
    pipeline, _ = fitted(CountVectorizer(token_pattern=r"(?i)(\w)\1"))
    with pytest.raises(UnsupportedPipelineError, match="ignores case") as caught:
        Classifier.from_sklearn(pipeline, name="pattern")
    assert caught.value.option == "token_pattern"
    assert caught.value.suggestion
