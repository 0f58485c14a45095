"""What comparisons without randomisation have in common: fits, numbers and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coxa.analyses.groups import (
    SHOWN_AS,
    Pair,
    compared,
    compared_together,
    comparisons_of,
    confounder_label,
    levels_of_pair,
    pair_at,
    people_at,
    recorded,
    recorded_levels,
    target_of,
)
from coxa.analyses.levels import separate_rows
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.rows import AnalysisRows
from coxa.causal import Comparison
from coxa.estimates import Estimates
from coxa.models.results.run import AnyFit, ModelRun
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.weighting import WithoutRandomisation
from coxa.study.target_trial import in_one_population, target_words


class WithoutRandomisationMethod(Method):
    """A comparison of each group with the comparator, at each visit of the estimand."""

    separate_subgroups = True
    separate_arms = True
    limits_with_fit = True
    title = ""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the comparisons of every group with the comparator, at each visit of the estimand."""
        for visit in planned.visits:
            pairs = {arm: pair_at(planned, dataset, arm, visit) for arm in planned.compare}
            if subgroup is None:
                yield recorded(planned, pairs, self._compared(planned, dataset, pairs, visit), visit)
                continue
            within = self._within(planned, dataset, pairs, visit, subgroup)
            yield recorded_levels(planned, pairs, within, visit, subgroup)

    def _compared(
        self, planned: PlannedAnalysis, dataset: AnalysisRows, pairs: Mapping[str, Pair], visit: str
    ) -> dict[str, Comparison]:
        """Return group -> its comparison with the comparator."""
        if in_one_population(planned):
            return compared_together(planned, people_at(planned, dataset, planned.arms, visit), visit)
        return {arm: compared(planned, pair, arm, visit) for arm, pair in pairs.items()}

    def _within(
        self, planned: PlannedAnalysis, dataset: AnalysisRows, pairs: Mapping[str, Pair], visit: str, subgroup: str
    ) -> dict[str, dict[str, Comparison]]:
        """Return group -> level -> its comparison with the comparator within the level."""
        if in_one_population(planned):
            everyone = people_at(planned, dataset, planned.arms, visit)
            levels = levels_of_pair(planned, everyone, planned.compare, subgroup)
            each = {level: compared_together(planned, one, visit) for level, one in levels.items()}
            return {arm: {level: found[arm] for level, found in each.items()} for arm in planned.compare}
        within = {}
        for arm, pair in pairs.items():
            levels = levels_of_pair(planned, pair, (arm,), subgroup)
            within[arm] = {level: compared(planned, one, arm, visit) for level, one in levels.items()}
        return within

    def arms_apart(self, planned: PlannedAnalysis) -> bool:
        """Return whether each group is compared with the comparator by itself."""
        return not in_one_population(planned)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield both groups and their comparisons at each visit; the comparator once, from the first pair."""
        for fit in fits:
            visit = str(fit.sample.visits[0])
            for place, (arm, found) in enumerate(comparisons_of(fit).items()):
                frame = found.estimates.frame
                if place:
                    frame = frame[~((frame["arm"] == planned.against) & (frame["reference"] == ""))]
                warning = pair_at(planned, dataset, arm, visit).warning
                named = frame["term"].replace({} if planned.kind == "time" else SHOWN_AS)
                yield Estimates(frame.assign(visit=visit, warning=warning, term=named).reset_index(drop=True))
            together = next(iter(comparisons_of(fit).values())).together
            if together is not None:
                yield Estimates(together.estimates.only(term="joint_test").frame.assign(visit=visit))

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the separate comparisons within the levels of a subgroup, and the chi-square of their differences."""
        assert isinstance(fit, ModelRun)
        visit, rows = str(fit.sample.visits[0]), list[dict[str, Any]]()
        for found in fit.model.values():
            within = {}
            for level, one in found.items():
                frame = one.estimates.frame
                asked = frame[(frame["term"] == planned.effect.term) & (frame["reference"] != "")]
                within[level] = {**asked.iloc[0].to_dict(), "visit": visit}
            rows += separate_rows(planned, within, subgroup, fit.warnings)
        return Estimates.of(rows)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        how = planned.analysis.option("missing_outcome")
        missing = "Missing outcomes: left out, nothing imputed."
        if planned.kind == "time":
            missing = "Times without an event are censored at the end of observation."
        elif options_of(planned, WithoutRandomisation).in_pairs:
            missing = "Missing outcomes: pairs of whom one has no outcome are left out."
        elif how == "weighted":
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
        options = options_of(planned, WithoutRandomisation)
        if planned.kind == "time":
            return f"Censoring is taken not to depend on the time to the event {options.within}."
        if options.in_pairs:
            return "Missing outcomes are taken to be missing completely at random within the pairs."
        if planned.analysis.option("missing_outcome") == "complete":
            return "Missing outcomes are taken to be missing completely at random within the weighted groups."
        return "Missing outcomes are taken to be missing at random given group and confounders."

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how groups were made comparable, and what that takes for granted."""
        planned, cite = telling.planned, telling.cite
        trial, words = target_of(planned), planned.study.words
        way, cited = self.way(planned)
        named = join_words([confounder_label(planned, name) for name in trial.confounders])
        ways = f"{way}{cite(*cited)}"
        yield (
            f"{words.arms.capitalize()} were compared in {mid_sentence(planned.variable)} as in a target "
            f"trial{cite('target_trial')}: {ways}. The estimand is {target_words(planned.study, trial)}. Confounders: "
            f"{named}.{self._together(planned)}"
        )
        yield (
            f"{self.errors(telling)} Limits are normal, of ratios on the scale of the logarithm. The difference is an "
            f"effect only where no confounder is missing, everyone could have been in "
            f"{'each' if len(planned.compare) > 1 else 'either'} {words.arm}, and the "
            f"treatment of a {words.arm} is one treatment."
        )

    def _together(self, planned: PlannedAnalysis) -> str:
        """Return what is said of several groups."""
        if len(planned.compare) == 1:
            return ""
        words = planned.study.words
        if in_one_population(planned):
            return (
                f" All {len(planned.arms)} {words.arms} are compared in the same people, so that the differences of "
                "every two add up."
            )
        return f" Each {words.arm} is compared with the comparator in the participants of both."

    def errors(self, telling: Telling) -> str:
        """Return how standard errors were found, in a sentence."""
        samples = [one.resampled for fit in telling.fits for one in comparisons_of(fit).values() if one.resampled]
        if not samples:
            return "Standard errors are those of equations that are solved together with those of weights and models."
        first, failed = samples[0], sum(one.failed for one in samples)
        lost = f"; {failed} samples had no estimate and were left out" if failed else ""
        return (
            f"Standard errors are those of {first.replicates:,} bootstrap samples of participants (seed {first.seed}), "
            "in each of which weights, models and differences were found anew; the Monte Carlo error of a standard "
            f"error is {100 * max(one.monte_carlo for one in samples):.1f}% of it{lost}."
        )


def weights_words(planned: PlannedAnalysis) -> tuple[str, str]:
    """Return how the weights of an analysis are made, and the word that cites it."""
    target, analysis = target_of(planned).estimand, planned.analysis
    if analysis.option("method") == "entropy":
        return "entropy balancing weights, which make the means of the confounders equal", "entropy-balancing"
    overlap = "overlap-weights-several" if in_one_population(planned) else "overlap-weights"
    kind = "overlap weights" if target == "ATO" else "inverse probability weights"
    cut = analysis.option("truncate")
    stable = "stabilised " if analysis.option("stabilised") else ""
    model = "multinomial logistic regression" if in_one_population(planned) else "logistic regression"
    said = f"{stable}{kind} from a {model} of the {planned.study.words.arm} on the confounders"
    said += f", cut at their quantile {cut:g}" if cut is not None else ""
    inverse = "generalised-propensity" if in_one_population(planned) else "inverse-probability"
    return said, overlap if target == "ATO" else inverse
