"""Scores that have bounds and steps: a normal variable behind them, and imputed values on the instrument's own steps.

A score is what is seen of a normal variable: the step that it is nearest to, the lowest or highest one where it is
beyond the range. An observed score says in which interval the variable is, and at the floor or the ceiling only on
which side. Coefficients and covariance are those of the variable, in units of the score, so that strategies and deltas
mean what they mean for a normal outcome; an imputed value is the step that an imputed variable is nearest to.

A yes or no has two steps (a multivariate probit model). It says nothing of the spread of the variable, which is drawn
under a proper prior; only means in standard deviations and correlations are identified, and imputed values depend on
nothing else. Strategies then act on the variable: after a jump to reference, a participant responds as the reference
arm does, given how he or she responded before.

Levels have an order and no distances: where they are on the variable is drawn too (`coxa.impute.cuts`).

Sources: Albert & Chib, JASA 1993, 88:669-679, for the draws; Tobin, Econometrica 1958, 26:24-36, for limits;
McCulloch & Rossi, J Econometrics 1994, 64:207-240, for drawing what is not identified.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from coxa.errors import OptionError, check_known
from coxa.impute.convergence import Convergence, effective_draws, split_rhat
from coxa.impute.cuts import Cuts
from coxa.impute.draws import Draws, bayesian, in_turn, planned, shown
from coxa.impute.gibbs import bartlett, inverse_wishart
from coxa.impute.outcomes import IncompleteOutcomes
from coxa.models import Fit
from coxa.models.design.matrix import orthonormal
from coxa.models.numerics.one_thread import one_thread

OFF_RANGE = 1e-9
"""Part of a step by which a score may be outside its range: rounding."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The values that a score can take: from `low` to `high` in steps of `step`.

    `equal` : False for the levels of an ordered outcome, whose distances on the variable behind them are estimated

    Raises
    ------
    OptionError
        The range is no whole number of steps, or empty.

    Examples
    --------
    >>> Steps(0, 10, 1).nearest(np.array([-3.0, 2.4, 2.6, 12.0])).tolist()
    [0.0, 2.0, 3.0, 10.0]
    >>> Steps(0, 100, 1.25).count
    81
    """

    low: float
    high: float
    step: float = 1.0
    equal: bool = True

    def __post_init__(self) -> None:
        number = (self.high - self.low) / self.step if self.step > 0 else 0.0
        if number < 1 or abs(number - round(number)) > 1e-6:
            raise OptionError(
                f"The range {self.low:g} to {self.high:g} is not a whole number of steps of {self.step:g}. Give the "
                "lowest and the highest score, and the smallest difference of two scores."
            )

    @property
    def count(self) -> int:
        """Number of values."""
        return round((self.high - self.low) / self.step) + 1

    @property
    def values(self) -> np.ndarray:
        """The values (count,), the lowest first."""
        return np.asarray(self.low + self.step * np.arange(self.count))

    def nearest(self, values: np.ndarray) -> np.ndarray:
        """Return the steps that values are nearest to, the lowest or highest beyond the range."""
        place = np.clip(np.rint((values - self.low) / self.step), 0, self.count - 1)
        return np.asarray(self.low + self.step * place)

    def interval(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return between which values the variable behind scores is; without limits where a score is missing.

        Raises
        ------
        OptionError
            A score is outside the range.
        """
        slack = OFF_RANGE * self.step
        wrong = (scores < self.low - slack) | (scores > self.high + slack)
        if wrong.any():
            raise OptionError(
                f"{int(wrong.sum())} scores are outside {self.low:g} to {self.high:g}, such as {scores[wrong][0]:g}. "
                "Correct them or the range. Of changes from baseline give the column of the baseline."
            )
        half = self.step / 2
        missing = np.isnan(scores)
        low = np.where(missing | (scores <= self.low + slack), -np.inf, scores - half)
        high = np.where(missing | (scores >= self.high - slack), np.inf, scores + half)
        return low, high


def baseline_of(outcomes: IncompleteOutcomes, baseline: str | None) -> np.ndarray:
    """Return what was taken off each participant's scores, (n, 1): the baseline of changes, else 0."""
    if baseline is None:
        return np.zeros((len(outcomes.arm), 1))
    check_known("covariate of the model", baseline, [str(name) for name in outcomes.people.columns])
    return outcomes.people[baseline].to_numpy(dtype=float)[:, None]


