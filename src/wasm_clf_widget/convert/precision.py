"""Which weights may be rounded to float32, with the proof; and how far a score may then be from the source's.

**What is proved.** Let a text have the feature row x as scikit-learn computes it, with n ≤ F stored entries, and let
δ_ik = float32(w_ik) − w_ik be the rounding errors of the coefficients, exact in float64. The engine's score differs
from the source's by

    Δs_k = Σᵢ xᵢ·δ_ik + r_k,

where r_k collects all float64 rounding: both sums in whatever order, the transforms computed in whatever order, the
addition of the intercept. The row consists of parts (one, or one for each branch of a union), and behind the last norm
of a part p stands at most a scaling, so that ‖x_p‖₂ ≤ t_p (l2) or ‖x_p‖₁ ≤ t_p (l1), up to rounding, where t_p is 1
times the largest scale in it (a union's transformer_weight, an idf or a MaxAbsScaler behind the norm); a selection of
features makes no norm larger. Then

- by Cauchy-Schwarz |Σ xᵢ·δ_ik| ≤ Σ_p t_p·‖δ_pk‖₂ (l2), and by Hölder t_p·max|δ_ik| for a part of l1 norm; for the
  difference of two classes the same holds with δ_k − δ_j. Call these D_k and D_kj, and W_k the same of w_k itself;
- a sum of n products has an error of at most γ_n·Σ|xᵢwᵢ| ≤ γ_n·W_k for any order (γ_n = nu/(1 − nu), u = 2⁻⁵³), each
  of the m transforms changes an entry by a relative error of at most (n + 16)·u (the sum of squares, square root,
  quotient or logarithm), and the intercept adds u·(W_k + |b_k|). Both sides together:
  |r_k| ≤ R_k = 2·((m + 1)(n + 16) + 2)·u·1.01·(W_k + |b_k|). This needs features whose relative error is small, hence:
  a logarithm only of counts (as the first transform), and scales whose products neither overflow nor underflow
  when they are squared.

The links are differentiable between the two score vectors, so by the mean value theorem |Δp| is at most

- logistic and each ¼|Δs|; softmax_pair (σ(2s)) ½|Δs|; modified_huber of two classes ½|Δs|;
- softmax: ∂p_j/∂s_j = p_j(1 − p_j) and ∂p_j/∂s_k = −p_j·p_k, so Δp_j = p_j(1 − p_j)·(Δs_j − weighted mean of the other
  Δs_k) ≤ ¼·max over pairs |Δs_j − Δs_k|;
- ovr and ovr_zeros (p_j = σ_j/Σσ): ∂p_j/∂s_j = p_j(1 − p_j)(1 − σ_j) and ∂p_j/∂s_k = −p_j·p_k·(1 − σ_k), so |Δp_j| ≤
  p_j(1 − p_j)·(|Δs_j| + max|Δs_k|) ≤ ¼·(the two greatest |Δs| together). Where every σ could underflow (a score below
  −700) nothing is proved;
- modified_huber of more classes has no bound: near a row of zeros any small change decides.

To this comes (C + 64)·2⁻⁵² for evaluating the link itself. All norms are enlarged by 1e-9 for their own rounding.

Of heads with members, layers, distances or trees, and of anything behind TruncatedSVD, nothing is proved: their numbers
stay float64.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul, sub
from typing import Literal

from ..errors import UnsupportedPipelineError
from ..model.numbers import doubles
from ..model.shape import row_width, shape_of
from ..model.spec import (
    LEFT_OUT,
    Binarize,
    CalibratedHead,
    ConstantHead,
    DistancesHead,
    Head,
    Idf,
    Isotonic,
    LinearHead,
    Model,
    Normalize,
    Pipeline,
    Scale,
    Select,
    Sigmoid,
    SublinearTf,
    Svd,
    Transform,
    TreesHead,
    Union,
    Vectorizer,
    VoteHead,
    Weights,
)
from ..model.tree import members, stages_of

AUTO_LIMIT = 1e-6
"""What ``weights="auto"`` lets float32 change in a probability."""

EXACT_COUNTS = 7_284
"""Up to this term frequency numpy's logarithm is the correctly rounded one on every processor."""

