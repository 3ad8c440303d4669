"""Writes the golden cases of tests/data: `python tests/make_golden.py`.

A case is NAME.safetensors (the model) and NAME.json (texts with what every stage must give). The answers are
scikit-learn's; the spans are the twin's, as scikit-learn has none. Nothing here asks the engine.
"""

from __future__ import annotations

import dataclasses
import json
import random
import struct
import sys
import unicodedata
import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.extmath import softmax

from changed import changed
from golden import DATA
from golden_cases import CASES, Case
from handmade import read
from wasm_clf_widget.model.file import dump
from wasm_clf_widget.model.spec import Model
from wasm_clf_widget.twin import Twin


def fitted(case: Case) -> Pipeline:
    """The case's pipeline, fitted, with weights that are drawn and not trained."""
    rng = random.Random(case.name)
    vectorizer = clone(case.vectorizer)
    texts = [clean(text) for text in case.texts]
    if isinstance(vectorizer, CountVectorizer):
        analyze = vectorizer.build_analyzer()
        entries = list(case.vocabulary or sorted({ngram for text in texts for ngram in analyze(text)}))
        if case.vocabulary is None and case.entries is not None:
            entries = rng.sample(entries, min(case.entries, len(entries)))  # in no order
        vectorizer.set_params(vocabulary=entries)
    pipeline = make_pipeline(vectorizer, *map(clone, case.between), clone(case.head))
    several = texts * len(case.classes)
    labels = np.array(case.classes)[np.arange(len(several)) % len(case.classes)]
    if hasattr(pipeline[-1], "random_state"):
        pipeline[-1].set_params(random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of stop words, of convergence: the weights are replaced below
        pipeline.fit(several, labels)
    for step in pipeline[:-1]:
        if isinstance(step, TfidfVectorizer | TfidfTransformer) and step.use_idf:
            step.idf_ = np.array([rng.uniform(1.0, 4.0) for _ in step.idf_])
    head = pipeline[-1]
    weights, intercept = (
        ("feature_log_prob_", "class_log_prior_") if isinstance(head, MultinomialNB) else ("coef_", "intercept_")
    )
    shape = getattr(head, weights).shape
    setattr(head, weights, np.array([case.draw(rng) for _ in range(int(np.prod(shape)))]).reshape(shape))
    last = case.intercept or [case.draw(rng) for _ in getattr(head, intercept)]
    setattr(head, intercept, np.array(last, dtype=np.float64))
    return pipeline


def clean(text: str) -> str:
    """What the classifier takes a lone surrogate for."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def model_of(case: Case, pipeline: Pipeline) -> Model:
    model = read(pipeline, case.name, case.weights)
    python = ".".join(map(str, sys.version_info[:2]))
    model = dataclasses.replace(model, source=dataclasses.replace(model.source, python=python))
    if case.link is not None:
        model = changed(model, head=dataclasses.replace(model.head, link=case.link))
    return model


def tokens(vectorizer: Any, normalized: str) -> list[str]:
    if vectorizer.analyzer == "word":
        stop_words = vectorizer.get_stop_words() or ()
        return [token for token in vectorizer.build_tokenizer()(normalized) if token not in stop_words]
    folded = vectorizer._white_spaces.sub(" ", normalized)
    return [folded] if vectorizer.analyzer == "char" else [f" {word} " for word in folded.split()]


def expected(case: Case, pipeline: Pipeline, twin: Twin, given: str) -> dict[str, Any]:
    """What every implementation must give for one text."""
    text, vectorizer, head = clean(given), pipeline[0], pipeline[-1]
    row = pipeline[:-1].transform([text])
    row.sort_indices()
    nb = isinstance(head, MultinomialNB)
    scores = np.ravel(head.predict_joint_log_proba(row) if nb else head.decision_function(row)).tolist()
    probabilities = None
    if case.link == "softmax_pair":
        probabilities = softmax(np.array([[-scores[0], scores[0]]]))[0].tolist()
    elif twin.model.head.link != "none":
        probabilities = head.predict_proba(row)[0].tolist()
    normalized = vectorizer.build_preprocessor()(text)
    explanation = twin.explain(given)
    return {
        **({"text": given} if given == text else {"text_utf16": utf16(given)}),
        "replaced": sum(a != b for a, b in zip(given, text, strict=True)),
        "normalize": normalized,
        "tokens": tokens(vectorizer, normalized),
        "ngrams": vectorizer.build_analyzer()(text),
        "known": len(row.data),
        "features": [[int(index), float(value)] for index, value in zip(row.indices, row.data, strict=True)],
        "scores": scores,
        "score_bits": [struct.pack(">d", score).hex() for score in scores],
        **(rounded(pipeline, row, scores) if case.weights == "float32" else {}),
        "probabilities": probabilities,
        "label": twin.model.classes.index(head.predict(row).tolist()[0]),
        "spans": [
            [
                s.ngram,
                s.start,
                s.end,
                len(utf16(given[: s.start])),
                len(utf16(given[: s.end])),
                *map(ten_digits, s.weights),
            ]
            for s in explanation.spans
        ],
        "remainder": list(map(ten_digits, explanation.remainder)),
    }


def utf16(text: str) -> list[int]:
    data = text.encode("utf-16-le", "surrogatepass")
    return list(struct.unpack(f"<{len(data) // 2}H", data))


def ten_digits(value: float) -> float:
    """Shares of a contribution are compared within 1e-8: more digits would only be noise."""
    return float(f"{value:.10g}") + 0.0


def rounded(pipeline: Pipeline, row: Any, scores: list[float]) -> dict[str, list[float]]:
    """Scores of the coefficients that are rounded to float32, and how far they may be from the source's."""
    coef = np.atleast_2d(pipeline[-1].coef_)
    singles = coef.astype(np.float32).astype(np.float64)
    sizes = np.ravel(abs(row) @ abs(coef).T).tolist()
    return {
        "rounded_scores": np.ravel(row @ singles.T + pipeline[-1].intercept_).tolist(),
        "tolerance": [2.0**-23 * size + 2.0**-52 * abs(score) for size, score in zip(sizes, scores, strict=True)],
    }


def generate(case: Case) -> tuple[str, bytes]:
    """The two files of a case."""
    pipeline = fitted(case)
    model = model_of(case, pipeline)
    twin = Twin(model)
    answers = [expected(case, pipeline, twin, text) for text in case.texts]
    fields = [",\n".join(f"    {line(key)}: {line(value)}" for key, value in answer.items()) for answer in answers]
    lines = ",\n".join(f"  {{\n{text}\n  }}" for text in fields)
    pipeline_text = " → ".join(" ".join(str(step).split()) for step in (case.vectorizer, *case.between, case.head))
    head = {"about": case.about, "pipeline": pipeline_text, "classes": list(model.classes)}
    top = "".join(f"  {line(key)}: {line(value)},\n" for key, value in head.items())
    return f'{{\n{top}  "texts": [\n{lines}\n  ]\n}}\n', dump(model)


def line(value: Any) -> str:
    """JSON with controls, marks and spaces escaped, so that an editor shows what is there."""
    raw = json.dumps(value, ensure_ascii=False)
    return "".join(c if c == " " or (c.isprintable() and not is_mark(c)) else escaped(c) for c in raw)


def is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def escaped(character: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in utf16(character))


def main() -> None:
    names = set()
    for case in CASES:
        text, model = generate(case)
        (DATA / f"{case.name}.json").write_text(text, encoding="utf-8")
        (DATA / f"{case.name}.safetensors").write_bytes(model)
        names |= {f"{case.name}.json", f"{case.name}.safetensors"}
    for stale in {path.name for path in DATA.iterdir() if path.suffix in (".json", ".safetensors")} - names:
        (DATA / stale).unlink()
    size = sum(path.stat().st_size for path in DATA.iterdir())
    print(f"{len(CASES)} cases, {size:,} bytes in {DATA}")


if __name__ == "__main__":
    main()
