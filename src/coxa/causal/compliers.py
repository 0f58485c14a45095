"""The complier average causal effect of a randomised trial, and what is left of it without its assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.causal.instrumental import InstrumentalEffect, IVVcov, instrumental_effect
from coxa.errors import DataError, FitError, OptionError, not_allowed
from coxa.findings import Finding, Findings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class ComplierEffect(Carded):
    """The effect of a treatment in those who receive it where it is allocated, and not otherwise.

    effect      : by two-stage least squares; `effect.reduced` is the effect of allocation in everybody
    compliers, always, never : shares of the participants with an outcome
    received    : arm -> (participants, those who received the treatment)
    bounds      : lowest and highest effect in compliers that the data allow without the exclusion restriction, not
                  adjusted and without sampling error; NaN where there are too few compliers
    direct      : effect of allocation in the others at which compliers would have none; NaN where all comply
    arm, reference : compared

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aabb") * 3, "got": [0, 0, 1, 0] * 3})
    >>> d["y"] = [1.0, 2, 4, 2, 1, 3, 5, 3, 2, 2, 2, 2]
    >>> found = complier_effect(d, "y", "got", against="a")
    >>> found.received, found.never, tuple(round(limit, 2) for limit in found.bounds)
    ({'b': (6, 3), 'a': (6, 0)}, 0.5, (1.33, 2.33))
    """

    effect: InstrumentalEffect
    compliers: float
    always: float
    never: float
    received: dict[str, tuple[int, int]]
    bounds: tuple[float, float]
    direct: float
    arm: str
    reference: str

    @property
    def one_sided(self) -> bool:
        """Whether no participant of the reference arm received the treatment."""
        return self.received[self.reference][1] == 0

    def at_direct(self, direct: float) -> float:
        """Return the effect in compliers if allocation had this effect in all others.

        Examples
        --------
        >>> d = pd.DataFrame({"arm": list("aabb") * 3, "got": [0, 0, 1, 0] * 3})
        >>> d["y"] = [1.0, 2, 4, 2, 1, 3, 5, 3, 2, 2, 2, 2]
        >>> found = complier_effect(d, "y", "got", against="a")
        >>> round(found.at_direct(0.0) - found.effect.estimate, 9), round(found.at_direct(found.direct), 9)
        (0.0, 0.0)
        """
        share = self.effect.first
        return float((self.effect.reduced - (1 - share) * direct) / share)


@kinds(data=FRAME)
def complier_effect(
    data: pd.DataFrame,
    outcome: str,
    received: str,
    arm: str = "arm",
    against: str | None = None,
    *,
    compare: str | None = None,
    adjust: Sequence[str] = (),
    vcov: IVVcov = "HC1",
    participant: str = "participant_id",
    conf_level: float = 0.95,
) -> ComplierEffect:
    """Estimate the complier average causal effect of one arm against another.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed; rows without outcome, arm, receipt or a covariate are left out.
    outcome : str
        A number, or 0 and 1, of which the effect is a difference in proportions.
    received : str
        1 where the treatment of the arm was received, 0 where not: by sessions attended, for example.
    arm : str
        Column of the arms allocated.
    against : str, optional
        The reference arm; the first of two unless given.
    compare : str, optional
        The arm whose treatment is meant; needed where there are more than two.
    adjust : sequence of str
        Covariates of before randomisation.
    vcov : {"model", "HC0", "HC1", "HC3"}
        As in `coxa.causal.instrumental_effect`.
    participant : str
        Column that names the rows of an error; need not be there.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    ComplierEffect
        Arm less reference, in units of the outcome.

    Raises
    ------
    OptionError
        A column or an arm is not there.
    DataError
        `received` is something other than 0 and 1 in some row.
    FitError
        Arms do not differ in what was received, or an arm has fewer than two participants.

    Notes
    -----
    Angrist, Imbens & Rubin, JASA 1996, 91:444-455. The bounds drop the exclusion restriction and keep monotonicity:
    those allocated to the arm who received the treatment are compliers and always-takers in known shares, so that the
    mean of compliers is between those of the lowest and the highest values of that share (Horowitz & Manski,
    Econometrica 1995, 63:281-302); in the reference arm likewise with never-takers.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": ["usual"] * 4 + ["exercise"] * 4, "came": [0, 0, 0, 0, 1, 1, 0, 1]})
    >>> d["y"] = [1.0, 2, 3, 2, 5, 6, 2, 5]
    >>> found = complier_effect(d, "y", "came", against="usual")
    >>> round(found.effect.estimate, 3), found.compliers, found.one_sided
    (3.333, 0.75, True)
    """
    frame, own, reference = two_arms(data, arm, against, compare)
    _check_received(frame, received, participant)
    frame = frame.assign(assigned=(frame[arm].astype(str) == own).astype(float))
    found = instrumental_effect(frame, outcome, received, "assigned", adjust=adjust, vcov=vcov, conf_level=conf_level)
    used = frame[found.complete]
    z, d = used["assigned"].to_numpy(dtype=float), used[received].to_numpy(dtype=float)
    y = used[outcome].to_numpy(dtype=float)
    if min((z == 1).sum(), (z == 0).sum()) < 2:
        raise FitError("an arm has fewer than two participants with an outcome", ["Look at what was left out."])
    always, with_treatment = float(d[z == 0].mean()), float(d[z == 1].mean())
    counts = {name: (int((z == k).sum()), int(d[z == k].sum())) for name, k in ((own, 1), (reference, 0))}
    share = with_treatment - always
    return ComplierEffect(
        effect=found,
        compliers=share,
        always=always,
        never=1 - with_treatment,
        received=counts,
        bounds=_bounds(y, z, d, share, always, 1 - with_treatment),
        direct=float(found.reduced / (1 - found.first)) if found.first < 1 - 1e-9 else float("nan"),
        arm=own,
        reference=reference,
    )


def two_arms(data: pd.DataFrame, arm: str, against: str | None, compare: str | None) -> tuple[pd.DataFrame, str, str]:
    """Return the rows of the two arms that are compared, and their names."""
    if arm not in data:
        raise OptionError(f"The data have no column '{arm}'. Name that of the arms.")
    labels = data[arm]
    names = [
        str(name) for name in (labels.cat.categories if hasattr(labels, "cat") else sorted(labels.dropna().unique()))
    ]
    present = [name for name in names if (labels.astype(str) == name).any()]
    reference = present[0] if against is None else str(against)
    if reference not in present:
        raise OptionError(not_allowed("against", reference, present))
    others = [name for name in present if name != reference]
    if compare is None and len(others) != 1:
        raise OptionError(f"There are {len(others)} arms beyond {reference}. Name one of them as `compare`.")
    own = others[0] if compare is None else str(compare)
    if own not in others:
        raise OptionError(not_allowed("compare", own, others))
    return data[labels.astype(str).isin([own, reference])], own, reference


def _check_received(frame: pd.DataFrame, received: str, participant: str) -> None:
    """Raise DataError for rows whose receipt is something other than 0 and 1."""
    if received not in frame:
        raise OptionError(f"The data have no column '{received}'. Name the one that says who received the treatment.")
    values = frame[received]
    wrong = values.notna() & ~values.isin([0, 1])
    if not wrong.any():
        return
    findings = [
        Finding(
            severity="error",
            table="data",
            rule=f"{received} is neither 0 nor 1",
            remedy="Write 1 where the treatment was received, and 0 where it was not.",
            row=place,
            participant_id=str(frame[participant].iloc[place]) if participant in frame else None,
            field=received,
            value=str(values.iloc[place]),
        )
        for place in map(int, np.flatnonzero(wrong))
    ]
    raise DataError("who complied is not known", Findings.of(findings))


def _bounds(y: Floats, z: Floats, d: Floats, share: float, always: float, never: float) -> tuple[float, float]:
    """Return the lowest and the highest effect in compliers without the exclusion restriction."""
    treated, untreated = y[(z == 1) & (d == 1)], y[(z == 0) & (d == 0)]
    if share <= 0 or not len(treated) or not len(untreated):
        return float("nan"), float("nan")
    low1, high1 = _trimmed(treated, share / (share + always))
    low0, high0 = _trimmed(untreated, share / (share + never))
    return low1 - high0, high1 - low0


def _trimmed(values: Floats, share: float) -> tuple[float, float]:
    """Return the mean of the lowest and of the highest values that make up a share of all; the last one counts in part.

    Examples
    --------
    >>> _trimmed(np.array([1.0, 2.0, 3.0, 4.0]), 0.5), _trimmed(np.array([1.0, 2.0, 3.0]), 0.5)
    ((1.5, 3.5), (1.3333333333333333, 2.6666666666666665))
    """
    ordered = np.sort(values)
    weights = np.clip(share * len(ordered) - np.arange(len(ordered)), 0.0, 1.0)
    return float(weights @ ordered / weights.sum()), float(weights @ ordered[::-1] / weights.sum())


def received_at_least(dose: Any, at_least: float, got_arm: Any) -> Floats:
    """Return 1 where the treatment of an arm was received, 0 where not, NaN where it is not known.

    Parameters
    ----------
    dose : (n,) array_like
        Sessions attended, minutes or share; NaN where not recorded.
    at_least : float
        From which dose on the treatment counts as received.
    got_arm : (n,) array_like of bool
        Whether the treatment that was given is that of the arm meant.

    Returns
    -------
    (n,) array

    Examples
    --------
    >>> received_at_least([6, 2, 8, float("nan")], 4, [True, True, False, True]).tolist()
    [1.0, 0.0, 0.0, nan]
    """
    values, own = np.asarray(dose, dtype=float), np.asarray(got_arm, dtype=bool)
    return np.where(own, np.where(np.isnan(values), np.nan, (values >= at_least).astype(float)), 0.0)