_UNIT = 2.0**-53
_SMALLEST = 2.0**-126
_LARGEST = float.fromhex("0x1.fffffep127")
_MANY_CLASSES = 512  # above this the pairs of classes are bounded one by one, which is looser but needs no C × C table


@dataclass(frozen=True, slots=True)
class _Part:
    """Features [start, stop) of the row, whose l1 or l2 norm is at most ``size``; None: no norm bounds them (yet)."""

    start: int
    stop: int
    norm: Literal["l1", "l2"] | None
    size: float = 1.0


@dataclass(slots=True)
class _Path:
    """What is known of a row on its way: parts, number of transforms, smallest and largest product of scales."""

    parts: list[_Part]
    steps: int = 0
    low: float = 1.0
    high: float = 1.0


def choose_weights(
    pipeline: Pipeline,
    requested: Literal["auto", "float64", "float32"] = "auto",
) -> tuple[Weights, float | None]:
    """(weights, bound): what to store, and the proved bound of the probability error for every text.

    The bound is 0 for float64 and None where nothing is proved for float32 (only when that was asked for).

    Raises:
        UnsupportedPipelineError: float32 is asked for, and a weight lies outside its normal range, or the head is none
            whose weights may be rounded; or the request is none of the three.
    """
    if requested not in ("auto", "float64", "float32"):
        raise UnsupportedPipelineError(
            "weights", "weights", f"{requested!r} is not known", "'auto', 'float64' or 'float32'"
        )
    if requested == "float64":
        return "float64", 0.0
    head = pipeline.head
    if not isinstance(head, LinearHead) or stages_of(pipeline, Svd):
        if requested == "auto":
            return "float64", 0.0
        raise UnsupportedPipelineError(
            "weights",
            "weights",
            "only the weights of one linear classifier on sparse features may be rounded",
            "weights='float64' or 'auto'",
        )
    path = _provable(pipeline, head)
    if requested == "auto" and path is None:
        return "float64", 0.0
    coef = doubles(head.coef)
    outside = _outside_range(coef)
    if outside is not None:
        if requested == "auto":
            return "float64", 0.0
        raise UnsupportedPipelineError(
            "weights",
            "weights",
            f"the coefficient {outside!r} lies outside float32's normal range, ±{_SMALLEST:.6g} to ±{_LARGEST:.6g}",
            "weights='float64' or 'auto'",
        )
    bound = None if path is None else _bound(path, head, coef)
    if requested == "auto" and not (bound is not None and bound <= AUTO_LIMIT):
        return "float64", 0.0
    return "float32", bound


def probability_bound(pipeline: Pipeline) -> float | None:
    """Upper bound of every probability's error when ``coef`` is rounded to float32; None where nothing is proved."""
    head = pipeline.head
    if not isinstance(head, LinearHead):
        return None
    path = _provable(pipeline, head)
    return None if path is None else _bound(path, head, doubles(head.coef))


def _bound(path: _Path, head: LinearHead, coef: array[float]) -> float | None:
    outputs = head.outputs
    n = len(coef) // outputs
    factor = 2.0 * ((path.steps + 1) * (n + 16) + 2) * _UNIT * 1.01
    errors: list[array[float]] = []
    deltas: list[float] = []
    rounding: list[float] = []
    lowest = math.inf
    for k in range(outputs):
        column = coef[k::outputs]
        error = _rounding_errors(column)
        size = _dual_norm(column, path.parts) + abs(head.intercept[k])
        errors.append(error)
        deltas.append(_dual_norm(error, path.parts))
        rounding.append(factor * size)
        lowest = min(lowest, -size)
    scores = sorted(map(sum, zip(deltas, rounding, strict=True)), reverse=True)
    slack = (max(2, outputs) + 64) * 2.0**-52
    if head.link in ("logistic", "each"):
        return 0.25 * scores[0] + slack
    if head.link in ("softmax_pair", "modified_huber"):
        return 0.5 * scores[0] + slack
    if head.link in ("ovr", "ovr_zeros"):
        return None if lowest < -700.0 else 0.25 * (scores[0] + scores[1]) + slack
    # softmax: the two greatest together bound every pair; the pairs themselves are at most that, often ¾ of it.
    pairs = scores[0] + scores[1]
    if outputs <= _MANY_CLASSES:
        exact = _greatest_pair(errors, path.parts)
        if exact is not None:
            greatest = sorted(rounding, reverse=True)
            pairs = min(pairs, exact + greatest[0] + greatest[1])
    return 0.25 * pairs + slack


