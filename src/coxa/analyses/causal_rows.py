"""What analyses of compliers, doses and mediators have in common: rows of a visit, receipt, and the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods.times import rows_at, selected
from coxa.analyses.rows import AnalysisRows
from coxa.causal import received_at_least
from coxa.errors import FitError
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.study.comparative import PlannedAnalysis
from coxa.study.exposures import ARM_RECEIVED
from coxa.study.parts import Compliance

RECEIVED = "received"
"""Column that says who received the treatment of the arm that is compared."""


@dataclass(frozen=True, slots=True)
class EachArm:
    """One call for each arm that is compared, as code.

    text : the call, of `d`, the rows of the arm and its comparator, and of `arm`
    """

    text: str
    compare: tuple[str, ...]
    against: str
    visit: str

    def call(self) -> str:
        """Return the expression that gives the numbers again, of the rows of the estimand held in `data`."""
        rows = f"{selected(self.visit)}"
        pair = f"{rows}[data['arm'].isin([arm, {self.against!r}])]"
        return f"{{arm: {self.text} for arm in {list(self.compare)!r} for d in [{pair}]}}"


def each_arm(
    planned: PlannedAnalysis,
    dataset: AnalysisRows,
    fitted: Callable[[pd.DataFrame, str], Any],
    text: str,
    formula: str,
    method: str,
) -> Iterator[ModelRun]:
    """Yield the record of each visit of the estimand: arm -> what was found in its rows and those of the comparator.

    Raises
    ------
    FitError
        An arm has no outcome, or nothing can be estimated.
    """
    for visit in planned.visits:
        rows = rows_at(planned, dataset, visit)
        found, analysed = {}, pd.Series(False, index=rows.index)
        for arm in planned.compare:
            pair = rows[rows["arm"].isin([arm, planned.against])]
            try:
                found[arm] = fitted(pair, arm)
            except FitError as error:
                label = planned.study.label("arms", arm)
                raise FitError(f"analysis {planned.name}: {label}: {error.message}", error.remedies) from error
            analysed |= pd.Series(complete_of(found[arm]), index=pair.index).reindex(rows.index, fill_value=False)
        yield _record(planned, rows, analysed, visit, found, text, formula, method)


def complete_of(found: Any) -> Any:
    """Return which rows an estimate is from; `ComplierEffect` has them in its effect."""
    return found.effect.complete if hasattr(found, "effect") else found.complete


def _record(
    planned: PlannedAnalysis,
    rows: pd.DataFrame,
    analysed: pd.Series,
    visit: str,
    found: Mapping[str, Any],
    text: str,
    formula: str,
    method: str,
) -> ModelRun:
    compared = rows["arm"].isin(planned.arms)
    lost = rows[compared & ~analysed]
    left_out = pd.DataFrame(
        {
            "row": lost.index,
            "participant_id": lost["participant_id"].to_numpy(),
            "visit": visit,
            "reason": "no covariate, dose or mediator",
        }
    )
    who = rows.loc[analysed, "participant_id"].to_numpy()
    sample = Sample("participant_id", "visit", who, np.full(len(who), visit, dtype=object), (visit,), left_out)
    spec = EachArm(text, planned.compare, planned.against, visit)
    return ModelRun(formula, spec, sample, dict(found), method, ddf="residual")


def found_in(fit: AnyFit) -> dict[str, Any]:
    """Return arm -> what was found, of the record of a visit."""
    assert isinstance(fit, ModelRun)
    return dict(fit.model)


def with_received(planned: PlannedAnalysis, rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Return rows with who received the treatment of an arm, by the plan's `compliance`."""
    rule = compliance_of(planned)
    return rows.assign(**{RECEIVED: received_at_least(rows[rule.measure], rule.at_least, rows[ARM_RECEIVED] == arm)})


def received_code(planned: PlannedAnalysis) -> str:
    """Return the code that makes these rows of `d`."""
    rule = compliance_of(planned)
    dose = f"d[{rule.measure!r}], {rule.at_least:g}, d[{ARM_RECEIVED!r}] == arm"
    return f"d.assign({RECEIVED}=received_at_least({dose}))"


def compliance_of(planned: PlannedAnalysis) -> Compliance:
    """Return when a treatment counts as received."""
    rule = planned.study.compliance
    assert rule is not None
    return rule


def result_row(planned: PlannedAnalysis, fit: AnyFit, arm: str, term: str, n: int, **numbers: Any) -> dict[str, Any]:
    """Return a row of results of one arm at the visit of a record."""
    return {
        "term": term,
        "arm": arm,
        "reference": planned.against,
        "visit": str(fit.sample.visits[0]),
        "conf_level": planned.analysis.conf_level,
        "n_participants": n,
        "n_observations": n,
        "method": fit.method,
        "warning": "; ".join(fit.warnings),
        **numbers,
    }
