"""Estimates with missing outcomes at their conditional mean: under any strategy, from one fitted model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np
import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded
from coxa.errors import OptionError, check_known, check_level, check_option, shortened
from coxa.estimates import Estimates
from coxa.estimates.table import decimals
from coxa.impute.compared import Compared, difference
from coxa.impute.deltas import Delta
from coxa.impute.influences import uncertainty
from coxa.impute.outcomes import IncompleteOutcomes, Reference, Strategies, incomplete_outcomes
from coxa.impute.parts import Parts, Source, StandardError, parts_of, with_samples
from coxa.impute.samples import bootstrap_counts, check_samples, skipped_samples
from coxa.impute.visit_means import Averaging, VisitMeans, visit_means
from coxa.models import Fit
from coxa.models.numerics.one_thread import one_thread
from coxa.models.results.rebuilt import rebuilt

IN_WORDS: Mapping[StandardError, str] = {
    "gradient": "standard errors by the delta method from the influence of each participant",
    "jackknife": "standard errors by the jackknife over participants",
    "bootstrap": "standard errors by a bootstrap of participants within arms",
    "rubin": "standard errors by Rubin's rules for infinitely many imputations",
}


@dataclass(frozen=True, slots=True, repr=False)
class ConditionalMean(Carded):
    """The means of A arms at m visits with missing outcomes at their conditional mean, and what deltas do to them.

    outcomes       : the participants with their gaps, events and strategies
    delta          : what is added to imputed outcomes, or what they are multiplied by
    standard_error : how standard errors are had
    parts          : the estimates as a sum, from which those of other amounts of the delta follow at once
    source         : the model, and those of samples, from which the estimates under other strategies follow too
    residuals      : (n, m) observed outcomes less their mean in the own arm; NaN where missing
    spread         : (n, m) standard deviations of the outcomes in the own arm
    outcome        : name of the outcome
    warnings       : what a reader of any number should know

    Examples
    --------
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": np.repeat(np.arange(60), 2), "visit": ["week_6", "week_12"] * 60})
    >>> d["visit"] = pd.Categorical(d["visit"], ["week_6", "week_12"])
    >>> d["arm"] = np.where(d["participant_id"] % 2, "new", "old")
    >>> d["change"] = rng.normal(size=120)
    >>> d.loc[[1, 3, 9], "change"] = np.nan
    >>> found = conditional_mean(fit_mmrm("change ~ arm * visit", d), d, reference="old", strategy="cir")
    >>> found.imputed().set_index(["arm", "visit"])["imputed"].to_dict()
    {('new', 'week_6'): 0, ('new', 'week_12'): 1, ('old', 'week_6'): 0, ('old', 'week_12'): 2}
    >>> found.means().frame["term"].unique().tolist(), len(found.differences())
    (['marginal_mean'], 2)
    """

    outcomes: IncompleteOutcomes
    delta: Delta
    standard_error: StandardError
    outcome: str
    parts: Parts = field(repr=False)
    source: Source = field(repr=False)
    residuals: np.ndarray = field(repr=False)
    spread: np.ndarray = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """How the estimates were made, for a footnote."""
        titles = ", ".join(dict.fromkeys(one.title for one in self.outcomes.strategies))
        return (
            f"conditional mean imputation ({titles}) from {self.source.words}; analysis of covariance at each visit; "
            f"{IN_WORDS[self.standard_error]}"
        )

    def under(self, strategy: Strategies) -> ConditionalMean:
        """Return the estimates under another strategy, from the same model and the same samples.

        Parameters
        ----------
        strategy
            As in `conditional_mean`.

        Raises
        ------
        OptionError
            There is no such strategy, or a kind of event has none.
        """
        outcomes = self.outcomes.under(strategy)
        shares = self.delta.shares(outcomes)
        with one_thread():
            parts = parts_of(outcomes, self.source, shares, method=self.standard_error)
        return replace(self, outcomes=outcomes, parts=parts)

    @property
    def reference(self) -> str:
        """The arm that others are compared with unless one is named: the reference arm, if all have the same."""
        each = np.unique(self.outcomes.reference)
        return self.outcomes.arms[int(each[0]) if len(each) == 1 else 0]

    def weights(self, shift: np.ndarray | None = None, factor: np.ndarray | None = None) -> np.ndarray:
        """Return the weight of each part (..., P) for what is added (..., A), and multiplied less one (..., A)."""
        added, more = self.delta.amounts(self.outcomes.arms)
        added = added if shift is None else np.asarray(shift, dtype=float)
        more = more if factor is None else np.asarray(factor, dtype=float)
        added, more = np.broadcast_arrays(added, more)
        return np.concatenate([np.ones((*added.shape[:-1], 1)), added, more], axis=-1)

    def compared(self, contrast: np.ndarray) -> Compared:
        """Return a weighted sum of the arms (A,) at each visit as a function of the weights of the parts."""
        parts = self.parts
        errors = np.einsum("kPam,a->mkP", parts.errors, contrast)
        within = None if parts.within is None else np.moveaxis(parts.within, -1, 0)
        return Compared(
            values=np.einsum("Pam,a->mP", parts.values, contrast),
            between=errors.swapaxes(1, 2) @ errors,
            within=None if within is None else within * (contrast @ parts.spread @ contrast),
            free=parts.free,
        )

    def means(self, *, conf_level: float = 0.95) -> Estimates:
        """Return the mean of each arm at each visit.

        Raises
        ------
        OptionError
            The level is not between 0 and 1.
        """
        check_level(conf_level)
        rows = []
        for a, arm in enumerate(self.outcomes.arms):
            contrast = np.eye(len(self.outcomes.arms))[a]
            rows += self._rows(contrast, conf_level, {"term": "marginal_mean", "arm": arm})
        return Estimates.of(sorted(rows, key=lambda row: self.outcomes.visits.index(str(row["visit"]))))

    def differences(self, *, against: str | None = None, conf_level: float = 0.95) -> Estimates:
        """Return the difference of each arm to one of them at each visit.

        Parameters
        ----------
        against
            The arm that the others are compared with; the reference arm unless given (the first if there are several).
        conf_level
            Level of the limits.

        Raises
        ------
        OptionError
            There is no such arm.
        """
        check_level(conf_level)
        arms = self.outcomes.arms
        against = self.reference if against is None else check_known("arm", against, arms)
        rows = []
        for arm in arms:
            if arm != against:
                contrast = difference(arms, arm, against)
                rows += self._rows(contrast, conf_level, {"term": "difference", "arm": arm, "reference": against})
        return Estimates.of(sorted(rows, key=lambda row: self.outcomes.visits.index(str(row["visit"]))))

    def _rows(self, contrast: np.ndarray, conf_level: float, names: Mapping[str, str]) -> list[dict[str, object]]:
        estimate, std_error, df = self.compared(contrast).numbers(self.weights())
        half = np.asarray(stats.t.ppf((1 + conf_level) / 2, df)) * std_error
        p_value = 2 * np.asarray(stats.t.sf(np.abs(estimate) / std_error, df))
        arms = np.isin(self.outcomes.arm, np.flatnonzero(contrast))
        observed = (~self.outcomes.missing[arms]).sum(axis=0)
        return [
            {
                **names,
                "outcome": self.outcome,
                "visit": visit,
                "estimate": estimate[j],
                "std_error": std_error[j],
                "df": df[j],
                "statistic": estimate[j] / std_error[j],
                "p_value": p_value[j],
                "conf_low": estimate[j] - half[j],
                "conf_high": estimate[j] + half[j],
                "conf_level": conf_level,
                "n_participants": int(arms.sum()),
                "n_observations": int(observed[j]),
                "method": self.method,
                "warning": "; ".join(self.warnings),
            }
            for j, visit in enumerate(self.outcomes.visits)
        ]

    def warned(self, warning: str) -> ConditionalMean:
        """Return the same estimates with one warning more."""
        return replace(self, warnings=(*self.warnings, warning))

    def imputed(self) -> pd.DataFrame:
        """Return how many outcomes were imputed, one row per arm and visit.

        Returns
        -------
        DataFrame
            `arm`, `visit`, `participants`, `observed`, `imputed`, and of these `after_event`.
        """
        rows = []
        after = np.arange(len(self.outcomes.visits)) >= self.outcomes.event[:, None]
        for a, arm in enumerate(self.outcomes.arms):
            own = self.outcomes.arm == a
            missing = self.outcomes.missing[own]
            for j, visit in enumerate(self.outcomes.visits):
                gone = int(missing[:, j].sum())
                late = int((missing & after[own])[:, j].sum())
                rows.append((arm, visit, int(own.sum()), int(own.sum()) - gone, gone, late))
        columns = ["arm", "visit", "participants", "observed", "imputed", "after_event"]
        return pd.DataFrame(rows, columns=columns)

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        frame = self.differences().frame
        facts = {
            "Outcome": self.outcome,
            "Strategy": ", ".join(one.title for one in self.outcomes.strategies),
            "Method": self.method,
            "Imputed": f"{int(self.outcomes.missing.sum()):,} of {self.outcomes.missing.size:,} outcomes",
        }
        rows = [
            [row["visit"], f"{row['arm']} - {row['reference']}", *(decimals(name, row[name]) for name in SHOWN)]
            for row in frame.to_dict("records")
        ]
        return Card("Estimates by conditional mean imputation", facts, ["visit", "difference", *SHOWN], rows)


SHOWN = ("estimate", "std_error", "conf_low", "conf_high", "p_value")


@kinds(data=FRAME)
def conditional_mean(
    fit: Fit,
    data: pd.DataFrame,
    *,
    reference: Reference,
    strategy: Strategies = "mar",
    arm: str = "arm",
    event: str | None = None,
    varying: Sequence[str] = (),
    formula: str | None = None,
    averaging: Averaging = "counterfactual",
    delta: Delta | None = None,
    standard_error: StandardError = "rubin",
    replicates: int = 1000,
    seed: int = 1,
) -> ConditionalMean:
    """Estimate means and differences at each visit with missing outcomes at their conditional mean.

    The outcomes that are missing are put at their expectation under a strategy, given those that were observed, and
    the completed outcomes of each visit are analysed by an analysis of covariance of all participants.

    Parameters
    ----------
    fit : Fit
        A mixed model for repeated measures (`coxa.fit_mmrm`) of the outcomes that the strategies do not replace. Leave
        observed outcomes after an event out of its rows where a reference-based strategy says what would have come.
    data : DataFrame
        One row per participant and visit, with the outcomes that are analysed; a participant without any has one row
        or more too. Not changed.
    reference, strategy, arm, event, varying
        As in `coxa.impute.incomplete_outcomes`.
    formula : str, optional
        Right side of the analysis of covariance, such as ``arm + baseline``; by default what the model has at one
        visit. Needed with `varying`.
    averaging : {"counterfactual", "equal"}
        Means are over all participants with their own covariates, or over levels of factors with equal weight.
    delta : Delta, optional
        What is added to imputed outcomes, or what they are multiplied by.
    standard_error : {"rubin", "jackknife", "gradient", "bootstrap"}
        See Notes.
    replicates, seed
        Of the bootstrap, which draws participants within arms.

    Returns
    -------
    ConditionalMean

    Raises
    ------
    OptionError
        An option is not allowed, or the model is of another kind.
    DataError
        Participants or visits cannot be told apart.
    FitError
        A covariate is missing, or the model cannot be fitted without a participant.

    Notes
    -----
    ``rubin`` is the variance of multiple imputation by Rubin's rules in the limit of infinitely many imputations, in
    closed form, with Barnard and Rubin's degrees of freedom. It keeps the loss of information near what it is under
    missing at random (information-anchored; Cro, Carpenter & Kenward, JRSS A 2019, 182:623-645). The others are the
    variance of the estimate over repeated samples, which for reference-based strategies is smaller, and take the
    normal distribution: ``jackknife`` fits the model without each participant, from the sums less those of one;
    ``gradient`` is its linear approximation, the delta method with the information of coefficients and covariance,
    n / (n - q) for the q columns of the analysis of covariance. Sources: Wolbers et al., Pharmaceutical Statistics
    2022, 21:1246-1257, for the conditional mean with the jackknife; Carpenter, Roger & Kenward, J Biopharm Stat 2013,
    23:1352-1371, for the strategies.

    Examples
    --------
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 3)
    >>> d = pd.DataFrame({"participant_id": who, "visit": list("abc") * 60, "arm": np.where(who % 2, "new", "old")})
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=180) + 2 * (d["arm"] == "new")
    >>> d.loc[d.index[::7], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> mar = conditional_mean(fit, d, reference="old")
    >>> last = [one.differences().only(visit="c").frame["estimate"].item() for one in (mar, mar.under("j2r"))]
    >>> bool(abs(last[1]) < abs(last[0]))
    True
    """
    check_option("standard_error", standard_error, get_args(StandardError))
    if delta is not None and not isinstance(delta, Delta):
        raise OptionError(f"`delta` is {shortened(delta)}. Give a Delta, such as Delta(shift={{'exercise': -5}}).")
    if varying and formula is None:
        raise OptionError(
            "A column that changes over the visits is of the model alone. Write the analysis in `formula`."
        )
    chosen = Delta() if delta is None else delta
    with one_thread():
        outcomes = incomplete_outcomes(
            fit, data, reference=reference, strategy=strategy, arm=arm, event=event, varying=varying
        )
        chosen.amounts(outcomes.arms)
        source = source_of(fit, outcomes, visit_means(fit, outcomes, arm=arm, formula=formula, averaging=averaging))
        if standard_error in ("jackknife", "bootstrap"):
            jackknife = standard_error == "jackknife"
            n = len(outcomes.arm)
            source = with_samples(source, 1 - np.eye(n) if jackknife else bootstrap_counts(outcomes, replicates, seed))
            check_samples(source, standard_error, n if jackknife else replicates)
        parts = parts_of(outcomes, source, chosen.shares(outcomes), method=standard_error)
    return ConditionalMean(
        outcomes=outcomes,
        delta=chosen,
        standard_error=standard_error,
        outcome=fit.outcome,
        parts=parts,
        source=source,
        residuals=outcomes.y - outcomes.own_design @ fit.params.to_numpy(),
        spread=own_spread(fit, outcomes),
        warnings=(*fit.warnings, *skipped_samples(source, replicates)),
    )


def source_of(fit: Fit, outcomes: IncompleteOutcomes, analysis: VisitMeans) -> Source:
    """Return what estimates are made from, without samples.

    Raises
    ------
    OptionError
        The model has participants that are not among the outcomes.
    """
    model = rebuilt(fit)
    places = pd.Index(outcomes.participants).get_indexer(pd.unique(pd.Series(fit.sample.participant)))
    if (places < 0).any():
        raise OptionError("The model has participants that `data` has not. Give all rows of the participants.")
    return Source(analysis, model, fit.params.to_numpy(), uncertainty(model), places, words=fit.method)


def own_spread(fit: Fit, outcomes: IncompleteOutcomes) -> np.ndarray:
    """Return the standard deviation of each outcome in the own arm, (n, m)."""
    m = len(outcomes.visits)
    variances = np.diagonal(fit.covariance.to_numpy().reshape(-1, m, m), axis1=1, axis2=2)
    return np.asarray(np.sqrt(variances[outcomes.groups[outcomes.arm, np.arange(len(outcomes.arm))]]))
