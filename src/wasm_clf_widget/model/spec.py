"""A model as types that cannot be wrong: validated once by the file reader or the converter, then only used.

A pipeline is a tree: unions hold branches, some heads hold members, each a pipeline of its own. ``tree`` walks it,
``shape`` says how many scores, probabilities and labels it gives.

No numpy here: the twin and Pyodide use these types as they are. Numbers are anything that indexes like ``array('d')``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Analyzer = Literal["word", "char", "char_wb"]
Accents = Literal["ascii", "unicode"]
Norm = Literal["l1", "l2", "max"]
Link = Literal["none", "logistic", "softmax", "softmax_pair", "ovr", "modified_huber", "each", "ovr_zeros"]
LabelRule = Literal["sign", "argmax", "argmax_last", "each", "sign_or_zero"]
Activation = Literal["identity", "logistic", "tanh", "relu"]
Metric = Literal["euclidean", "manhattan"]
MemberInput = Literal["decision", "probability"]
Weights = Literal["float64", "float32"]
ClassType = Literal["str", "int", "bool"]
Targets = Literal["single", "multilabel", "multioutput"]
Label = str | int | bool

TOKEN_PATTERNS = (r"(?u)\b\w\w+\b", r"(?u)\b\w+\b")
LEFT_OUT = 0xFFFFFFFF
"""In ``Select.places``: the feature goes. In ``TreesHead.feature``: the node is a leaf."""


@dataclass(frozen=True, slots=True)
class Vectorizer:
    """Text → counts. ``vocabulary`` is None for hashing, else feature i's text at index i.

    ``program`` is what the engine matches instead of any ``token_pattern`` but the two in ``TOKEN_PATTERNS``.
    """

    analyzer: Analyzer
    ngram_range: tuple[int, int]
    lowercase: bool
    strip_accents: Accents | None
    token_pattern: str | None
    stop_words: tuple[str, ...]
    binary: bool
    n_features: int
    vocabulary: Sequence[str] | None
    alternate_sign: bool = False
    program: bytes | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """The rows of several branches side by side, in order. The branches are pipelines without heads.

    As the front of a pipeline every branch begins with a vectorizer (or such a union); among the transforms none does,
    and a branch without transforms hands the row on.
    """

    branches: tuple[Pipeline, ...]


@dataclass(frozen=True, slots=True)
class SublinearTf:
    """v ← 1 + ln v."""


@dataclass(frozen=True, slots=True)
class Idf:
    """v ← v · idf[i]; ``values`` has n_features float64 numbers."""

    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Normalize:
    """v ← v / ‖row‖; a row of norm 0 stays."""

    norm: Norm


@dataclass(frozen=True, slots=True)
class Select:
    """Feature i becomes feature ``places[i]``, or goes where that is ``LEFT_OUT``. Kept ones ascend from 0."""

    places: Sequence[int]
    n_features: int


@dataclass(frozen=True, slots=True)
class Scale:
    """v ← v · values[i]; one number alone is for all features."""

    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Binarize:
    """v ← 1 where v > threshold, else the entry goes; threshold ≥ 0."""

    threshold: float


@dataclass(frozen=True, slots=True)
class Svd:
    """y[d] = Σ xᵢ · components[i·D + d]: a dense row of ``n_features`` = D entries, exact zeros stored too."""

    components: Sequence[float]
    n_features: int


Transform = SublinearTf | Idf | Normalize | Select | Scale | Binarize | Svd | Union


@dataclass(frozen=True, slots=True)
class LinearHead:
    """s = Σ xᵢ·coef[i·K + k] + intercept[k].

    ``coef`` holds n_features × outputs numbers, feature-major, as float64 values *before* any rounding to float32.
    """

    kind: Literal["linear", "naive_bayes"]
    link: Link
    label: LabelRule
    outputs: int
    coef: Sequence[float]
    intercept: Sequence[float]


@dataclass(frozen=True, slots=True)
class Layer:
    """y = activation(Σ xᵢ·coef[i·outputs + o] + intercept[o])."""

    outputs: int
    coef: Sequence[float]
    intercept: Sequence[float]


@dataclass(frozen=True, slots=True)
class LayersHead:
    """A multilayer perceptron: ``activation`` behind all layers but the last, ``link`` behind that.

    Scores are the probabilities. Label: class 1 where p > 0.5 (logistic), the first of the largest (softmax), each
    p > 0.5 (each).
    """

    activation: Activation
    link: Literal["logistic", "softmax", "each"]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class DistancesHead:
    """The nearest of C centroids, ``centroids`` feature-major (F × C); ``outputs`` is C, or 1 for two classes.

    A distance is √max(0, (−2 x·c + x·x) + c·c) or Σ|x − c|. Scores are −d² (euclidean) or −d (manhattan); with
    ``deviations`` x and c are divided by them first (a 0 counts as 1), and ``constants`` are added. One output is the
    score of class 1 minus that of class 0. Label: the first of the smallest distances without deviations ("nearest") or
    of the largest scores ("argmax").
    """

    metric: Metric
    label: Literal["nearest", "argmax"]
    link: Literal["none", "softmax"]
    outputs: int
    centroids: Sequence[float]
    deviations: Sequence[float] | None = None
    constants: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class ConstantHead:
    """The same answer to every text; scores are the probabilities."""

    probabilities: Sequence[float]
    labels: Sequence[int]


@dataclass(frozen=True, slots=True)
class TreesHead:
    """Decision trees in one table of N nodes; ``feature`` is LEFT_OUT at a leaf. Left where f64(f32(x)) ≤ threshold.

    ``combine`` "mean": ``value`` is N × outputs, the mean over the trees (summed in their order) is probabilities and
    scores; ``output`` and ``initial`` are empty. "sum": ``value`` is N, a tree adds its leaf to score ``output[t]``,
    which begins at ``initial``; ``link`` makes the probabilities. ``children`` is N × 2 (left, right), each behind its
    parent.
    """

    combine: Literal["mean", "sum"]
    link: Link
    label: LabelRule
    outputs: int
    roots: Sequence[int]
    output: Sequence[int]
    feature: Sequence[int]
    threshold: Sequence[float]
    children: Sequence[int]
    value: Sequence[float]
    initial: Sequence[float]


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Calibrator k: 1 / (1 + exp(slope[k]·v + offset[k]))."""

    slope: Sequence[float]
    offset: Sequence[float]


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Calibrator k: linear between the points (x, y)[knots[k] : knots[k + 1]], constant outside of them."""

    x: Sequence[float]
    y: Sequence[float]
    knots: Sequence[int]


@dataclass(frozen=True, slots=True)
class CalibratedMember:
    """A classifier and what makes probabilities of its decision scores or of its own probabilities."""

    pipeline: Pipeline
    input: MemberInput
    calibration: Sigmoid | Isotonic


@dataclass(frozen=True, slots=True)
class CalibratedHead:
    """The mean of the members' calibrated probabilities; scores are the probabilities."""

    members: tuple[CalibratedMember, ...]


