"""Trains the model that ships in the package, measures it, and writes model, record and nothing else.

    python tools/train/sentiment_zh_en.py            # the model, and docs/models/sentiment-zh-en.json
    python tools/train/sentiment_zh_en.py --search   # configurations compared on a part of the training texts

The record is printed too. The same versions give the same bytes: every draw is seeded, the solver (liblinear) is serial
C without BLAS, and what little another processor's logarithm may change is rounded away to eight bits.

The model is fitted on the training part only: the accuracies on the held-out parts are those of the file that ships.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from certificate_texts import ALL, REFERENCE
from corpora import Split, divide, hotels, in_domain, split
from quantise import to_int8_grid
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

import wasm_clf_widget as wcw
from wasm_clf_widget.demo_data import Example

ROOT = Path(__file__).resolve().parents[2]
NAME = "sentiment-zh-en"
MODEL = ROOT / "src" / "wasm_clf_widget" / "models" / f"{NAME}.safetensors"
RECORD = ROOT / "docs" / "models" / f"{NAME}.json"

SEED = 20_261_122
FEATURES = 2**17
UNCERTAIN_BELOW = 0.6
MOST_BYTES = 500_000

Options = dict[str, Any]
CHOSEN: Options = {"analyzer": "char_wb", "ngram_range": (1, 4), "use_idf": True, "C": 3.0}
"""The best of ``CANDIDATES`` on the validation part (the record has all of them)."""

CANDIDATES: tuple[Options, ...] = (
    CHOSEN,
    CHOSEN | {"use_idf": False},
    CHOSEN | {"C": 1.0},
    CHOSEN | {"C": 10.0},
    CHOSEN | {"ngram_range": (1, 5)},
    CHOSEN | {"ngram_range": (2, 5)},
    CHOSEN | {"analyzer": "char"},
)


def fit(examples: Sequence[Example], options: Options, *, quantise: bool = True) -> Pipeline:
    """A fitted pipeline; with ``quantise`` its idf and coef lie on an int8 grid.

    idf is rounded before the classifier is fitted, so that the coefficients are those for the rounded idf.
    """
    vectorizer = HashingVectorizer(
        analyzer=options["analyzer"],
        ngram_range=options["ngram_range"],
        n_features=FEATURES,
        alternate_sign=False,
        norm=None,
    )
    tfidf = TfidfTransformer(sublinear_tf=True, use_idf=options["use_idf"])
    counts = vectorizer.transform([text for text, _ in examples])
    tfidf.fit(counts)
    if quantise and options["use_idf"]:
        tfidf.idf_ = to_int8_grid(tfidf.idf_)
    # Without an intercept a text of which nothing is known, an empty one above all, is 0.5: "not sure", as it should.
    head = LogisticRegression(C=options["C"], solver="liblinear", fit_intercept=False, max_iter=1000, random_state=SEED)
    head.fit(tfidf.transform(counts), [label for _, label in examples])
    if quantise:
        head.coef_ = to_int8_grid(head.coef_)
    return make_pipeline(vectorizer, tfidf, head)


def measure(pipeline: Pipeline, examples: Sequence[Example]) -> dict[str, float | int]:
    """Accuracy over all texts, and what the "not sure" band changes: the share it leaves, the accuracy there."""
    probabilities = pipeline.predict_proba([text for text, _ in examples])
    truth = np.array([label for _, label in examples])
    right = pipeline.classes_[probabilities.argmax(axis=1)] == truth
    sure = probabilities.max(axis=1) >= UNCERTAIN_BELOW
    return {
        "texts": len(examples),
        "positive": round(float((truth == "positive").mean()), 3),
        "accuracy": round(float(right.mean()), 3),
        "sure": round(float(sure.mean()), 3),
        "accuracy_where_sure": round(float(right[sure].mean()), 3),
    }


def search(data: Split) -> list[Options]:
    """Accuracy of each candidate on a tenth of the training part; the held-out parts are not looked at."""
    learn, validate = divide(data.train, 0.1, SEED + 1)
    results = []
    for options in CANDIDATES:
        accuracy = measure(fit(learn, options), validate)["accuracy"]
        results.append(options | {"ngram_range": list(options["ngram_range"]), "validation_accuracy": accuracy})
        print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    return results


def train(data: Split) -> dict[str, Any]:
    """Fits, converts, saves the model; returns its record."""
    pipeline = fit(data.train, CHOSEN)
    classifier = wcw.Classifier.from_sklearn(
        pipeline, name=NAME, version="1", certificate_texts=ALL, uncertain_below=UNCERTAIN_BELOW
    )
    MODEL.parent.mkdir(exist_ok=True)
    classifier.save(MODEL)
    size = MODEL.stat().st_size
    if size >= MOST_BYTES:
        raise SystemExit(f"{MODEL} has {size:,} bytes, at most {MOST_BYTES:,} are allowed: fewer features or texts")
    info = wcw.Classifier.load(MODEL).model_info()
    everything = [example for part in data.held_out.values() for example in part]
    return {
        "model": NAME,
        "sha256": info.sha256,
        "bytes": size,
        "weights": info.weights,
        "certificate_texts": info.certificate_texts,
        "uncertain_below": UNCERTAIN_BELOW,
        "seed": SEED,
        "scikit_learn": sklearn.__version__,
        "options": CHOSEN | {"ngram_range": list(CHOSEN["ngram_range"]), "n_features": FEATURES},
        "training_texts": len(data.train),
        "held_out": {"all": measure(pipeline, everything)}
        | {name: measure(pipeline, examples) for name, examples in data.held_out.items()},
        "out_of_domain": {name: measure(pipeline, examples) for name, examples in data.out_of_domain.items()},
        "other_subject": {"zh_hotels": _hotels()},
        "without_quantisation": measure(fit(data.train, CHOSEN, quantise=False), everything)["accuracy"],
        "reference": {text: round(float(pipeline.predict_proba([text])[0, 1]), 3) for text in REFERENCE},
    }


def _hotels() -> dict[str, float | int]:
    """The same recipe, fitted on the Chinese reviews that are not about hotels, measured on those that are."""
    others, of_hotels = hotels(in_domain()["zh_reviews"])
    return measure(fit(others, CHOSEN), of_hotels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--search", action="store_true", help="compare configurations, write no model")
    arguments = parser.parse_args()
    data = split(SEED)
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    if arguments.search:
        record["search"] = search(data)
    else:
        record = train(data) | {"search": record.get("search", [])}
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(text, "utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
