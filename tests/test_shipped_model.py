"""The model that ships: small, lossless, right on the reference texts, and as good as its card says."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wasm_clf_widget as wcw
from wasm_clf_widget.demo_data import text_key
from wasm_clf_widget.model import safetensors
from wasm_clf_widget.model.file import parse

ROOT = Path(__file__).resolve().parents[1]
NAME = "sentiment-zh-en"
FILE = ROOT / "src" / "wasm_clf_widget" / "models" / f"{NAME}.safetensors"
CARD = ROOT / "docs" / "models" / f"{NAME}.md"
RECORD: dict[str, Any] = json.loads((ROOT / "docs" / "models" / f"{NAME}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def shipped() -> wcw.Classifier:
    return wcw.Classifier.load(NAME)


def test_file_is_the_recorded_one_and_small(shipped: wcw.Classifier) -> None:
    info = shipped.model_info()
    assert FILE.stat().st_size == info.size == RECORD["bytes"] < 500_000
    assert info.sha256 == RECORD["sha256"]
    assert info.certificate_texts == RECORD["certificate_texts"] > 100
    assert info.classes == ("negative", "positive")


@pytest.mark.parametrize("engine", ["wasm", "twin"])
def test_replays_what_scikit_learn_answered(shipped: wcw.Classifier, engine: Any) -> None:
    report = shipped.with_engine(engine).verify()
    assert report.ok, report
    assert report.checked + report.not_comparable == report.kept == RECORD["certificate_texts"]


def test_reference_texts(shipped: wcw.Classifier) -> None:
    good, bad, weather = shipped.classify(["这个产品非常好用推荐购买", "服务态度差再也不来了", "今天天气不错适合出门"])
    assert (good.label, good.is_uncertain) == ("positive", False)
    assert (bad.label, bad.is_uncertain) == ("negative", False)
    assert weather.label == "positive" or weather.is_uncertain
    for text, probability in RECORD["reference"].items():
        assert shipped.classify(text).all_scores[1]["score"] == pytest.approx(probability, abs=5e-4)


def test_declares_when_it_is_not_sure(shipped: wcw.Classifier) -> None:
    assert shipped.model_info().uncertain_below == RECORD["uncertain_below"] == 0.6
    nothing = shipped.classify("")
    assert (nothing.confidence, nothing.is_uncertain, nothing.known_features) == (0.5, True, 0)
    # The band is about the confidence alone: on both sides of its edge there are texts.
    results = shipped.classify(list(shipped.model.certificate.texts if shipped.model.certificate else ()))
    assert {r.is_uncertain for r in results} == {True, False}
    assert all(r.is_uncertain == (r.confidence is not None and r.confidence < 0.6) for r in results)


def test_weights_are_stored_as_int8_without_loss() -> None:
    """One byte a weight, and what comes out is the rounded estimator's number also as float32."""
    raw = FILE.read_bytes()
    tensors = safetensors.read(raw).tensors()
    for name in ("coef", "idf.1"):
        assert tensors[name].dtype == "I8"
    coef = np.asarray(parse(raw).head.coef)
    assert np.array_equal(coef, coef.astype(np.float32).astype(np.float64))
    assert len(np.unique(coef)) > 50


def test_certificate_has_no_text_of_a_corpus(shipped: wcw.Classifier, demo_keys: set[str]) -> None:
    """Certificate texts stand in the file in clear: they are ours, or made by the converter."""
    certificate = shipped.model.certificate
    assert certificate is not None
    # A single common word ("good") may well be a whole review.
    long = {key for key in map(text_key, certificate.texts) if len(key) > 8}
    assert len(long) > 30
    assert long & demo_keys == set()


@pytest.fixture(scope="module")
def held_out() -> dict[str, list[tuple[str, str]]]:
    """The held-out parts, made again by the training script's own split from the installed packages."""
    from wasm_clf_widget import demo_data

    sys.path.insert(0, str(ROOT / "tools" / "train"))
    try:
        import corpora
    finally:
        sys.path.pop(0)
    return {
        name: corpora.divide(examples, corpora.HELD_OUT, RECORD["seed"])[1]
        for name, examples in corpora.in_domain(demo_data.installed).items()
    }


@pytest.fixture(scope="module")
def demo_keys() -> set[str]:
    from wasm_clf_widget import demo_data

    examples = demo_data.chinese_reviews()
    for kind in ("movieReview", "tweets"):
        examples = examples + demo_data.english_snippets(kind)
    return {text_key(text) for text, _ in examples}


@pytest.mark.parametrize("corpus", ["zh_reviews", "en_movies", "en_tweets"])
def test_accuracy_of_the_file_is_the_recorded_one(
    shipped: wcw.Classifier, held_out: dict[str, list[tuple[str, str]]], corpus: str
) -> None:
    recorded = RECORD["held_out"][corpus]
    examples = held_out[corpus]
    # A few texts that also stand in another corpus's training part were left out of the record's measure.
    assert 0 <= len(examples) - recorded["texts"] <= 5
    predicted = shipped.predict([text for text, _ in examples])
    right = sum(p == label for p, (_, label) in zip(predicted, examples, strict=True))
    assert right / len(examples) == pytest.approx(recorded["accuracy"], abs=2e-3)
    assert right / len(examples) > 0.75


def test_card_has_the_records_numbers() -> None:
    """Each row of the card's tables: name, texts, accuracy, share outside the band, accuracy there."""
    card = CARD.read_text("utf-8")
    parts = RECORD["held_out"] | RECORD["out_of_domain"] | RECORD["other_subject"]
    rows = {
        match[1]: match.groups()[1:]
        for match in re.finditer(r"^\| `(\w+)` \|[^|]*\| ([\d,]+) \| ([.\d]+) \| ([.\d]+) \| ([.\d]+) \|$", card, re.M)
    }
    assert rows.keys() == parts.keys()
    for name, part in parts.items():
        expected = (f"{part['texts']:,}", *(f"{part[k]:.3f}" for k in ("accuracy", "sure", "accuracy_where_sure")))
        assert rows[name] == expected, name
    for text, probability in RECORD["reference"].items():
        assert f"| {text} | {probability:.3f} |" in card
    for options in RECORD["search"]:
        low, high = options["ngram_range"]
        idf = "yes" if options["use_idf"] else "no"
        row = (
            f"| {options['analyzer']} {low}–{high} | {idf} | {options['C']:g} | {options['validation_accuracy']:.3f} |"
        )
        assert row in card, row
    for figure in (RECORD["bytes"], RECORD["training_texts"], RECORD["certificate_texts"]):
        assert f"{figure:,}" in card
    assert RECORD["sha256"] in card
    assert f"{RECORD['without_quantisation']:.3f}" in card
