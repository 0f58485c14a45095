"""What comparisons without randomisation have in common: the rows, confounders and numbers of one pair of groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.analyses.methods.method import Method, Telling, Words
from coxa.analyses.model_rows import check_arms_at
from coxa.analyses.rows import AnalysisRows
from coxa.causal import Comparison, compare_group_times, compare_groups, unadjusted
from coxa.causal.compare import Estimator, Kind
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.effects import EndpointKind
from coxa.study.labels import mid_sentence_label
from coxa.study.target_trial import BASELINE, TARGET_WORDS, TargetTrial, target_trial_of
from coxa.study.wording import join_words

KINDS: Mapping[EndpointKind, Kind] = {"mean": "mean", "binary": "yes_no", "count": "count"}
EVENT = 1
"""Status of a participant with the event of the endpoint."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The participants of two groups at one visit, and those who cannot be compared.

    rows        : one row per participant with every confounder
    confounders : columns
    left_out    : participants without a confounder
    """

    rows: pd.DataFrame
    confounders: tuple[str, ...]
    left_out: int

    @property
    def warning(self) -> str:
        """What is said of those who are left out; empty where nobody is."""
        return f"{self.left_out} participants without a confounder are left out" if self.left_out else ""


def target_of(planned: PlannedAnalysis) -> TargetTrial:
    """Return the target trial of an analysis, which its plan was checked to have."""
    trial = target_trial_of(planned.study)
    assert trial is not None
    return trial


def pair_at(planned: PlannedAnalysis, dataset: AnalysisRows, arm: str, visit: str) -> Pair:
    """Return the participants of a group and of its comparator at a visit, with their confounders."""
    rows = dataset.frame[dataset.frame["visit"] == visit]
    check_arms_at(planned, rows[rows[planned.response].notna()] if planned.kind != "time" else rows, visit)
    both = rows[rows["arm"].astype(str).isin([arm, planned.against])]
    names = tuple(target_of(planned).confounders)
    known = both[list(names)].notna().all(axis=1)
    kept = both[known].assign(arm=both.loc[known, "arm"].astype(str)).reset_index(drop=True)
    return Pair(kept, names, int((~known).sum()))


def compared_at(
    planned: PlannedAnalysis, dataset: AnalysisRows, arm: str, visit: str, estimator: Estimator
) -> Comparison:
    """Return the comparison of a group with its comparator at a visit.

    Raises
    ------
    FitError
        The groups have no overlap, or too few outcomes.
    """
    pair, analysis = pair_at(planned, dataset, arm, visit), planned.analysis
    options = {
        "target": target_of(planned).estimand,
        "method": analysis.option("method", "propensity"),
        "stabilised": analysis.option("stabilised", False),
        "truncate": analysis.option("truncate"),
        "conf_level": analysis.conf_level,
    }
    try:
        if planned.kind == "time":
            rows = pair.rows.assign(event_=(pair.rows["status"] == EVENT).astype(int))
            return compare_group_times(
                rows, time="time", event="event_", group="arm", treated=arm, confounders=pair.confounders,
                horizon=float(planned.study.visits[visit].day), **options,
            )  # fmt: skip
        return compare_groups(
            pair.rows, outcome=planned.response, group="arm", treated=arm, confounders=pair.confounders,
            estimator=estimator, kind=KINDS[planned.kind], missing_outcome=analysis.option("missing_outcome"),
            **options,
        )  # fmt: skip
    except FitError as error:
        raise FitError(
            f"analysis {planned.name}, {arm} and {planned.against}: {error.message}", error.remedies
        ) from error


def naive_at(planned: PlannedAnalysis, dataset: AnalysisRows, arm: str, visit: str) -> Estimates:
    """Return the comparison of a group with its comparator as they are; none of times."""
    if planned.kind == "time":
        return Estimates.of([])
    rows = pair_at(planned, dataset, arm, visit).rows
    found = unadjusted(rows, outcome=planned.response, group="arm", treated=arm, kind=KINDS[planned.kind])
    return Estimates(found.frame.assign(visit=visit))


class WithoutRandomisationMethod(Method):
    """A comparison of each group with the comparator, at each visit of the estimand."""

    estimator: Estimator = "weighted"
    title = ""

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield both groups and their comparisons at each visit; the comparator once, from the first pair."""
        for visit in planned.visits:
            for place, arm in enumerate(planned.compare):
                found = compared_at(planned, dataset, arm, visit, self.estimator)
                frame = found.estimates.frame
                if place:
                    frame = frame[~((frame["arm"] == planned.against) & (frame["reference"] == ""))]
                warning = pair_at(planned, dataset, arm, visit).warning
                named = frame["term"].replace({"risk": "marginal_mean", "rate": "marginal_mean"})
                yield Estimates(frame.assign(visit=visit, warning=warning, term=named).reset_index(drop=True))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        how = planned.analysis.option("missing_outcome")
        missing = "Missing outcomes: left out, nothing imputed."
        if how == "weighted":
            missing = (
                "Missing outcomes: those observed are weighted by the inverse of the probability of being observed."
            )
        return Words(title=self.title, means="Standardised mean", missing=missing, cites=self.cites(planned), ddf=None)

    def cites(self, planned: PlannedAnalysis) -> tuple[str, ...]:
        """Return the words of the bibliography."""
        return ("target_trial", *self.way(planned)[1])

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how groups are made comparable, in words, and what that cites."""
        raise NotImplementedError

    def assumption(self, planned: PlannedAnalysis) -> str | None:
        """Return what is assumed of missing outcomes."""
        if planned.analysis.option("missing_outcome") == "complete":
            return "Missing outcomes are taken to be missing completely at random within the weighted groups."
        return "Missing outcomes are taken to be missing at random given group and confounders."

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how groups were made comparable, and what that takes for granted."""
        planned, cite = telling.planned, telling.cite
        trial, words = target_of(planned), planned.study.words
        way, cited = self.way(planned)
        named = join_words([confounder_label(planned, name) for name in trial.confounders])
        ways = f"{way}{''.join(cite(word) for word in cited)}"
        yield (
            f"{words.arms.capitalize()} were compared in {mid_sentence_label(planned.variable)} as in a target "
            f"trial{cite('target_trial')}: {ways}. The estimand is {TARGET_WORDS[trial.estimand]}. Confounders: "
            f"{named}."
        )
        yield (
            "Standard errors are those of equations that are solved together with those of the weights and models; "
            "limits are normal, of ratios on the scale of the logarithm. The difference is an effect only where no "
            f"confounder is missing, everyone could have been in either {words.arm}, and the treatment of a "
            f"{words.arm} is one treatment."
        )


def confounder_label(planned: PlannedAnalysis, name: str) -> str:
    """Return what a confounder is called in a sentence."""
    if name == BASELINE:
        return f"{planned.outcome_label} at baseline"
    label = planned.study.label("covariates", name)
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def weights_words(planned: PlannedAnalysis) -> tuple[str, str]:
    """Return how the weights of an analysis are made, and the word that cites it."""
    target, analysis = target_of(planned).estimand, planned.analysis
    if analysis.option("method") == "entropy":
        return "entropy balancing weights, which make the means of the confounders equal", "entropy-balancing"
    kind = "overlap weights" if target == "ATO" else "inverse probability weights"
    cut = analysis.option("truncate")
    stable = "stabilised " if analysis.option("stabilised") else ""
    said = f"{stable}{kind} from a logistic regression of the {planned.study.words.arm} on the confounders"
    said += f", cut at their quantile {cut:g}" if cut is not None else ""
    return said, "overlap-weights" if target == "ATO" else "inverse-probability"
