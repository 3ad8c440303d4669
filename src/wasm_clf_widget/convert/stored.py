"""A pipeline stored in a file: skops' format, which runs no code, or joblib's, which runs whatever it holds."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

from ..errors import InputError, UnsupportedPipelineError

TRUST_WARNING: Final = (
    "a joblib or pickle file runs code of whoever wrote it, with your rights, while it is being read: "
    "give --trust only for a file that you made yourself or have from somebody you trust"
)

# What scikit-learn keeps within the estimators that can be converted, and skops does not know by itself.
_HARMLESS: Final = frozenset(
    {
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.feature_selection._univariate_selection.chi2",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.feature_selection._mutual_info.mutual_info_classif",
        "sklearn.frozen._frozen.FrozenEstimator",
        "scipy.sparse._csc.csc_array",
        "scipy.sparse._csc.csc_matrix",
        "scipy.sparse._csr.csr_array",
        "scipy.sparse._csr.csr_matrix",
        "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.multiclass._ConstantPredictor",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
# A search keeps by what it scored: functions of numbers, and objects that name them.
_SCORES: Final = "sklearn.metrics."


def load_pipeline(path: Path, *, trust: bool = False) -> Any:
    """The stored estimator.

    Args:
        path: a file of ``skops.io.dump`` or of ``joblib.dump``.
        trust: read a joblib file although it runs code. A skops file needs no trust and is given none.

    Raises:
        InputError: the file cannot be read, or is a joblib file and not trusted.
        UnsupportedPipelineError: a skops file holds types that are neither scikit-learn's nor known to be harmless.
    """
    try:
        is_skops = zipfile.is_zipfile(path) and "schema.json" in zipfile.ZipFile(path).namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    return _load_skops(path) if is_skops else _load_joblib(path, trust)


def _load_skops(path: Path) -> Any:
    try:
        from skops import io
    except ImportError:
        raise InputError("a skops file needs the package skops: pip install 'wasm_clf_widget[skops]'") from None
    found = io.get_untrusted_types(file=path)
    known = [name for name in found if name in _HARMLESS or name.startswith(_SCORES)]
    if unknown := sorted(set(found).difference(known)):
        raise UnsupportedPipelineError(
            "",
            "types",
            f"{path.name} holds {', '.join(unknown[:8])}{', …' if len(unknown) > 8 else ''}: types that skops does not "
            "load without trust, and Python code has no place in a model file",
            "a pipeline of scikit-learn's own steps; of a search, its result alone: "
            "skops.io.dump(search.best_estimator_, path)",
        )
    try:
        return io.load(path, trusted=known)
    except Exception as error:  # skops raises whatever a damaged archive makes it raise
        raise InputError(f"{path}: skops cannot read it: {type(error).__name__}: {error}") from None


def _load_joblib(path: Path, trust: bool) -> Any:
    if not trust:
        raise InputError(f"{path} is no skops file. {TRUST_WARNING}; or store the pipeline with skops.io.dump")
    import joblib

    try:
        return joblib.load(path)
    except Exception as error:  # whatever the file's own code raises
        raise InputError(f"{path}: joblib cannot read it: {type(error).__name__}: {error}") from None
