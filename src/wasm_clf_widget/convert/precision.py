"""Which weights may be rounded to float32, with the proof; and how far a score may then be from the source's.

**What is proved.** Let a text have the feature row x as scikit-learn computes it, with n ≤ F stored entries, and let
δ_ik = float32(w_ik) − w_ik be the rounding errors of the coefficients, exact in float64. The engine's score differs
from the source's by

    Δs_k = Σᵢ xᵢ·δ_ik + r_k,

where r_k collects all float64 rounding: both sums in whatever order, the transforms computed in whatever order, the
addition of the intercept. The last transform is a norm, so ‖x‖₂ ≤ 1 (l2) or ‖x‖₁ ≤ 1 (l1), up to rounding. Then

- by Cauchy-Schwarz |Σ xᵢ·δ_ik| ≤ ‖δ_k‖₂ (l2), and by Hölder ≤ max|δ_ik| (l1); for the difference of two classes the
  same holds with δ_k − δ_j. Call these D_k and D_kj, and W_k the same norm of w_k itself;
- a sum of n products has an error of at most γ_n·Σ|xᵢwᵢ| ≤ γ_n·W_k for any order (γ_n = nu/(1 − nu), u = 2⁻⁵³), each
  of the m transforms changes an entry by a relative error of at most (n + 16)·u (the sum of squares, square root,
  quotient or logarithm), and the intercept adds u·(W_k + |b_k|). Both sides together:
  |r_k| ≤ R_k = 2·((m + 1)(n + 16) + 2)·u·1.01·(W_k + |b_k|). This needs features whose relative error is small, hence:
  a logarithm only of counts (as the first transform), and idf weights whose products neither overflow nor underflow
  when they are squared.

The links are differentiable between the two score vectors, so by the mean value theorem |Δp| is at most

- logistic ¼|Δs|; softmax_pair (σ(2s)) ½|Δs|; modified_huber of two classes ½|Δs|;
- softmax: ∂p_j/∂s_j = p_j(1 − p_j) and ∂p_j/∂s_k = −p_j·p_k, so Δp_j = p_j(1 − p_j)·(Δs_j − weighted mean of the other
  Δs_k) ≤ ¼·max over pairs |Δs_j − Δs_k|;
- ovr (p_j = σ_j/Σσ): ∂p_j/∂s_j = p_j(1 − p_j)(1 − σ_j) and ∂p_j/∂s_k = −p_j·p_k·(1 − σ_k), so |Δp_j| ≤
  p_j(1 − p_j)·(|Δs_j| + max|Δs_k|) ≤ ¼·(the two greatest |Δs| together). Where every σ could underflow (a score below
  −700) nothing is proved;
- modified_huber of more classes has no bound: near a row of zeros any small change decides.

To this comes (C + 64)·2⁻⁵² for evaluating the link itself. All norms are enlarged by 1e-9 for their own rounding.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Sequence
from operator import mul, sub
from typing import Literal

from ..errors import UnsupportedPipelineError
from ..model.numbers import doubles
from ..model.spec import Idf, LinearHead, Model, Norm, Normalize, SublinearTf, Transform, Weights
from ..model.tree import plain

AUTO_LIMIT = 1e-6
"""What ``weights="auto"`` lets float32 change in a probability."""

EXACT_COUNTS = 7_284
"""Up to this term frequency numpy's logarithm is the correctly rounded one on every processor."""

_UNIT = 2.0**-53
_SMALLEST = 2.0**-126
_LARGEST = float.fromhex("0x1.fffffep127")
_MANY_CLASSES = 512  # above this the pairs of classes are bounded one by one, which is looser but needs no C × C table


def choose_weights(
    transforms: Sequence[Transform],
    head: LinearHead,
    n_classes: int,
    requested: Literal["auto", "float64", "float32"] = "auto",
    *,
    step: str = "weights",
) -> tuple[Weights, float | None]:
    """(weights, bound): what to store, and the proved bound of the probability error for every text.

    The bound is 0 for float64 and None where nothing is proved for float32 (only when that was asked for).

    Raises:
        UnsupportedPipelineError: float32 is asked for, and a weight lies outside its normal range; or the request is
            none of the three.
    """
    if requested not in ("auto", "float64", "float32"):
        raise UnsupportedPipelineError(step, "weights", f"{requested!r} is not known", "'auto', 'float64' or 'float32'")
    if requested == "float64" or (requested == "auto" and not _provable(transforms, head)):
        return "float64", 0.0
    coef = doubles(head.coef)
    outside = _outside_range(coef)
    if outside is not None:
        if requested == "auto":
            return "float64", 0.0
        raise UnsupportedPipelineError(
            step,
            "weights",
            f"the coefficient {outside!r} lies outside float32's normal range, ±{_SMALLEST:.6g} to ±{_LARGEST:.6g}",
            "weights='float64' or 'auto'",
        )
    bound = probability_bound(transforms, head, n_classes)
    if requested == "auto" and not (bound is not None and bound <= AUTO_LIMIT):
        return "float64", 0.0
    return "float32", bound


