"""Writes the golden cases of tests/data/wide: `python tests/make_golden_wide.py`.

A case is a pipeline of `wide_cases`, fitted and converted: NAME.safetensors, and NAME.json with scikit-learn's answers
to a few texts and how far another implementation may be from them. Fitting gives other bits on other machines, so these
files are kept as they were written; the models are ours to read, the answers scikit-learn's.
"""

from __future__ import annotations

import json
import struct

import numpy as np

from golden import WIDE
from wasm_clf_widget.convert.sklearn import model_from_sklearn
from wasm_clf_widget.convert.source import source_answers
from wasm_clf_widget.model.file import dump, parse
from wasm_clf_widget.model.shape import shape_of
from wasm_clf_widget.twin import Twin
from wide_cases import ASKED, TEXTS, fitted

NAMES = (
    "union-3", "union-nested-2", "union-of-rows-3", "select-2", "variance-3", "binarize-3", "svd-3", "layers-relu-2",
    "layers-tanh-3", "layers-logistic-2", "complement-3", "bernoulli-2", "calibrated-3", "calibrated-isotonic-2",
    "calibrated-pipelines-2", "calibrated-bayes-3", "soft-2", "hard-3", "rest-3", "rest-bayes-3", "rest-bayes-2",
    "pairs-2", "pairs-bayes-3", "centroid-2", "centroid-manhattan-3", "centroid-priors-3", "constant-3", "tree-2",
    "forest-3", "forest-svd-2", "boosting-3", "boosting-exponential", "many-rest", "many-rest-bayes", "many-layers",
    "outputs-bayes", "outputs-svc", "outputs-forest",
)  # fmt: skip
ASKED_OF_ALL = [*TEXTS[:4], "", "zzz", *[text for text in ASKED[20:] if "\ud800" not in text]]


def generate(name: str) -> tuple[str, bytes]:
    """The two files of a case."""
    pipeline = fitted(name)
    data = dump(model_from_sklearn(pipeline, name=name, weights="float64"))
    model = parse(data)
    twin = Twin(model)
    answers = source_answers(pipeline, ASKED_OF_ALL)
    texts = []
    for i, text in enumerate(ASKED_OF_ALL):
        own = twin.answer(text)
        if any(own.source.open):
            continue  # a tie, where any label is right
        texts.append(
            {
                "text": text,
                "known": own.known,
                "scores": answers.scores[i].tolist(),
                "score_bits": [struct.pack(">d", score).hex() for score in answers.scores[i].tolist()],
                "tolerance": list(own.source.scores),
                "probabilities": None if answers.probabilities is None else answers.probabilities[i].tolist(),
                "probability_tolerance": own.source.probabilities,
                "labels": np.asarray(answers.labels[i]).tolist(),
            }
        )
    head = {
        "pipeline": " ".join(str(pipeline).split()),
        "targets": model.targets,
        "classes": [list(classes.values) for classes in model.class_sets],
        "shape": shape_of(model)._asdict(),
    }
    top = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    lines = ",\n".join("    " + json.dumps(text) for text in texts)
    return f'{{\n{top}  "texts": [\n{lines}\n  ]\n}}\n', data


def main() -> None:
    WIDE.mkdir(parents=True, exist_ok=True)
    for path in WIDE.iterdir():
        path.unlink()
    for name in NAMES:
        text, model = generate(name)
        (WIDE / f"{name}.json").write_text(text, encoding="utf-8")
        (WIDE / f"{name}.safetensors").write_bytes(model)
    size = sum(path.stat().st_size for path in WIDE.iterdir())
    print(f"{len(NAMES)} cases, {size:,} bytes in {WIDE}")


if __name__ == "__main__":
    main()
