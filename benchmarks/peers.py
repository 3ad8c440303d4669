"""Other systems than scikit-learn, each with its own idea of the same classifier: skl2onnx + ONNX Runtime, fastText.

    pip install -r requirements-bench.txt; python benchmarks/peers.py [--only TEXT]

The table shows the CPU time of one thread against ours, and how many labels are the same. ONNX Runtime is given the
very pipeline: where its labels differ it does other work, and its ratio is marked "not counted". fastText cannot be
given one; it is trained on the same texts with n-grams of the same kind, so its other labels say nothing against it.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import re  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Iterator, Sequence  # noqa: E402
from dataclasses import replace  # noqa: E402
from typing import Any, Protocol  # noqa: E402

import numpy as np  # noqa: E402
from cases import CASES, SIZES, Case  # noqa: E402
from measure import ratio  # noqa: E402
from record import Row, show  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import SGDClassifier  # noqa: E402
from systems import Different, classifier, scikit_learn  # noqa: E402
from texts import Texts, texts  # noqa: E402


class Peer(Protocol):
    """A system with a classifier in it."""

    def labels(self, batch: Sequence[str]) -> list[str]: ...


class OnnxRuntime:
    """The pipeline by skl2onnx on ONNX Runtime, one thread."""

    name = "ONNX Runtime"

    def __init__(self, pipeline: Any) -> None:
        import onnxruntime
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import StringTensorType

        # The locale that skl2onnx writes by itself, en_US.UTF-8, is not there on every machine.
        asked = {TfidfVectorizer: {"locale": "C.UTF-8"}, SGDClassifier: {"zipmap": False}}
        try:
            model = to_onnx(pipeline, initial_types=[("text", StringTensorType([None, 1]))], options=asked)
        except Exception as error:
            # skl2onnx raises what it likes; which pipelines it refuses is part of the comparison.
            raise Different(f"skl2onnx: {type(error).__name__}: {str(error).splitlines()[0][:120]}") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])

    def labels(self, batch: Sequence[str]) -> list[str]:
        """Labels (and probabilities, which the session computes beside them)."""
        column = np.array(batch, dtype=object).reshape(-1, 1)
        return [str(label) for label in self._session.run(None, {"text": column})[0]]


class FastText:
    """fastText trained on the same texts: words (and pairs of them), or pieces of words, as the case's vectorizer."""

    name = "fastText"

    def __init__(self, case: Case, data: Texts) -> None:
        import fasttext

        kind = case.kind
        low, high = kind.ngram_range
        shape: dict[str, Any] = {"wordNgrams": high} if kind.analyzer == "word" else {"minn": low, "maxn": high}
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            for text, label in zip(data.train, data.labels, strict=True):
                file.write(f"__label__{label} {_one_line(text)}\n")
            file.flush()
            self._model = fasttext.train_supervised(file.name, epoch=10, dim=16, thread=1, verbose=0, **shape)

    def labels(self, batch: Sequence[str]) -> list[str]:
        """Labels, by its batch call."""
        found, _ = self._model.predict([_one_line(text) for text in batch])
        return [labels[0].removeprefix("__label__") for labels in found]


def _one_line(text: str) -> str:
    """fastText refuses line ends and knows no cases."""
    return re.sub(r"\s+", " ", text).lower()


def rows(case: Case) -> Iterator[Row]:
    """Both peers on one case."""
    data = texts(case.language, SIZES)
    pipeline = scikit_learn(case.kind, data.train, data.labels)
    ours = classifier(pipeline, "auto")
    makers = {OnnxRuntime.name: lambda: OnnxRuntime(pipeline), FastText.name: lambda: FastText(case, data)}
    for name, make in makers.items():
        what = f"{case.language}, {case.kind.name}"
        try:
            peer: Peer = make()
        except Different as error:
            print(f"{name}, {what}: not counted: {error}")
            continue
        for words, count in SIZES:
            batch = data.test[words]
            same = float(np.mean(np.array(peer.labels(batch)) == ours.predict(batch)))
            found = ratio(lambda b=batch, p=peer: p.labels(b), lambda b=batch: ours.predict(b))
            scale = 1000 * count
            row = Row(
                f"against {name}", f"{what}, {words} words", "×", None, "at_least", found.median, found.low, found.high,
                found.pairs, found.peer_ns / scale, found.ours_ns / scale, f"{same:.1%} of the labels are ours",
            )  # fmt: skip
            counted = name == FastText.name or same == 1.0
            yield row if counted else replace(row, labels=row.labels + ": not counted")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", default="English", metavar="TEXT", help="cases whose name holds TEXT")
    options = parser.parse_args()
    chosen = [case for case in CASES if options.only in f"{case.language} {case.kind.name}"]
    measured = []
    for row in (row for case in chosen for row in rows(case)):
        measured.append(row)
        print(f"{row.measure}, {row.case}: {row.measured:.3g}{row.unit}, {row.labels}", flush=True)
    show(measured)


if __name__ == "__main__":
    main()