def probability_bound(transforms: Sequence[Transform], head: LinearHead, n_classes: int) -> float | None:
    """Upper bound of every probability's error when ``coef`` is rounded to float32; None where nothing is proved."""
    if not _provable(transforms, head):
        return None
    last = transforms[-1]
    assert isinstance(last, Normalize)
    coef = doubles(head.coef)
    outputs = head.outputs
    n = len(coef) // outputs
    factor = 2.0 * ((len(transforms) + 1) * (n + 16) + 2) * _UNIT * 1.01
    errors: list[array[float]] = []
    deltas: list[float] = []
    rounding: list[float] = []
    lowest = math.inf
    for k in range(outputs):
        column = coef[k::outputs]
        error = array("d", map(sub, array("f", column), column))
        size = _norm(column, last.norm) + abs(head.intercept[k])
        errors.append(error)
        deltas.append(_norm(error, last.norm))
        rounding.append(factor * size)
        lowest = min(lowest, -size)
    scores = sorted(map(sum, zip(deltas, rounding, strict=True)), reverse=True)
    slack = (n_classes + 64) * 2.0**-52
    if head.link == "logistic":
        return 0.25 * scores[0] + slack
    if head.link in ("softmax_pair", "modified_huber"):
        return 0.5 * scores[0] + slack
    if head.link == "ovr":
        return None if lowest < -700.0 else 0.25 * (scores[0] + scores[1]) + slack
    # softmax: the two greatest together bound every pair; the pairs themselves are at most that, often ¾ of it.
    pairs = scores[0] + scores[1]
    if outputs <= _MANY_CLASSES:
        exact = _greatest_pair(errors, last.norm)
        if exact is not None:
            greatest = sorted(rounding, reverse=True)
            pairs = min(pairs, exact + greatest[0] + greatest[1])
    return 0.25 * pairs + slack


def score_tolerance(model: Model, features: Sequence[tuple[int, float]], *, max_count: float = math.inf) -> list[float]:
    """How far each of the K scores of one text may be from the source's, under what the file promises.

    Args:
        model: the model.
        features: the text's row, (index, value) after all transforms.
        max_count: the greatest term frequency in the text, or anything above it (its number of characters will do).
            Left out it counts as large, which matters for ``sublinear_tf`` alone.

    Returns:
        K numbers; 0 means: the same bits. float64: 0, or 1e-12·(1 + Σ|wᵢxᵢ|) where a logarithm is taken of a number
        that numpy rounds differently on different processors. float32: 2⁻²³·Σ|wᵢxᵢ| + 2⁻⁵²·|score|.
    """
    found = plain(model)
    assert found is not None
    _, transforms, head = found
    outputs = head.outputs
    single = model.weights == "float32"
    loose = not single and _uncertain_logarithm(transforms, max_count)
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


def probability_tolerance(model: Model, scores: Sequence[float], tolerances: Sequence[float]) -> float:
    """How far each probability of one text may be from the source's, given its scores and their tolerances.

    1e-14, of naive Bayes 2 ulp of the greatest |joint log-likelihood| more; where scores may differ, what the link
    makes of that (see the module's text), infinite where nothing is proved.
    """
    tolerance = 1e-14
    head = model.head
    assert isinstance(head, LinearHead)
    if head.kind == "naive_bayes":
        tolerance += 2.0 * math.ulp(max(map(abs, scores), default=0.0))
    apart = sorted(tolerances, reverse=True)
    if not apart or apart[0] == 0.0:
        return tolerance
    if head.link == "modified_huber" and head.outputs > 1:
        return math.inf
    if head.link == "ovr" and max(scores) < -700.0:
        return math.inf  # every σ is near the end of float64's range, where its relative error has no bound
    steepest = 0.5 if head.link in ("softmax_pair", "modified_huber") else 0.25
    return tolerance + steepest * sum(apart[:2])


def _provable(transforms: Sequence[Transform], head: LinearHead) -> bool:
    """Whether the argument above holds for this pipeline at all."""
    if head.link == "none" or (head.link == "modified_huber" and head.outputs > 1):
        return False
    if not transforms or not isinstance(transforms[-1], Normalize) or transforms[-1].norm == "max":
        return False
    if any(isinstance(transform, SublinearTf) for transform in transforms[1:]):
        return False
    low = high = 1.0
    for transform in transforms:
        if isinstance(transform, Idf):
            sizes = [abs(value) for value in doubles(transform.values) if value]
            low *= min(sizes, default=1.0)
            high *= max(sizes, default=1.0)
    return low >= 1e-100 and high <= 1e100


def _uncertain_logarithm(transforms: Sequence[Transform], max_count: float) -> bool:
    """Whether a logarithm is taken of a large count, or of a number that is no count any more."""
    for position, transform in enumerate(transforms):
        if isinstance(transform, SublinearTf) and (position > 0 or max_count > EXACT_COUNTS):
            return True
    return False


def _outside_range(coef: Sequence[float]) -> float | None:
    """A coefficient other than 0 that float32 holds only as a subnormal or not at all."""
    greatest = max(coef, default=0.0)
    least = min(coef, default=0.0)
    for value in (greatest, least):
        if not abs(value) <= _LARGEST:
            return value
    return next((value for value in coef if -_SMALLEST < value < _SMALLEST and value != 0.0), None)


def _norm(values: Sequence[float], norm: Norm) -> float:
    """‖values‖₂ against rows of l2 norm, max|value| against rows of l1 norm; never too small."""
    if norm == "l1":
        return max(max(values, default=0.0), -min(values, default=0.0))
    return math.sqrt(math.fsum(map(mul, values, values))) * (1.0 + 1e-9)


def _greatest_pair(errors: list[array[float]], norm: Norm) -> float | None:
    """max over pairs of classes of the norm of the difference of their errors; None without numpy (under Pyodide)."""
    if norm != "l2" or sys.platform == "emscripten":
        return None
    import numpy as np

    table = np.array([np.frombuffer(error) for error in errors])
    gram = table @ table.T
    squares = np.diag(gram)[:, None] + np.diag(gram)[None, :] - 2.0 * gram
    # The subtraction cancels: its error is at most a few ulp of what it is taken from, for any order of summation.
    slack = 8.0 * (table.shape[1] + 8) * _UNIT * float(np.diag(gram).max())
    return math.sqrt(float(squares.max()) + slack) * (1.0 + 1e-9)
