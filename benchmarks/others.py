"""Systems that are not ours, each with its own idea of the same classifier: skl2onnx + ONNX Runtime, fastText."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from cases import Case
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from systems import Different
from texts import Texts


class OnnxRuntime:
    """The pipeline by skl2onnx on ONNX Runtime, one thread."""

    def __init__(self, pipeline: Any) -> None:
        try:
            import onnxruntime
            from skl2onnx import to_onnx
            from skl2onnx.common.data_types import StringTensorType
        except ImportError as error:
            raise Different(f"{error}: pip install -r requirements-bench.txt") from None
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

    def __init__(self, case: Case, data: Texts) -> None:
        try:
            import fasttext
        except ImportError as error:
            raise Different(f"{error}: pip install -r requirements-bench.txt") from None
        kind = case.kind
        low, high = kind.ngram_range
        shape: dict[str, Any] = {"wordNgrams": high} if kind.analyzer == "word" else {"minn": low, "maxn": high}
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            for text, label in zip(data.train, data.labels, strict=True):
                file.write(f"__label__{label} {_one_line(text)}\n")
            file.flush()
            self._model = fasttext.train_supervised(file.name, epoch=5, dim=16, thread=1, verbose=0, **shape)

    def labels(self, batch: Sequence[str]) -> list[str]:
        """Labels, by its batch call."""
        found, _ = self._model.predict([_one_line(text) for text in batch])
        return [labels[0].removeprefix("__label__") for labels in found]


def _one_line(text: str) -> str:
    """fastText refuses line ends and knows no cases."""
    return re.sub(r"\s+", " ", text).lower()