def _provable(pipeline: Pipeline, head: LinearHead) -> _Path | None:
    """What bounds the rows of this pipeline; None where the argument above does not hold."""
    if head.link == "none" or (head.link == "modified_huber" and head.outputs > 1):
        return None
    path = _path(pipeline, 0)
    if path is None or any(part.norm is None for part in path.parts):
        return None
    return path if path.low >= 1e-100 and path.high <= 1e100 else None


def _path(pipeline: Pipeline, width: int) -> _Path | None:
    if isinstance(pipeline.front, Union):
        path = _side_by_side(pipeline.front.branches, 0)
    else:
        own = row_width(Pipeline(pipeline.front)) if pipeline.front is not None else width
        path = _Path([_Part(0, own, None)])
    for position, transform in enumerate(pipeline.transforms):
        if path is None:
            return None
        counts = position == 0 and pipeline.front is not None and not isinstance(pipeline.front, Union)
        path = _through(path, transform, counts=counts)
    return path


def _through(path: _Path, transform: Transform, *, counts: bool) -> _Path | None:
    """The path behind one more transform; None where it bounds nothing any more."""
    steps, parts, low, high = path.steps + 1, path.parts, path.low, path.high
    match transform:
        case SublinearTf():
            return _Path(parts, steps, low, high) if counts else None
        case Normalize(norm):
            whole = _Part(parts[0].start, parts[-1].stop, None if norm == "max" else norm)
            return _Path([whole], steps, low, high)
        case Idf(values) | Scale(values):
            sizes = [abs(value) for value in doubles(values) if value]
            small, large = min(sizes, default=1.0), max(sizes, default=1.0)
            # An absent scale of 0 makes features 0 and no norm larger.
            scaled = [_Part(p.start, p.stop, p.norm, p.size * _greatest(values, p)) for p in parts]
            return _Path(scaled, steps, low * min(1.0, small), high * max(1.0, large))
        case Select(places):
            return _Path(list(_kept(parts, places)), steps, low, high)
        case Union(branches):
            # The whole row is handed to every branch; only a row that is handed on as it is keeps its bounds.
            if any(branch.transforms for branch in branches):
                return None
            width = parts[-1].stop
            copies = [
                _Part(p.start + i * width, p.stop + i * width, p.norm, p.size)
                for i in range(len(branches))
                for p in parts
            ]
            return _Path(copies, steps, low, high)
        case Binarize() | Svd():
            return None


def _side_by_side(branches: Sequence[Pipeline], width: int) -> _Path | None:
    together = _Path([])
    start = 0
    for branch in branches:
        path = _path(branch, width)
        if path is None:
            return None
        together.parts.extend(_Part(p.start + start, p.stop + start, p.norm, p.size) for p in path.parts)
        together.steps = max(together.steps, path.steps + 1)
        together.low, together.high = min(together.low, path.low), max(together.high, path.high)
        start += row_width(branch, width)
    return together


def _greatest(values: Sequence[float], part: _Part) -> float:
    if len(values) == 1:
        return abs(values[0])
    return max(map(abs, values[part.start : part.stop]), default=0.0)


