"""All pairs of participants at each visit: the probability of the better value, and its odds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from coxa.analyses.levels import each_level, rows_of_levels, separate_rows, without_level
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.methods.ordinal import of_arms
from coxa.analyses.model_rows import check_arms_at, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates, win_probability
from coxa.models.ordinal.spec import WinProbabilitySpec
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.mann_whitney import MannWhitney

WORDS = {
    "brunner_munzel": "Limits and tests are Brunner and Munzel's, of the t distribution with Satterthwaite's degrees "
    "of freedom{cite}; they hold where spreads differ.",
    "delong": "Limits and tests are normal on the logit scale, with DeLong's variance{cite}; they hold where spreads "
    "differ.",
}


class MannWhitneyMethod(Method):
    """Mann and Whitney's probability with limits."""

    separate_subgroups = True
    separate_arms = True
    limits_with_fit = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[ModelRun]:
        """Yield the comparison at each visit of the estimand; one without the arms that are compared is an error."""
        options, rows = options_of(planned, MannWhitney), rows_of_model(planned, dataset)
        levels = getattr(planned.outcome, "levels", None)
        for visit in map(str, rows["visit"].cat.categories):
            here = rows[(rows["visit"] == visit) & rows["arm"].isin(planned.arms)]
            try:
                check_arms_at(planned, here, visit)
                here = here.assign(arm=here["arm"].astype(str))
                run = _run(planned, options, here, visit, levels)
                yield _within(planned, run, here, subgroup) if subgroup else run
            except FitError:
                if visit in planned.visits:
                    raise

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the probability of the better value and its odds at each visit."""
        for run in fits:
            assert isinstance(run, ModelRun)
            yield of_arms(planned, run.model, str(run.sample.visits[0]), run.warnings)

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the separate comparisons within the levels of a subgroup, and the chi-square of their differences."""
        assert isinstance(fit, ModelRun)
        found: dict[str, Estimates] = fit.model
        visit = str(fit.sample.visits[0])
        rows: list[dict[str, Any]] = []
        frames = {level: each.only(term=planned.effect.term).frame for level, each in found.items()}
        for arm in planned.compare:
            within: dict[str, dict[str, Any]] = {}
            for level, frame in frames.items():
                row: Any = frame[frame["arm"] == arm].iloc[0].to_dict()
                within[level] = {**row, "visit": visit}
            rows += separate_rows(planned, within, subgroup, fit.warnings)
        return Estimates.of(rows)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the comparison is called."""
        return Words(
            title="Comparison of all pairs of participants, not adjusted",
            cites=("mann_whitney", planned.analysis.option("limits")),
            ddf=None,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield what was compared, and how sure it is."""
        planned, how = telling.planned, telling.planned.analysis.option("limits")
        arm = planned.study.words.arm
        better = "the higher" if planned.scale.higher_is_better else "the lower"
        yield (
            f"Each participant of one {arm} was compared with each of the other in "
            f"{mid_sentence(planned.variable)}, where {better} value is the better one. The probability of the "
            "better value counts half of the ties, and is 0.5 where neither has the better values; nothing is adjusted "
            "for."
        )
        yield WORDS[how].format(cite=telling.cite(how))


def _within(planned: PlannedAnalysis, run: ModelRun, rows: Any, subgroup: str) -> ModelRun:
    """Return the record of level -> its comparison, by the options of the comparison of all levels."""
    spec = run.spec
    assert isinstance(spec, WinProbabilitySpec)
    levels = rows_of_levels(planned, rows, subgroup)
    found = each_level(planned, levels, subgroup, lambda here: win_probability(here, **spec.asked()))
    return replace(run, model=found, warnings=(*run.warnings, *without_level(rows, subgroup)))


def _run(planned: PlannedAnalysis, options: MannWhitney, rows: Any, visit: str, levels: Any) -> ModelRun:
    """Return the comparison at one visit, with the record of who was in it."""
    names = ", ".join(repr(arm) for arm in planned.arms)
    spec = WinProbabilitySpec(
        outcome=planned.response,
        against=planned.against,
        levels=tuple(levels) if levels else None,
        method=options.limits,
        higher_is_better=planned.scale.higher_is_better,
        conf_level=options.conf_level,
        data=f"data[(data['visit'] == {visit!r}) & data['arm'].isin([{names}])]",
    )
    found = win_probability(rows, **spec.asked())
    sample = Sample(
        participant_column="participant_id",
        visit_column="visit",
        participant=rows["participant_id"].to_numpy(),
        visit=rows["visit"].to_numpy(),
        visits=(visit,),
        left_out=rows.head(0)[["participant_id", "visit"]].assign(reason="", row=0),
    )
    return ModelRun(f"{planned.response} ~ arm", spec, sample, found, str(found.frame["method"].iloc[0]))


METHOD = MannWhitneyMethod()
