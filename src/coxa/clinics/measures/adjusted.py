"""Clinics and therapists after the case mix: residuals, limits, predictions, and what their numbers could show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.audit.casemix.nested import NestedFit
from coxa.audit.dispersion import Dispersion
from coxa.audit.funnel import POSITIONS, funnel_means
from coxa.audit.limits import Floats, normal_quantile
from coxa.audit.shrinkage import smallest_difference
from coxa.audit.tipping import tipping_means
from coxa.clinics.measures.design import INTAKE
from coxa.study.audit.plan import CLINIC, THERAPIST

LIMITS = ("low_95", "high_95", "low_99.8", "high_99.8")
NUMBERS = (
    "n", "n_lost", "intake", "change", "expected", "residual", "std_error", "adjusted", *LIMITS, "position",
    "position_95", "reliability", "shrunken", "shrunken_low", "shrunken_high", "smallest", "weighted", "lost_low",
    "lost_high",
)  # fmt: skip
CLINICS, THERAPISTS = (CLINIC, *NUMBERS), (CLINIC, THERAPIST, *NUMBERS)


@dataclass(frozen=True, slots=True)
class Units:
    """Clinics, or therapists, as the model has them: one entry each.

    names    : columns clinic, or clinic and therapist
    n        : episodes
    change, intake, residual : means
    effect, error, reliability : prediction, root of its error variance, reliability
    """

    names: pd.DataFrame
    n: Floats
    change: Floats
    intake: Floats
    residual: Floats
    effect: Floats
    error: Floats
    reliability: Floats


@dataclass(frozen=True, slots=True)
class Means:
    """What means of the model are turned back by: mean change and mean intake score of all."""

    change: float
    intake: float


def clinics_of(fit: NestedFit, means: Means) -> Units:
    """Return the clinics of a model."""
    frame, sums = fit.clinics(), fit.sums
    n = frame["n"].to_numpy(dtype=float)
    change, intake = sums.by_clinic(sums.y) / n, sums.by_clinic(_intake(fit)) / n
    own = [frame[name].to_numpy() for name in ("residual", "effect", "std_error", "reliability")]
    return Units(frame[[CLINIC]], n, change + means.change, intake + means.intake, *own)


def therapists_of(fit: NestedFit, means: Means) -> Units:
    """Return the therapists of a model; a prediction is that of clinic and therapist together."""
    frame, sums = fit.therapists(), fit.sums
    n = frame["n"].to_numpy(dtype=float)
    own = [frame[name].to_numpy() for name in ("residual", "together", "together_error", "together_reliability")]
    change, intake = sums.y / n + means.change, _intake(fit) / n + means.intake
    return Units(frame[[CLINIC, THERAPIST]], n, change, intake, *own)


def _intake(fit: NestedFit) -> Floats:
    """Return the sums of the intake score less its mean; 0 where all patients have the same."""
    sums = fit.sums
    return sums.x[:, sums.names.index(INTAKE)] if INTAKE in sums.names else np.zeros(len(sums.n))


def adjusted(units: Units, *, sd: float, target: float, lost: pd.DataFrame) -> tuple[pd.DataFrame, Dispersion | None]:
    """Return one row per unit, but for the column `weighted`, and the over-dispersion of the residuals.

    Parameters
    ----------
    units
        Clinics or therapists.
    sd
        Standard deviation of patients.
    target
        Mean change of all.
    lost
        The columns of the units' names, and `lost`: episodes that were due and whose change is not known.
    """
    errors = sd / np.sqrt(units.n)
    several = len(units.n) > 1
    # extreme units must not hide themselves in the dispersion that they make, so that z scores are winsorised
    funnel = funnel_means(
        units.residual, errors, target=0.0, adjust="additive" if several else "none", screen="winsorised"
    )
    tau2 = funnel.dispersion.tau2 if funnel.dispersion else 0.0
    frame = units.names.merge(lost, how="left", on=list(units.names.columns), validate="one_to_one")
    n_lost = frame.pop("lost").fillna(0).astype(int)
    value = target + units.residual
    tipping = tipping_means(value, units.n, n_lost, sd=sd, target=target, tau2=tau2)
    half = normal_quantile(0.95) * units.error
    frame = frame.assign(
        n=units.n.astype(int), n_lost=n_lost, intake=units.intake, change=units.change,
        expected=units.change - units.residual, residual=units.residual, std_error=errors, adjusted=value,
    )  # fmt: skip
    for name in LIMITS:
        frame[name] = target + funnel.frame[name.replace(".", "_")].to_numpy()
    frame["position"] = funnel.frame["position"].to_numpy()
    frame["position_95"] = np.array(POSITIONS, dtype=object)[funnel.outliers(0.95) + 1]
    frame = frame.assign(
        reliability=units.reliability, shrunken=target + units.effect, shrunken_low=target + units.effect - half,
        shrunken_high=target + units.effect + half, smallest=smallest_difference(errors, tau2=tau2),
        weighted=np.nan, lost_low=tipping["lost_mean_low"].to_numpy(), lost_high=tipping["lost_mean_high"].to_numpy(),
    )  # fmt: skip
    return frame[[*units.names.columns, *NUMBERS]], funnel.dispersion


def weighted_means(fit: NestedFit, change: float, *, by_therapist: bool) -> pd.Series:
    """Return the adjusted means of a weighted model: the weighted mean of all and the unit's weighted mean residual."""
    sums = fit.sums
    middle = change + float(sums.y.sum() / sums.weight.sum())
    frame = fit.therapists() if by_therapist else fit.clinics()
    return frame.set_index([CLINIC, THERAPIST] if by_therapist else CLINIC)["residual"] + middle