def _kept(parts: Sequence[_Part], places: Sequence[int]) -> Iterator[_Part]:
    start = 0
    for part in parts:
        stop = start + sum(place != LEFT_OUT for place in places[part.start : part.stop])
        yield _Part(start, stop, part.norm, part.size)
        start = stop


def score_tolerance(
    model: Model, features: Sequence[tuple[int, float]], *, max_count: float = math.inf, size: float = 0.0
) -> list[float]:
    """How far each of the K scores of one text may be from the source's, under what the file promises.

    Args:
        model: the model.
        features: the text's row, (index, value) after all transforms; used where the head is linear on sparse rows.
        max_count: the greatest term frequency in the text, or anything above it (its number of characters will do).
            Left out it counts as large, which matters for ``sublinear_tf`` alone.
        size: the greatest Σ|wᵢxᵢ| of any sum within, used for all other heads.

    Returns:
        K numbers; 0 means: the same bits. float64: 0, or 1e-12·(1 + Σ|wᵢxᵢ|) where a logarithm is taken of a number
        that numpy rounds differently on different processors. float32: 2⁻²³·Σ|wᵢxᵢ| + 2⁻⁵²·|score|. Dense rows and
        heads with members: 1e-12·(1 + Σ|wᵢxᵢ|), times what a calibration makes of it; trees: the same bits.
    """
    head = model.head
    loose = _uncertain_logarithm(model.pipeline, max_count)
    if not isinstance(head, LinearHead) or stages_of(model.pipeline, Svd):
        return [_of_members(model, loose=loose, size=size)] * shape_of(model).scores
    outputs = head.outputs
    single = model.weights == "float32"
    if not single and not loose:
        return [0.0] * outputs
    tolerances = []
    for k in range(outputs):
        products = [float(head.coef[index * outputs + k]) * value for index, value in features]
        size = math.fsum(map(abs, products))
        if single:
            score = math.fsum(products) + float(head.intercept[k])
            tolerances.append(2.0**-23 * size + 2.0**-52 * abs(score))
        else:
            tolerances.append(1e-12 * (1.0 + size))
    return tolerances


def _of_members(model: Model, *, loose: bool, size: float) -> float:
    """The tolerance of every score of a head that is not linear on sparse rows."""
    head = model.head
    dense = bool(stages_of(model.pipeline, Svd))
    if isinstance(head, TreesHead | ConstantHead) and not dense:
        # A count whose logarithm is uncertain may fall on either side of a threshold: nothing is promised then.
        return math.inf if loose and isinstance(head, TreesHead) else 0.0
    if isinstance(head, VoteHead) and head.voting == "hard":
        return 0.0
    return 1e-12 * (1.0 + size) * amplification(head)


def amplification(head: Head | None) -> float:
    """How much a calibration may enlarge an error of what it is given; at least 1."""
    greatest = 1.0
    if isinstance(head, CalibratedHead):
        for member in head.members:
            match member.calibration:
                case Sigmoid(slope):
                    greatest = max(greatest, max(map(abs, slope)) / 4.0)
                case Isotonic(x, y, knots):
                    for start, stop in pairwise(knots):
                        steps = zip(pairwise(x[start:stop]), pairwise(y[start:stop]), strict=True)
                        greatest = max([greatest, *(abs(d - c) / (b - a) for (a, b), (c, d) in steps if b > a)])
    return greatest * max((amplification(member.head) for member in members(head)), default=1.0)


