"""Counts of events after participants leave: imputed from a negative binomial model, given how many they had before.

A participant has a rate of his or her own, gamma distributed around the mean of the arm. The events of the time that
was seen say what that rate is like, and those of the time that was not seen are drawn with it: at the rates of the own
arm (MAR), at those of the reference arm from then on (J2R), or as if the participant had been in the reference arm all
along (CR). Of the difference between the two rates a share may be kept after a jump.

A rate is constant here, so that copying increments is no strategy of its own: the events that the reference has are
those of J2R, and a rate that goes on in parallel with the reference's is that of MAR.

Source: Keene, Roger, Hartley & Kenward, Pharm Stat 2014, 13:258-264.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import OptionError, check_known, check_option
from coxa.impute.imputations import BLOCK
from coxa.models import GLMFit
from coxa.models.design.rows import check_frame

CountStrategy = Literal["mar", "j2r", "cr"]


@dataclass(frozen=True, slots=True, repr=False)
class CountImputations(Carded):
    """M imputed data sets of the events of n participants over the time that was planned.

    data     : (n rows) as given
    columns  : the columns of the count, of the time seen and of the time planned
    counts   : (n,) events that were seen
    rest     : (n,) time that was not seen, 0 where all was
    before   : (M, n) mean events of the time seen, by which the participant's own rate is judged
    after    : (M, n) mean events of the time not seen
    dispersion : (M,) alpha of the variance mu + alpha mu^2
    seed     : of the imputed counts
    arm      : the column of the arm

    Examples
    --------
    >>> d = pd.DataFrame({"falls": [1, 0], "seen": [0.5, 1.0], "year": 1.0})
    >>> means = np.array([[0.5, 1.0]] * 3), np.array([[0.5, 0.0]] * 3)
    >>> sets = CountImputations(
    ...     d, ("falls", "seen", "year"), np.array([1.0, 0.0]), np.array([0.5, 0.0]), *means, np.full(3, 0.4), 1
    ... )
    >>> bool((next(sets.blocks())[:, 1] == 0).all()), next(sets.frames())["imputed"].tolist()
    (True, [True, False])
    """

    data: pd.DataFrame = field(repr=False)
    columns: tuple[str, str, str]
    counts: np.ndarray = field(repr=False)
    rest: np.ndarray = field(repr=False)
    before: np.ndarray = field(repr=False)
    after: np.ndarray = field(repr=False)
    dispersion: np.ndarray = field(repr=False)
    seed: int
    arm: str = "arm"

    @property
    def size(self) -> int:
        """Number of data sets M."""
        return len(self.before)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the events over the planned time of up to `BLOCK` data sets at a time, (b, n)."""
        seeds = np.random.SeedSequence(self.seed).spawn(-(-self.size // BLOCK))
        for k, seed in enumerate(seeds):
            some = slice(k * BLOCK, (k + 1) * BLOCK)
            rng = np.random.default_rng(seed)
            yield self.counts + more_events(
                self.counts, self.before[some], self.after[some], self.dispersion[some, None], rng
            )

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield one data set after the other, with the planned time in place of the time seen."""
        count, seen, planned = self.columns
        for block in self.blocks():
            for values in block:
                yield self.data.assign(
                    **{count: values, seen: self.data[planned].to_numpy(dtype=float), "imputed": self.rest > 0}
                )


def more_events(
    counts: np.ndarray, before: np.ndarray, after: np.ndarray, dispersion: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the events of the time not seen (b, n), given those of the time seen (n,).

    The participant's own rate over that of the arm is gamma with shape 1/alpha + y and rate 1/alpha + mu, and 1 where
    alpha is 0. Events are drawn by quantiles, so that with the same seed they rise with the mean and nothing
    else moves.
    """
    gone = np.flatnonzero((after > 0).any(axis=0))
    safe = np.where(dispersion > 0, dispersion, 1.0)
    size = (len(before), len(gone))
    own = rng.gamma(np.broadcast_to(1 / safe + counts[gone], size)) / (1 / safe + before[:, gone])
    mean = np.where(dispersion > 0, own, 1.0) * after[:, gone]
    more = np.zeros(before.shape)
    more[:, gone] = stats.poisson.ppf(rng.random(size), mean)
    return more


@kinds(data=FRAME)
def impute_counts(
    fit: GLMFit,
    data: pd.DataFrame,
    planned: str,
    *,
    reference: str | Mapping[str, str],
    strategy: CountStrategy | Mapping[str, CountStrategy] = "mar",
    event: str | None = None,
    keeps: float = 0.0,
    arm: str = "arm",
    factor: float | Mapping[str, float] = 1.0,
    draws: int = 200,
    seed: int = 1,
) -> CountImputations:
    """Impute the events of the time that participants were not seen.

    Parameters
    ----------
    fit : GLMFit
        Of `coxa.models.fit_glm`, negative binomial or Poisson, with the time seen as `exposure`; without one the count
        of a participant is known or not, and columns `seen` and `planned` of the data are 1, or 0 and 1.
    data : DataFrame
        One row per participant, with the columns of the model. Not changed.
    planned : str
        Column of the planned time, in the unit of the time seen and at least as long.
    reference : str or mapping
        The reference arm, or arm -> its reference arm.
    strategy : {"mar", "j2r", "cr"} or mapping
        At which rates participants go on after they left; kind of event -> strategy, with `event`.
    event : str, optional
        Column that says after which kind of event a participant is not seen.
    keeps : float
        Of `j2r`, the share of the difference between the rates of the own arm and the reference arm that is kept after
        leaving, 0 to 1: 0 is a jump to reference, 1 missing at random.
    arm : str
        Column of the arm, a factor of the model.
    factor : float or mapping
        What the rates after leaving are multiplied by, or arm -> factor: above 1 for more events than the strategy
        says.
    draws : int
        Imputed data sets. Coefficients and the logarithm of the dispersion are drawn from normal distributions with the
        covariance of the fit, which are independent.
    seed : int

    Returns
    -------
    CountImputations
        `analyse_rates` or `analyse_each` analyses them; the time seen is then the time planned.

    Raises
    ------
    OptionError
        A column, an arm or a kind of event is unknown, the model has another family, or a planned time is shorter than
        the time seen.

    Examples
    --------
    >>> from coxa.impute import analyse_rates, pool_imputations
    >>> from coxa.models import fit_glm
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": range(200), "arm": ["new", "old"] * 100, "year": 1.0})
    >>> d["seen"] = np.where(rng.random(200) < 0.3, 0.5, 1.0)
    >>> d["falls"] = rng.poisson(d["seen"] * np.where(d["arm"] == "new", 1.0, 2.0) * rng.gamma(2, 0.5, 200))
    >>> fit = fit_glm("falls ~ arm", d, family="negative_binomial", exposure="seen")
    >>> imputed = impute_counts(fit, d, "year", reference="old", strategy="j2r", draws=10)
    >>> pool_imputations(analyse_rates(imputed, "~ arm", against="old")).labels["term"].tolist()
    ['rate', 'rate', 'rate_ratio', 'rate_difference']
    """
    data = check_frame(data).reset_index(drop=True)
    words = _words(data, strategy, event)
    if fit.family not in ("negative_binomial", "poisson"):
        raise OptionError(
            "Events are imputed from a negative binomial or Poisson model with the time seen as `exposure`. Fit one by "
            "coxa.models.fit_glm."
        )
    if arm not in fit.design.levels:
        raise OptionError(f"The arm, '{arm}', is not a factor of the model. Name its column in `arm`.")
    levels = [str(level) for level in fit.design.levels[arm]]
    own_arm = data[arm].astype(str)
    others = dict.fromkeys(levels, reference) if isinstance(reference, str) else dict(reference)
    for name in (*others, *others.values()):
        check_known("arm", name, levels)
    factors = dict.fromkeys(levels, factor) if isinstance(factor, int | float) else dict(factor)
    if draws < 2 or not all(each > 0 for each in factors.values()):
        raise OptionError(f"`draws` is {draws} and `factor` {factor}. Give 2 or more draws, and factors above 0.")
    if not 0 <= keeps <= 1:
        raise OptionError(f"`keeps` is {keeps}. Give a share between 0 and 1.")
    count, seen = fit.outcome, str(fit.spec.exposure or SEEN)
    for name in (count, seen, planned, arm):
        check_known("column", name, [str(column) for column in data.columns])
    time, whole = _times(data, seen, planned)
    rng = np.random.default_rng(seed)
    beta = rng.multivariate_normal(fit.params.to_numpy(), fit.covariance.to_numpy(), draws, method="cholesky")
    dispersion = np.full(draws, fit.dispersion)
    if fit.dispersion > 0:
        dispersion = fit.dispersion * np.exp(rng.standard_normal(draws) * fit.dispersion_error / fit.dispersion)
    instead = own_arm.map(others).fillna(own_arm)
    places = [levels.index(name) for name in instead]
    as_reference = pd.Categorical.from_codes(places, pd.Index(list(fit.design.levels[arm])))
    own = np.exp(beta @ fit.design.rows(data).T)
    other = np.exp(beta @ fit.design.rows(data.assign(**{arm: as_reference})).T)
    rest = np.maximum(whole - time, 0.0)
    kept = np.where(words == "mar", 1.0, np.where(words == "j2r", keeps, 0.0))
    times = own_arm.map(factors).fillna(1.0).to_numpy(dtype=float)
    return CountImputations(
        data=data,
        columns=(count, seen, planned),
        counts=np.where(time > 0, data[count].fillna(0).to_numpy(dtype=float), 0.0),
        rest=rest,
        before=np.where(words == "cr", other, own) * time,
        after=(kept * own + (1 - kept) * other) * rest * times,
        dispersion=dispersion,
        seed=seed + 1,
        arm=arm,
    )


SEEN = "seen"
"""Column of the time seen where the model has no exposure."""


def _words(data: pd.DataFrame, strategy: str | Mapping[str, CountStrategy], event: str | None) -> np.ndarray:
    """Return the strategy of each row (n,)."""
    if isinstance(strategy, str):
        check_option("strategy", strategy, get_args(CountStrategy))
        return np.full(len(data), strategy, dtype=object)
    for word in strategy.values():
        check_option("strategy", word, get_args(CountStrategy))
    if event is None:
        raise OptionError("`strategy` names kinds of events. Name the column of the kind in `event`.")
    kinds_of = data[check_known("column", event, [str(column) for column in data.columns])].astype(str)
    for kind in kinds_of.unique():
        check_known("kind of event", kind, list(strategy))
    return kinds_of.map(dict(strategy)).to_numpy(dtype=object)


def _times(data: pd.DataFrame, seen: str, planned: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the time seen and the time planned of each row (n,)."""
    time, whole = data[seen].to_numpy(dtype=float), data[planned].to_numpy(dtype=float)
    wrong = ~(np.isfinite(time) & np.isfinite(whole) & (whole >= time - 1e-9 * np.abs(whole)) & (time >= 0))
    if wrong.any():
        raise OptionError(
            f"The planned time of {int(wrong.sum())} participants is shorter than the time seen, or one of them is "
            f"missing. Correct column '{planned}' or '{seen}'."
        )
    return time, whole
