"""Proportions of responders, compared without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from coxa.analyses.methods.method import Method, Telling, Together, Words
from coxa.analyses.model_rows import check_arms
from coxa.analyses.rows import AnalysisRows, SimulatedRows
from coxa.errors import FitError, OptionError
from coxa.estimates import Estimates, compare_proportions, fit_proportions
from coxa.estimates.two_proportions import Limits
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import no_word, proportion_of

LIMITS = {
    "newcombe": (
        "proportions",
        "Newcombe's hybrid score intervals",
        "Those of ratios are on the log scale; where no or every participant of one {arm} responds, they are score "
        "intervals.",
    ),
    "miettinen-nurminen": (
        "miettinen-nurminen",
        "Miettinen and Nurminen's score intervals",
        "Those of ratios are score intervals too, and the p-value is of the same score test.",
    ),
    "exact": (
        "exact-proportions",
        "exact unconditional intervals by the score statistic",
        "That of the odds ratio is exact given the number who respond.",
    ),
}
"""Limits -> word of the bibliography, what they are of differences, and of ratios."""


def limits_of(planned: PlannedAnalysis) -> Limits:
    """Return which limits a plan asks for."""
    limits: Limits = planned.analysis.option("limits", "newcombe")
    return limits


def with_limits(planned: PlannedAnalysis, rows: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a comparison with the limits and the test that the plan asks for.

    Raises
    ------
    FitError
        The sample is too large for exact limits.
    """
    limits = limits_of(planned)
    if limits == "newcombe":
        return frame
    values = rows[planned.response].dropna()
    counts = values.groupby(rows["arm"].astype(str)).agg(["sum", "count"]).astype(int)
    cells = {str(arm): (int(events), int(n)) for arm, events, n in counts.itertuples()}
    kept, level = [frame[frame["reference"].eq("")]], planned.analysis.conf_level
    for arm, compared in frame[frame["reference"].ne("")].groupby("arm", sort=False, observed=True):
        try:
            found = compare_proportions(cells[str(arm)], cells[planned.against], limits=limits, conf_level=level).frame
        except OptionError as error:
            raise FitError(
                f"exact limits take too long for {len(values)} participants",
                ["Write `limits: miettinen-nurminen`, whose limits are by the score."],
            ) from error
        replaced = compared.set_index("term").loc[list(found["term"])]
        columns = ["conf_low", "conf_high", "p_value", "method", "warning"]
        replaced[columns] = found.set_index("term")[columns]
        kept.append(replaced.reset_index()[list(frame.columns)])
    return pd.concat(kept, ignore_index=True)


class ProportionsMethod(Method):
    """Differences and ratios of proportions at each visit of the estimand, with the limits of the plan."""

    separate_arms = True

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield responder proportions and their differences at each visit of the estimand.

        Raises
        ------
        EmptyCellError
            An arm that is compared has no response at one of them.
        """
        analysis = planned.analysis
        for visit in planned.visits:
            rows, response = dataset.frame[dataset.frame["visit"] == visit], planned.response
            if analysis.option("missing_response") == "non_responder":
                rows = rows.assign(**{response: rows[response].fillna(0.0)})
            check_arms(planned, SimulatedRows(rows, response))
            found = fit_proportions(
                rows.dropna(subset=[response]),
                response=response,
                arm="arm",
                against=planned.against,
                conf_level=analysis.conf_level,
            )
            frame = found.frame[found.frame["arm"].isin(planned.arms)]
            yield Estimates(with_limits(planned, rows, frame).assign(visit=visit))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the comparison is called."""
        how = planned.analysis.option("missing_response")
        title, cites = "Proportions, not adjusted", (LIMITS[limits_of(planned)][0], how)
        if how == "non_responder":
            counted = f"Missing outcomes: counted as {no_word(planned)}."
            return Words(title=title, cites=cites, ddf=None, missing=counted)
        return Words(title=title, cites=cites, ddf=None)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how proportions were compared."""
        study = telling.planned.study
        word, limits, ratios = LIMITS[limits_of(telling.planned)]
        yield (
            f"Proportions {proportion_of(telling.planned)} were compared without "
            f"adjustment; intervals of differences are {limits}{telling.cite(word)}. "
            f"{ratios.format(arm=study.words.arm)}"
        )

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return that counts of many trials are compared at once, unless p-values are adjusted or there is a margin."""
        analysis = planned.analysis
        alone = analysis.multiplicity == "none" and analysis.margin is None and limits_of(planned) == "newcombe"
        plain = alone and planned.effect.term == "risk_difference"
        return "proportions" if plain and planned.response != "event" else None


METHOD = ProportionsMethod()
