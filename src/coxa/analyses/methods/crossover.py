"""The mixed model of a crossover trial: treatment and period, with an effect of each participant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.methods.means import MeansMethod, differences, margins, of_means
from coxa.analyses.methods.method import Telling, Words, options_of
from coxa.analyses.methods.mmrm import MISSING, likelihood, likelihood_words
from coxa.analyses.model_rows import rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, marginal_means
from coxa.models import Fit, fit_ancova, fit_lmm
from coxa.models.results.run import AnyFit
from coxa.models.spec import ANCOVASpec
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.crossover import Crossover
from coxa.study.periods import EVERY_PERIOD
from coxa.study.wording import model_formula

ROW = "observation"
"""Column that numbers the rows where participants are a factor of the model."""


class CrossoverMethod(MeansMethod):
    """One model of all periods; a number is of a treatment over them."""

    diagnostics = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the model of all periods."""
        plan, rows = options_of(planned, Crossover), rows_of_model(planned, dataset)
        formula = model_formula(planned.study, planned.name, subgroup)
        if plan.participants == "fixed":
            both = rows.groupby("participant_id", observed=True)["arm"].transform("nunique") > 1
            kept = rows[both].assign(participant_id=pd.Categorical(rows.loc[both, "participant_id"].astype(str)))
            yield within_participants(formula, kept)
            return
        yield fit_lmm(formula, rows, participant="participant_id", reml=plan.reml, ddf=plan.ddf)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the mean of each treatment, their differences, and tests against a margin."""
        plan, (fit,) = options_of(planned, Crossover), map(of_means, fits)
        options: dict[str, Any] = {"by": None, "averaging": plan.averaging, "conf_level": plan.conf_level}
        rows = rows_of_model(planned, dataset)
        yield over_periods(marginal_means(fit, "arm", **options), rows)
        yield over_periods(differences(planned, fit, **options), rows)
        if plan.margin is not None:
            yield over_periods(margins(planned, fit, **options), rows)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, Crossover)
        unadjusted: tuple[str, ...] = () if plan.carry_over == "adjusted" else ("carry-over",)
        unadjusted += ("period-baselines",) if plan.baselines == "covariate" else ()
        if plan.participants == "fixed":
            return Words(
                title="Linear model of treatment and period with fixed effects of participants",
                means="Estimated mean",
                missing="Participants with one treatment: left out, nothing imputed.",
                whole=True,
                cites=("crossover", *unadjusted),
            )
        return Words(
            title="Linear mixed model of treatment and period with a random intercept of each participant",
            means="Estimated mean",
            missing=MISSING,
            whole=True,
            cites=("crossover", likelihood(reml=plan.reml), *unadjusted),
            ddf=plan.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, its period effect, and what is done about carry-over."""
        plan, cite = options_of(telling.planned, Crossover), telling.cite
        carried = ", and the treatment of the period before" if plan.carry_over == "adjusted" else ""
        sequence = ", sequence" if plan.sequence else ""
        asked = [*plan.adjust]
        if plan.baselines == "covariate":
            asked.append(
                f"the value at the start of each period, within and between participants{cite('period-baselines')}"
            )
        adjusted = f"; adjusted for {join_words(asked)}" if asked else ""
        effects = f"Fixed effects: treatment, period{sequence}{carried}{adjusted}."
        if plan.participants == "fixed":
            yield (
                f"Treatments were compared within participants{cite('crossover')} by least squares, with an effect of "
                f"each participant. {effects}"
            )
        else:
            yield (
                f"A linear mixed model of {telling.planned.variable}{cite('crossover')} with a random intercept of "
                f"each participant was fitted by {likelihood_words(telling, reml=plan.reml)}. {effects}"
            )
        yield (
            "Carry-over is an effect of the model."
            if plan.carry_over == "adjusted"
            else "Carry-over is taken to be absent, by the design; it was not tested to choose the analysis"
            f"{cite('carry-over')}."
        )


def within_participants(formula: str, rows: pd.DataFrame) -> Fit:
    """Return the least-squares model in which participants are a factor; its sample names them."""
    fit = fit_ancova(formula, rows.assign(**{ROW: range(len(rows))}), participant=ROW)
    assert isinstance(fit.spec, ANCOVASpec)
    people = rows["participant_id"].to_numpy()[fit.design.complete]
    sample = replace(fit.sample, participant_column="participant_id", participant=people)
    return replace(fit, sample=sample, spec=replace(fit.spec, data=f"data.assign({ROW}=range(len(data)))"))


def over_periods(found: Estimates, rows: pd.DataFrame) -> Estimates:
    """Return estimates as numbers over all periods, with the participants there are: each counts once."""
    people, values = {}, {}
    for arm, of_arm in rows.groupby(rows["arm"].astype(str), observed=True):
        people[str(arm)], values[str(arm)] = set(of_arm["participant_id"]), len(of_arm)
    frame = found.frame
    sides = [
        {side for side in pair if side in people} for pair in zip(frame["arm"], frame["reference"], strict=True)
    ]  # fmt: skip
    return Estimates(
        frame.assign(
            visit=EVERY_PERIOD,
            n_participants=[len(set().union(*(people[side] for side in pair))) for pair in sides],
            n_observations=[sum(values[side] for side in pair) for pair in sides],
        )
    )


METHOD = CrossoverMethod()
