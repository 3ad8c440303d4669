"""A dense row whose norm is next to nothing stays as it is, wherever the svd that made it stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import Normalizer

import wasm_clf_widget as wcw

WORDS = [f"w{i:02d}" for i in range(30)]
RNG = np.random.RandomState(0)
TEXTS = [" ".join(RNG.choice(WORDS[:20] if i % 2 else WORDS[10:], 6)) for i in range(60)]
LABELS = np.arange(60) % 2


def _svd(vectorizer: Any, seed: int = 0) -> Any:
    return make_pipeline(vectorizer, TruncatedSVD(5, random_state=seed))


def _normed() -> Any:
    return make_pipeline(Normalizer(), LogisticRegression())


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(_svd(TfidfVectorizer()), Normalizer(), LogisticRegression()),
        make_pipeline(_svd(TfidfVectorizer()), CalibratedClassifierCV(_normed(), cv=2)),
        make_pipeline(_svd(TfidfVectorizer()), OneVsRestClassifier(_normed())),
        make_pipeline(make_union(_svd(TfidfVectorizer()), _svd(CountVectorizer(), 1)), _normed()),
        make_pipeline(make_union(_svd(TfidfVectorizer()), CountVectorizer(max_features=3)), _normed()),
    ],
    ids=["beside it", "before calibrated members", "before one-vs-rest members", "in a union", "beside counts"],
)
def test_a_dense_row_of_next_to_nothing_stays(pipeline: Any) -> None:
    pipeline.fit(TEXTS, LABELS)
    for branch in [pipeline[0], *(member for _, member in getattr(pipeline[0], "transformer_list", ()))]:
        if hasattr(branch, "steps"):
            column = branch[0].vocabulary_["w07"]
            branch[1].components_[:, column] = 1e-17 * np.arange(1, 6)
    made = wcw.Classifier.from_sklearn(pipeline, name="tiny")
    report = made.compare(pipeline, ["w07", "w07 w07", "w07 w03", "", *TEXTS])
    assert report.ok, report
    assert made.with_engine("twin").compare(pipeline, ["w07", "w07 w03"]).ok