def draw_scores(
    fit: Fit,
    outcomes: IncompleteOutcomes,
    steps: Steps,
    draws: int = 1000,
    *,
    baseline: str | None = None,
    seed: int = 1,
    chains: int = 10,
    burn_in: int = 200,
    thin: int = 5,
) -> Draws:
    """Draw the parameters of a normal variable behind scores, and its values where scores were observed.

    Parameters
    ----------
    fit : Fit
        Of `coxa.models.fit_mmrm` to the scores, unstructured; the chains begin there.
    outcomes : IncompleteOutcomes
        The scores with their gaps.
    steps : Steps
        The values that a score can take.
    draws : int
    baseline : str, optional
        Column of the score at baseline where the outcome is the change from it. It is a covariate of the model.
    seed, chains, burn_in, thin : int
        As of `draw_parameters`.

    Returns
    -------
    Draws
        With the values of the normal variable of participants with gaps; `impute_scores` needs them.

    Raises
    ------
    OptionError
        A score is outside its range, the model is of another kind, or levels without distances have a baseline.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.impute import incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["pain"] = Steps(0, 10).nearest(3 + 2 * rng.normal(size=60)[who] + 2 * rng.normal(size=120))
    >>> d.loc[[1, 3, 81], "pain"] = np.nan
    >>> fit = fit_mmrm("pain ~ arm * visit", d)
    >>> drawn = draw_scores(fit, incomplete_outcomes(fit, d, reference="b"), Steps(0, 10), 100)
    >>> drawn.size, drawn.latent.shape
    (100, (100, 3, 2))
    """
    if fit.structure != "us" or fit.group is not None:
        raise OptionError(
            "Scores are drawn with one unstructured covariance of all arms. Fit the model with covariance='us' and "
            "without `group`."
        )
    if not steps.equal and baseline is not None:
        raise OptionError("Levels without distances have no change from a baseline. Remove `baseline`.")
    shift = baseline_of(outcomes, baseline)
    low, high = (limit - shift for limit in steps.interval(outcomes.y + shift))
    gaps = outcomes.missing.any(axis=1)
    ran = planned(draws, chains, burn_in, thin)
    chains, length = ran.chains, ran.kept * ran.thin
    rng = np.random.default_rng(seed)
    beta = np.empty((chains, length, len(fit.params)))
    covariance = np.empty((chains, length, 1, *fit.covariance.shape))
    latent = np.empty((chains, ran.kept, int(gaps.sum()), outcomes.y.shape[1]), dtype=np.float32)
    cuts = None if steps.equal else Cuts.started(steps.low, steps.count, outcomes.y, chains, steps.step)
    places = np.empty((chains, length, steps.count - 1 if cuts else 0))
    with one_thread():
        chain = LatentChains.started(fit, outcomes, chains, rng, prior_of(steps, fit))
        for k in range(-burn_in, length):
            if cuts is not None:
                low, high = cuts.limits()
            chain.advance(low, high, rng)
            if cuts is not None:
                cuts.advance(chain, rng, adapt=k < 0)
            if k < 0:
                continue
            beta[:, k], covariance[:, k, 0] = chain.beta @ chain.back.T, chain.covariance
            latent[:, k // thin] = chain.values[:, gaps]
            if cuts is not None:
                places[:, k] = cuts.values
    known = standardised(outcomes, beta, covariance, steps.low + steps.step / 2) if steps.count == 2 else None
    seen = shown(fit, beta, covariance, ran, 1.0, known)
    if places.shape[2] > 2:
        seen = less_known(seen, places[:, :, 1:-1])
    drawn = replace(bayesian(draws, beta, covariance, seen), latent=in_turn(latent, ran.kept, draws))
    return drawn if cuts is None else replace(drawn, cuts=in_turn(places, ran.kept, draws))


def less_known(seen: Convergence, places: np.ndarray) -> Convergence:
    """Return what chains show with their cut points (chains, steps, k) among the parameters."""
    every = places.shape[1] // seen.kept
    rhat, ess = split_rhat(places), float(effective_draws(places[:, every - 1 :: every]).min())
    worst = int(np.argmax(rhat))
    seen = replace(seen, ess=min(seen.ess, ess))
    return replace(seen, rhat=float(rhat[worst]), worst=f"cut point {worst + 2}") if rhat[worst] > seen.rhat else seen


def prior_of(steps: Steps, fit: Fit) -> tuple[int, float]:
    """Return degrees of freedom and scale of the inverse Wishart prior: Jeffreys' (0, 0), or a proper one of two steps.

    Each visit's spread takes the coefficients of that visit with it, so that it needs as many degrees of freedom more.
    """
    if steps.count > 2:
        return 0, 0.0
    m, p = len(fit.covariance), len(fit.params)
    return m + 1 + -(-p // m), steps.step**2


def standardised(
    outcomes: IncompleteOutcomes, beta: np.ndarray, covariance: np.ndarray, limit: float
) -> tuple[np.ndarray, list[str]]:
    """Return what two steps identify of chains, (chains, steps, k), with its names.

    That is how far the mean of each arm at each visit is above the limit, in standard deviations, and the correlations.
    """
    means = np.einsum("avp,cdp->cdav", outcomes.designs.mean(axis=1), beta)
    spread = covariance[:, :, 0]
    sd = np.sqrt(np.diagonal(spread, axis1=-2, axis2=-1))
    above = ((means - limit) / sd[:, :, None]).reshape(*beta.shape[:2], -1)
    a, b = np.triu_indices(spread.shape[-1], 1)
    visits = outcomes.visits
    names = [f"mean of {arm} at {visit}" for arm in outcomes.arms for visit in visits]
    names += [f"correlation[{visits[i]}, {visits[j]}]" for i, j in zip(a, b, strict=True)]
    correlations = np.arctanh(spread[..., a, b] / (sd[..., a] * sd[..., b]))
    return np.concatenate([above, correlations], axis=2), names


@dataclass(slots=True)
class LatentChains:
    """K chains of a normal variable behind the scores of n participants at m visits.

    x          : (n m, p) orthonormal design of all participants at all visits
    gram       : (m, m, p, p) its products by visits
    back       : (p, p) takes coefficients in its coordinates to those of the formula
    values     : (K, n, m) the variable, also where a score is missing
    beta       : (K, p)
    covariance : (K, m, m)
    prior      : degrees of freedom and scale of the inverse Wishart prior, 0 and 0 for Jeffreys'
    """

    x: np.ndarray
    gram: np.ndarray
    back: np.ndarray
    values: np.ndarray
    beta: np.ndarray
    covariance: np.ndarray
    prior: tuple[int, float]

    @classmethod
    def started(
        cls, fit: Fit, outcomes: IncompleteOutcomes, chains: int, rng: np.random.Generator, prior: tuple[int, float]
    ) -> LatentChains:
        """Begin at the scores, with draws of the model in gaps, and covariances that scatter around the model's."""
        n, m, p = outcomes.own_design.shape
        basis = orthonormal(outcomes.own_design.reshape(n * m, p), tuple(map(str, fit.params.index)))
        design = basis.q.reshape(n, m, p)
        mean = outcomes.own_design @ fit.params.to_numpy()
        df = max(m + 2, n // 4)
        factor = np.linalg.cholesky(fit.covariance.to_numpy()) @ bartlett(chains, m, df, rng) / np.sqrt(df)
        covariance = factor @ factor.swapaxes(1, 2)
        noise = rng.standard_normal((chains, n, m)) @ factor.swapaxes(1, 2)
        values = np.where(outcomes.missing, mean + noise, outcomes.y)
        gram = np.einsum("nap,nbq->abpq", design, design, optimize=True)
        return cls(basis.q, gram, basis.back, values, np.zeros((chains, p)), covariance, prior)

    def means(self) -> np.ndarray:
        """Return the means (K, n, m) of the variable."""
        return np.asarray((self.beta @ self.x.T).reshape(self.values.shape))

    def advance(self, low: np.ndarray, high: np.ndarray, rng: np.random.Generator) -> None:
        """Draw coefficients, covariance, and the variable visit by visit within its limits, (n, m) or (K, n, m)."""
        chains, n, m = self.values.shape
        p = self.x.shape[1]
        precision = np.linalg.inv(self.covariance)
        information = np.einsum("kab,abpq->kpq", precision, self.gram, optimize=True)
        score = (self.values @ precision).reshape(chains, n * m) @ self.x
        lower = np.linalg.cholesky(information)
        noise = np.linalg.solve(lower.swapaxes(1, 2), rng.standard_normal((chains, p, 1)))
        self.beta = (np.linalg.solve(information, score[:, :, None]) + noise)[..., 0]
        mean = self.means()
        left = self.values - mean
        scale = left.swapaxes(1, 2) @ left + self.prior[1] * np.eye(m)
        self.covariance = inverse_wishart(scale[:, None], np.array([n + self.prior[0]]), rng)[:, 0]
        precision = np.linalg.inv(self.covariance)
        for v in range(m):
            sd = 1 / np.sqrt(precision[:, v, v])[:, None]
            centre = left[:, :, v] - (left @ precision[:, :, v : v + 1])[..., 0] * sd**2
            limits = [(limit[..., v] - mean[:, :, v] - centre) / sd for limit in (low, high)]
            left[:, :, v] = centre + sd * truncated(limits[0], limits[1], rng)
        self.values = mean + left


def truncated(low: np.ndarray, high: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw standard normal values between limits of any shape, which may be infinite.

    Where both limits are above zero the mirrored interval is used, in which probabilities keep their digits.

    Examples
    --------
    >>> drawn = truncated(np.full(1000, 9.0), np.full(1000, 9.5), np.random.default_rng(1))
    >>> bool((drawn >= 9).all() and (drawn <= 9.5).all())
    True
    """
    mirrored = low > 0
    a, b = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    first, last = ndtr(a), ndtr(b)
    drawn = ndtri(first + (last - first) * rng.random(a.shape))
    drawn = np.clip(np.where(np.isfinite(drawn), drawn, b), a, b)
    return np.asarray(np.where(mirrored, -drawn, drawn))