def probability_tolerance(model: Model, scores: Sequence[float], tolerances: Sequence[float]) -> float:
    """How far each probability of one text may be from the source's, given its scores and their tolerances.

    1e-14, of naive Bayes 2 ulp of the greatest |joint log-likelihood| more; where scores may differ, what the link
    makes of that (see the module's text), infinite where nothing is proved.
    """
    tolerance = 1e-14
    head = model.head
    apart = sorted(tolerances, reverse=True)
    if isinstance(head, LinearHead | TreesHead | DistancesHead):
        if isinstance(head, DistancesHead) or getattr(head, "kind", "") == "naive_bayes":
            tolerance += 2.0 * math.ulp(max(map(abs, scores), default=0.0))
        link = head.link
    else:
        # Scores are the probabilities, or each member's link made of its scores what is counted in there already.
        return tolerance + (apart[0] if apart else 0.0)
    if not apart or apart[0] == 0.0:
        return tolerance
    if link == "modified_huber" and len(scores) > 1:
        return math.inf
    if link in ("ovr", "ovr_zeros") and max(scores) < -700.0:
        return math.inf  # every σ is near the end of float64's range, where its relative error has no bound
    steepest = 0.5 if link in ("softmax_pair", "modified_huber") else 0.25
    return tolerance + steepest * sum(apart[:2])


def _uncertain_logarithm(pipeline: Pipeline, max_count: float) -> bool:
    """Whether a logarithm is taken of a large count, or of a number that is no count any more."""
    if max_count > EXACT_COUNTS:
        return bool(stages_of(pipeline, SublinearTf))
    return any(
        isinstance(transform, SublinearTf) and (position > 0 or not isinstance(part.front, Vectorizer))
        for part in _pipelines(pipeline)
        for position, transform in enumerate(part.transforms)
    )


def _pipelines(pipeline: Pipeline) -> Iterator[Pipeline]:
    """The pipeline and all within it."""
    yield pipeline
    for stage in (pipeline.front, *pipeline.transforms):
        if isinstance(stage, Union):
            for branch in stage.branches:
                yield from _pipelines(branch)
    for member in members(pipeline.head):
        yield from _pipelines(member)


def _outside_range(coef: Sequence[float]) -> float | None:
    """A coefficient other than 0 that float32 holds only as a subnormal or not at all."""
    greatest = max(coef, default=0.0)
    least = min(coef, default=0.0)
    for value in (greatest, least):
        if not abs(value) <= _LARGEST:
            return value
    return next((value for value in coef if -_SMALLEST < value < _SMALLEST and value != 0.0), None)


def _rounding_errors(column: array[float]) -> array[float]:
    """float32(w) − w of each weight, exact."""
    if sys.platform == "emscripten":
        return array("d", map(sub, array("f", column), column))
    import numpy as np

    wide = np.frombuffer(column)
    return array("d", (wide.astype(np.float32).astype(np.float64) - wide).tobytes())


def _dual_norm(values: array[float], parts: Sequence[_Part]) -> float:
    """The most that a row of these parts can make of the values; never too small."""
    return sum(part.size * _norm(values[part.start : part.stop], part.norm) for part in parts) * (1.0 + 1e-9)


def _norm(values: array[float], norm: Literal["l1", "l2"] | None) -> float:
    """‖values‖₂ against rows of l2 norm, max|value| against rows of l1 norm."""
    if norm == "l1":
        return max(max(values, default=0.0), -min(values, default=0.0))
    return math.sqrt(math.fsum(map(mul, values, values))) * (1.0 + 1e-9)


def _greatest_pair(errors: list[array[float]], parts: Sequence[_Part]) -> float | None:
    """max over pairs of classes of the bound of the difference of their errors; None where that has no simple form.

    Parts of l2 norm are together one of l2 norm, whose size is the root of the sum of their squares.
    """
    if sys.platform == "emscripten" or any(part.norm != "l2" for part in parts):
        return None
    import numpy as np

    table = np.array([np.frombuffer(error) for error in errors])
    gram = table @ table.T
    squares = np.diag(gram)[:, None] + np.diag(gram)[None, :] - 2.0 * gram
    # The subtraction cancels: its error is at most a few ulp of what it is taken from, for any order of summation.
    slack = 8.0 * (table.shape[1] + 8) * _UNIT * float(np.diag(gram).max())
    size = math.sqrt(math.fsum(part.size * part.size for part in parts))
    return size * math.sqrt(float(squares.max()) + slack) * (1.0 + 1e-9)