@dataclass(frozen=True, slots=True)
class VoteHead:
    """Soft: weighted mean of the members' probabilities (scores the same). Hard: weighted votes are the scores."""

    voting: Literal["soft", "hard"]
    members: tuple[Pipeline, ...]
    weights: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class OneVsRestHead:
    """A binary member for each class (one member where there are two and ``label`` is "sign").

    Scores are the members' decision scores or, with ``input`` "probability", their probabilities; ``divide``:
    probabilities are divided by their sum.
    """

    members: tuple[Pipeline, ...]
    input: MemberInput
    label: LabelRule
    divide: bool


@dataclass(frozen=True, slots=True)
class OneVsOneHead:
    """A binary member for each pair of classes: (0, 1), (0, 2), …; votes plus the bounded sum of confidences."""

    classes: int
    members: tuple[Pipeline, ...]
    input: MemberInput


@dataclass(frozen=True, slots=True)
class MultiOutputHead:
    """One member an output; scores, probabilities and labels one after the other."""

    members: tuple[Pipeline, ...]


Head = (
    LinearHead
    | LayersHead
    | DistancesHead
    | ConstantHead
    | TreesHead
    | CalibratedHead
    | VoteHead
    | OneVsRestHead
    | OneVsOneHead
    | MultiOutputHead
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a row or a text goes through. ``front`` is None where the input is the row of the pipeline around it;
    ``head`` is None in the branches of a union."""

    front: Vectorizer | Union | None
    transforms: tuple[Transform, ...] = ()
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Which library, of which version, under which Python, gave the weights and the recorded answers."""

    library: str
    version: str
    python: str


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of one output, in ``classes_`` order."""

    type: ClassType
    values: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Texts with the answers of the source (scores n×K, probabilities n×P or None, labels n×L) and of the engine."""

    by: str
    texts: tuple[str, ...]
    scores: Sequence[float]
    probabilities: Sequence[float] | None
    labels: Sequence[int]
    tolerance: Sequence[float]
    engine_scores: Sequence[float]
    engine_probabilities: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class Model:
    """All that a file holds. ``tables`` are the engine's look-up tables, one for each vectorizer as ``tree`` counts
    them (None, or no entry: built at load).

    ``class_sets`` has one entry, for ``targets`` "multioutput" one for each output. ``decision``: scores are the
    source's decision function; else it has none, and scores are its probabilities or votes.
    """

    name: str
    version: str
    source: Source
    unicode: str
    class_sets: tuple[Classes, ...]
    weights: Weights
    bound: float | None
    uncertain_below: float | None
    pipeline: Pipeline
    targets: Targets = "single"
    decision: bool = True
    certificate: Certificate | None = None
    tables: tuple[bytes | memoryview | None, ...] = ()

    @property
    def classes(self) -> tuple[Label, ...]:
        """The classes; those of several outputs one after the other, as the columns of probabilities stand."""
        return tuple(label for classes in self.class_sets for label in classes.values)

    @property
    def head(self) -> Head:
        """The head of the whole. A model's pipeline has one."""
        assert self.pipeline.head is not None
        return self.pipeline.head
