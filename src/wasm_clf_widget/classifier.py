"""``Classifier``: a model on an engine, with scikit-learn's names."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from . import answers, describe
from .engines import Batch, Engine, EngineName, check_engine, open_engine
from .errors import InputError, ModelFileError
from .files import write_atomically
from .model.explained import why_not_explained
from .model.file import parse
from .model.limits import MAX_FILE
from .model.shape import shape_of
from .model.spec import Model
from .model.tree import vectorizers
from .results import ClassificationResult, Explanation, ModelInfo, ParityReport
from .texts import check_text, check_texts, listed

if TYPE_CHECKING:
    from .evaluation import Evaluation, MultilabelEvaluation, MultioutputEvaluation

SUFFIX = ".safetensors"
Variant = Literal["simd", "baseline"]
Nulls = Literal["error", "skip"]


class Classifier:
    """A text classifier: a validated model file and an engine that answers for it.

    Made by :meth:`load`, :meth:`from_sklearn` or :meth:`from_weights`. It can be pickled, copied and shared between
    threads; the engine starts when it is first needed.
    """

    def __init__(self, data: bytes, *, engine: EngineName = "wasm", variant: Variant = "simd") -> None:
        check_engine(engine, variant)
        self._set(bytes(data), parse(bytes(data)), engine, variant)

    def _set(self, data: bytes, model: Model, engine: EngineName, variant: Variant) -> None:
        self._data = data
        self._model = model
        self._engine_name: EngineName = engine
        self._variant: Variant = variant
        self._sha256 = hashlib.sha256(data).hexdigest()
        self._opened: Engine | None = None
        self._results_of: answers.Results | None = None
        self._batch_parity: ParityReport | None = None
        self._lock = threading.Lock()

    # --- making one

    @classmethod
    def from_sklearn(
        cls,
        pipeline: Any,
        *,
        name: str,
        weights: Literal["auto", "float64", "float32"] = "auto",
        certificate_texts: Iterable[str] = (),
        version: str = "1",
        uncertain_below: float | None = None,
    ) -> Classifier:
        """Convert a fitted scikit-learn pipeline, or refuse with a reason.

        Args:
            pipeline: fitted; vectorizer, transformers, classifier.
            name: the model's name, kept in the file.
            weights: "float64" for scikit-learn's own bits, "float32" for half the size, "auto" for float32 where it is
                proved to change no probability by more than 1e-6.
            certificate_texts: texts of your own to check, of which the file keeps those that fit (in clear!) and that
                UTF-8 can hold.
            version: the model's version, kept in the file.
            uncertain_below: declares a "not sure" band: a confidence below this is uncertain.

        Returns:
            A classifier that answered like the pipeline on every text tried.

        Raises:
            UnsupportedPipelineError: names the step, the option, why, and what would work.
        """
        from .export import from_sklearn

        return cls(
            from_sklearn(
                pipeline,
                name=name,
                weights=weights,
                certificate_texts=check_texts(certificate_texts),
                version=version,
                uncertain_below=uncertain_below,
            )
        )

    @classmethod
    def from_weights(
        cls,
        vocabulary: Sequence[str] | Mapping[str, int] | None,
        coef: Any,
        intercept: Any,
        classes: Any,
        *,
        name: str,
        head: Literal["softmax", "sigmoid", "decision", "naive_bayes"] = "softmax",
        weights: Literal["auto", "float64", "float32"] = "auto",
        idf: Any = None,
        analyzer: Literal["word", "char", "char_wb"] = "word",
        ngram_range: tuple[int, int] = (1, 1),
        lowercase: bool = True,
        norm: Literal["l1", "l2", "max"] | None = None,
        strip_accents: Literal["ascii", "unicode"] | None = None,
        stop_words: Iterable[str] | None = None,
        token_pattern: str | None = None,
        binary: bool = False,
        sublinear_tf: bool = False,
        n_features: int | None = None,
        alternate_sign: bool = True,
        uncertain_below: float | None = None,
        version: str = "1",
        certificate_texts: Iterable[str] = (),
    ) -> Classifier:
        r"""A classifier from its numbers, without scikit-learn; works without numpy.

        A feature's value is its count in the text; then 1 + ln of it (``sublinear_tf``), times ``idf``, and the row
        divided by its ``norm``. There is no source but these numbers: the certificate says it holds the twin's answers.

        Args:
            vocabulary: n-grams in the order of the features, or a dict n-gram → index; None for hashing.
            coef: (classes, features), or (1, features) for two classes; lists or an array.
            intercept: one number for each row of ``coef``, or one number for all.
            classes: labels in the order of the rows; all str, all int or all bool.
            name: the model's name, kept in the file.
            head: from scores to probabilities. "softmax"; "sigmoid": σ of each score, divided by their sum (of one row
                both are [1 − σ(s), σ(s)]); "decision": none; "naive_bayes": ``coef`` holds log probabilities and
                ``intercept`` the class log priors, one row for each class.
            weights: "float64", "float32", or "auto": float32 where it is proved to change no probability by over 1e-6.
            idf: a number for each feature.
            analyzer: as in scikit-learn's CountVectorizer, as are all options up to ``binary``.
            ngram_range: (shortest, longest) n-gram.
            lowercase: lower the text first, as Python does.
            norm: of the row of features.
            strip_accents: how, after lower-casing.
            stop_words: words that are dropped before n-grams are made.
            token_pattern: r"(?u)\b\w\w+\b" (the default) or r"(?u)\b\w+\b".
            binary: count a feature once.
            sublinear_tf: 1 + ln of the counts.
            n_features: how many features are hashed to, with ``vocabulary=None``.
            alternate_sign: hashing adds 1 or −1, as the hash says.
            uncertain_below: declares a "not sure" band: a confidence below this is uncertain.
            version: the model's version, kept in the file.
            certificate_texts: texts of your own to check, of which the file keeps those that fit (in clear!).

        Raises:
            InputError: an argument that cannot be used, with what is allowed.
        """
        from .convert.weights import model_from_weights
        from .export import from_model

        model = model_from_weights(
            vocabulary,
            coef,
            intercept,
            classes,
            name=name,
            head=head,
            weights=weights,
            idf=idf,
            analyzer=analyzer,
            ngram_range=ngram_range,
            lowercase=lowercase,
            norm=norm,
            strip_accents=strip_accents,
            stop_words=stop_words,
            token_pattern=token_pattern,
            binary=binary,
            sublinear_tf=sublinear_tf,
            n_features=n_features,
            alternate_sign=alternate_sign,
            uncertain_below=uncertain_below,
            version=version,
        )
        return cls(from_model(model, check_texts(certificate_texts)))

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> Classifier:
        """Load a model file. Loading runs no code from it.

        Args:
            source: a path (a ``str`` with a suffix or a separator, or a ``Path``), the file's bytes, or the bare name
                of a model that ships in the package.

        Raises:
            ModelFileError: the file is missing, damaged, altered, of a later format, or no model.
        """
        if isinstance(source, bytes | bytearray | memoryview):
            return cls(bytes(source))
        if isinstance(source, str) and not _is_path(source):
            return cls(_shipped(source))
        if not isinstance(source, str | os.PathLike):
            raise InputError(f"load takes a path, a name or bytes, found {type(source).__name__}")
        return cls(_read(Path(source)))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the model file; a reader sees the old file or the whole new one, never a part.

        Args:
            path: where to; a ``str`` needs a suffix (".safetensors") or a separator, as ``load`` asks for.

        Returns:
            The path.
        """
        if isinstance(path, str) and not _is_path(path):
            raise InputError(f"the path {path!r} looks like the name of a shipped model: write {path + SUFFIX!r}")
        target = Path(path)
        write_atomically(target, self._data)
        return target

    def to_html(self, path: str | os.PathLike[str], *, title: str | None = None, text: str = "") -> Path:
        """Write one self-contained page that classifies offline, opened from a disk or served by anybody.

        Model, engine and program stand in it; its own policy forbids every request. Whoever has the page has the model,
        its vocabulary and the certificate's texts.

        Args:
            path: where to; ends in .html.
            title: the document's title; the model's name where it is None.
            text: a text to classify when the page is opened.

        Returns:
            The path.

        Raises:
            InputError: another suffix, or a title or text that is not a str.
            EngineError: the built files are missing.
        """
        from .html import write_page

        return write_page(self, path, title=title, text=text)

    def with_engine(self, engine: EngineName, variant: Variant | None = None) -> Classifier:
        """The same model on another engine: "wasm" or "twin" (plain Python); ``variant`` "simd" or "baseline"."""
        chosen = variant or self._variant
        check_engine(engine, chosen)
        other = Classifier.__new__(Classifier)
        other._set(self._data, self._model, engine, chosen)
        return other

    # --- what it is

    @property
    def model(self) -> Model:
        """The validated model."""
        return self._model

    @property
    def model_bytes(self) -> bytes:
        """The model file."""
        return self._data

    @property
    def sha256(self) -> str:
        """SHA-256 of the model file, as results name it."""
        return self._sha256

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def engine(self) -> Engine:
        """The engine, started when first asked for."""
        with self._lock:
            if self._opened is None:
                self._opened = open_engine(self._engine_name, self._data, self._model, self._variant)
            return self._opened

    @property
    def classes_(self) -> Any:
        """The classes in the order of every score: an array (a list without numpy); of several outputs a list."""
        return answers.class_arrays(self._model)

    def model_info(self) -> ModelInfo:
        """What the file says of itself."""
        m = self._model
        return ModelInfo(
            name=m.name,
            version=m.version,
            targets=m.targets,
            classes=tuple(c.values for c in m.class_sets) if m.targets == "multioutput" else m.classes,
            n_features=sum(v.n_features for v in vectorizers(m)),
            outputs=shape_of(m).scores,
            weights=m.weights,
            bound=m.bound,
            promise=describe.promise(m),
            uncertain_below=m.uncertain_below,
            source=f"{m.source.library} {m.source.version}, Python {m.source.python}",
            unicode=m.unicode,
            pipeline=describe.stages(m),
            certificate_texts=0 if m.certificate is None else len(m.certificate.texts),
            size=len(self._data),
            sha256=self._sha256,
        )

    # --- answers

    @overload
    def classify(self, texts: str) -> ClassificationResult: ...  # type: ignore[overload-overlap]
    @overload
    def classify(self, texts: Iterable[str]) -> list[ClassificationResult]: ...
    def classify(self, texts: str | Iterable[str]) -> ClassificationResult | list[ClassificationResult]:
        """Classify one text, or a list of them.

        An empty text, or one of unknown words only, is classified as the source does it, with ``known_features`` 0.

        Raises:
            InputError: something that is no text, named with its index.
        """
        if isinstance(texts, str):
            return self._results((self._opened or self.engine).classify((texts,)))[0]
        if isinstance(texts, bytes | bytearray):
            check_text(texts)
        return self._results(self.engine.classify(check_texts(listed(texts))))

    def predict(self, texts: Any, *, n_jobs: int | None = 1, nulls: Nulls = "error") -> Any:
        """The label of each text: an array (n,) of the classes' type, or a list without numpy.

        Of a multilabel model (n, classes) of 0 and 1, of several outputs (n, outputs) labels, as scikit-learn.

        Args:
            texts: a list, or a column: numpy strings, a pandas or polars Series, a pyarrow array
                (docs/tutorials/batch.md).
            n_jobs: threads, -1 for all cores; each has its own copy of the model.
            nulls: what a missing text is: "error", or "skip" for a missing answer (None; NaN in scores).
        """
        batch, missing = self._batch(texts, n_jobs, nulls)
        labels = answers.predicted(self._model, batch.labels, batch.n)
        return labels if missing is None else _without(labels, missing)

    def predict_proba(self, texts: Any, *, n_jobs: int | None = 1, nulls: Nulls = "error") -> Any:
        """The probability of each class: (n, classes), float64; of several outputs a list with one such array for each.

        Without numpy (Pyodide in a sealed site) an array is a list: of n rows, each a list of floats in the order of
        ``classes_``. Arguments as for ``predict``.

        Raises:
            InputError: the source has no probabilities; ``decision_function`` has its scores.
        """
        shape = shape_of(self._model)
        if not shape.probabilities:
            other = "decision_function" if self._model.decision else "predict"
            raise InputError(f"the model {self.name!r} has no probabilities, as its source has none: call {other}")
        batch, _ = self._batch(texts, n_jobs, nulls)
        # numpy arrays have no truth value: batches of columns are such.
        p = () if batch.probabilities is None else batch.probabilities
        return answers.probabilities(self._model, p, batch.n)

    def decision_function(self, texts: Any, *, n_jobs: int | None = 1, nulls: Nulls = "error") -> Any:
        """The decision scores: (n,) for two classes of a linear head, else (n, classes), float64.

        Of naive Bayes the joint log-likelihood; of several outputs a list with one array for each. Without numpy lists,
        as of ``predict_proba``. Arguments as for ``predict``.

        Raises:
            InputError: the source has no decision scores; ``predict_proba`` has its probabilities.
        """
        if not self._model.decision:
            other = "predict_proba" if shape_of(self._model).probabilities else "predict"
            raise InputError(f"the model {self.name!r} has no decision scores, as its source has none: call {other}")
        batch, _ = self._batch(texts, n_jobs, nulls)
        return answers.decisions(self._model, batch.scores, batch.n)

    def classify_frame(
        self,
        frame: Any,
        text: str,
        *,
        nulls: Nulls = "error",
        scores: bool = False,
        prefix: str = "",
        n_jobs: int | None = 1,
        parity: Literal["off", "sample"] = "off",
    ) -> Any:
        """A table with the answers as added columns ``label`` and ``confidence``, in the table's own kind.

        Args:
            frame: a pandas or polars DataFrame, a pyarrow Table or RecordBatch, or what narwhals knows beside.
            text: the column of texts: strings of any kind, categories among them.
            nulls: what a missing text is: "error", or "skip" for a null answer.
            scores: add a column ``score_CLASS`` for each class.
            prefix: stands before the new columns' names.
            n_jobs: threads, -1 for all cores; each has its own copy of the model.
            parity: "sample" holds one row in a thousand against the twin and leaves the report in ``batch_parity``; a
                difference is a ``ParityWarning``.

        Raises:
            InputError: no such column, a column of another type, a text that is missing or no UTF-8, with its row.
        """
        from .batch.frame import classify_frame

        return classify_frame(
            self, frame, text, nulls=nulls, scores=scores, prefix=prefix, n_jobs=n_jobs, parity=parity
        )

    def classify_batches(
        self,
        batches: Iterable[Any],
        *,
        text: str,
        nulls: Nulls = "error",
        scores: bool = False,
        prefix: str = "",
        n_jobs: int | None = 1,
        parity: Literal["off", "sample"] = "off",
    ) -> Iterator[Any]:
        """A stream of pyarrow record batches with the answers as added columns, one batch for each, in constant memory.

        ``functools.partial(clf.classify_batches, text="review")`` is what Spark's ``mapInArrow`` takes, and Ray Data's
        ``map_batches``, which gives a lone table (or columns by name) with each call. With ``n_jobs`` above 1 some
        batches are read ahead. Arguments and errors are those of ``classify_frame``.
        """
        from .batch.stream import classify_batches

        return classify_batches(
            self, batches, text, nulls=nulls, scores=scores, prefix=prefix, n_jobs=n_jobs, parity=parity
        )

    def evaluate(
        self, texts: Any, labels: Iterable[Any], *, worst: int = 10, n_jobs: int | None = 1
    ) -> Evaluation | MultilabelEvaluation | MultioutputEvaluation:
        """How good the answers to labelled texts are; shows itself with plots in a notebook.

        Args:
            texts: a list or a column.
            labels: the right class of each, of the classes' own type. Of a multilabel model a table (texts, classes) of
                0 and 1, or the set of classes of each text; of several outputs a table of labels (texts, outputs), or
                a tuple of them for each text.
            worst: how many of the mistakes made with the most confidence to explain; 0 for none.
            n_jobs: threads, -1 for all cores.

        Returns:
            Accuracy, precision, recall and F1 of each class, confusion, calibration, the worst mistakes: an
            ``Evaluation``; of a multilabel model a ``MultilabelEvaluation`` (each label by itself), of several outputs
            a ``MultioutputEvaluation`` with an ``Evaluation`` for each.

        Raises:
            InputError: a label that the model does not know (with its index), or not one for each text.
        """
        from .evaluation import evaluate

        return evaluate(self, texts, labels, worst=worst, n_jobs=n_jobs)

    @property
    def batch_parity(self) -> ParityReport | None:
        """What the last batch with ``parity="sample"`` was found to be; None where there was none."""
        return self._batch_parity

    def explain(self, text: str) -> Explanation:
        """The spans of a text with their weight for each class; with the remainder they add up to the scores.

        Raises:
            InputError: the model's score is no sum over n-grams, with the reason.
        """
        check_text(text)
        if (reason := why_not_explained(self._model)) is not None:
            raise InputError(f"the model {self.name!r} cannot be explained by n-grams: {reason}")
        return self.engine.explain(text)

    def _batch(self, texts: Any, n_jobs: int | None, nulls: Nulls) -> tuple[Batch, Any]:
        """The answers, and a mask of the texts that are missing (None: there is none)."""
        if n_jobs in (1, None) and nulls == "error" and not _is_column(texts):
            return self.engine.classify(check_texts(texts)), None
        from .batch.arrays import answers as answers_to_column

        return answers_to_column(self, texts, n_jobs=n_jobs, nulls=nulls)

    def _results(self, batch: Batch, place: tuple[str, str] | None = None) -> list[ClassificationResult]:
        """``place``: where it ran and on which variant, if not on this classifier's engine."""
        if place is None:
            engine = self._opened or self.engine
            place = engine.ran_on, engine.variant
        if self._results_of is None:
            self._results_of = answers.Results(self._model, self._sha256)
        return self._results_of(batch, place)

    # --- are the answers the right ones?

    def verify(self) -> ParityReport:
        """Replay the recorded answers in the file on the engine and on the twin.

        ``ok`` where every score is within its tolerance of the source's, the engine's bits are those of the export, the
        labels are equal, and the twin agrees; else ``first_difference`` names the text and the stage.
        """
        from .parity import replay
        from .twin import Twin

        return replay(self._model, self.engine, Twin(self._model), is_twin=self._engine_name == "twin")

    def compare(self, pipeline: Any, texts: Iterable[str]) -> ParityReport:
        """Hold the answers to ``texts`` against those of the live scikit-learn pipeline.

        Texts with a lone surrogate, or with characters that this Python's Unicode version reads otherwise, are counted
        as ``not_comparable``. A hundred thousand texts cost little more than the pipeline's own answers.

        Returns:
            A report that prints as a table (``rich.print``, or HTML in a notebook). ``first_difference`` names the
            text, the stage at which both part, and the shortest piece of the text on which they do.
        """
        from .comparison import compare_live

        return compare_live(self._model, self.engine, pipeline, check_texts(texts))

    # --- Python's manners

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._data, self._engine_name, self._variant)

    def __repr__(self) -> str:
        m = self._model
        features = sum(v.n_features for v in vectorizers(m))
        classes = ", ".join(map(repr, m.classes[:4])) + (", …" if len(m.classes) > 4 else "")
        return (
            f"<Classifier {m.name!r} version {m.version}: classes [{classes}], {features:,} features, "
            f"{m.weights}, {len(self._data) / 1000:,.0f} kB, engine {self._engine_name!r}>"
        )


def _restore(data: bytes, engine: EngineName, variant: Variant) -> Classifier:
    return Classifier(data, engine=engine, variant=variant)


def _is_path(source: str) -> bool:
    return Path(source).suffix != "" or "/" in source or os.sep in source


def _read(path: Path) -> bytes:
    try:
        if (size := path.stat().st_size) > MAX_FILE:
            raise ModelFileError(f"{path}: the file has {size:,} bytes, {MAX_FILE:,} are allowed")
        return path.read_bytes()
    except OSError as error:
        hint = (
            " (nothing is fetched from an address: download it first)"
            if "://" in str(path).replace(":/", "://")
            else ""
        )
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}{hint}") from None


def _shipped(name: str) -> bytes:
    folder = resources.files(__package__).joinpath("models")
    names = (
        sorted(f.name.removesuffix(SUFFIX) for f in folder.iterdir() if f.name.endswith(SUFFIX))
        if folder.is_dir()
        else []
    )
    if name not in names:
        ships = ", ".join(map(repr, names)) or "none"
        raise ModelFileError(f"no model {name!r} ships in this package; what ships: {ships}. A path needs its suffix")
    return folder.joinpath(name + SUFFIX).read_bytes()


def _is_column(texts: Any) -> bool:
    """Whether these are strings in an array of somebody's, which goes by Arrow (where pyarrow is installed)."""
    is_arrow = hasattr(texts, "__arrow_c_array__") or hasattr(texts, "__arrow_c_stream__")
    if not is_arrow and getattr(getattr(texts, "dtype", None), "kind", "") not in ("U", "T"):
        return False
    return importlib.util.find_spec("pyarrow") is not None


def _without(labels: Any, missing: Any) -> Any:
    labels = labels.astype(object)
    labels[missing] = None
    return labels
