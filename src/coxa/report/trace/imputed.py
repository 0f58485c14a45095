"""Imputed values of a report, one by one: kept for the trial team, and read by `coxa why --imputed`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from coxa.analyses.imputed.assumed import ENDED, EVENT, delta_of, when
from coxa.analyses.imputed.count_words import TITLES
from coxa.analyses.imputed.count_words import when as count_when
from coxa.analyses.imputed.counts import PLANNED, SEEN, conditional_events, imputed_at, words_used
from coxa.analyses.imputed.sets import laid_out
from coxa.errors import OptionError, not_allowed
from coxa.impute import trace_imputed
from coxa.models import Fit
from coxa.models.results.run import AnyFit
from coxa.report.record import ReportRecord, compares
from coxa.study import Study
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation
from coxa.study.models.imputed_counts import ImputedCounts
from coxa.tables.formats import number

FILE = "imputed.csv"
"""Names participants, and is for the trial team alone."""

Facts = list[tuple[str, str]]


def imputed_frame(report: ReportRecord[Study]) -> pd.DataFrame | None:
    """Return each imputed value of each analysis with what it is made of; None where nothing is imputed."""
    if not compares(report):
        return None
    found = [frame for planned in report.study.planned_analyses for frame in _of_analysis(report, planned)]
    return pd.concat(found, ignore_index=True) if found else None


def _of_analysis(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[pd.DataFrame]:
    analysis = planned.analysis
    if isinstance(analysis, ImputedCounts) and planned.name not in report.not_fitted:
        for count_fit in report.fits[planned.name]:
            yield _of_counts(report, planned, count_fit)
    if not isinstance(analysis, Imputation) or planned.name in report.not_fitted:
        return
    (fit,) = [fit for fit in report.fits[planned.name] if isinstance(fit, Fit)]
    outcomes, _ = laid_out(planned, fit, report.datasets[planned.estimand_name])
    frame = trace_imputed(fit, outcomes)
    delta = delta_of(analysis.deltas, outcomes.visits)
    added, more = delta.amounts(outcomes.arms)
    shares = pd.DataFrame(delta.shares(outcomes), index=outcomes.participants, columns=list(outcomes.visits)).stack()
    share = shares.loc[list(zip(frame["participant_id"], frame["visit"], strict=True))].to_numpy()
    arm = pd.Index(outcomes.arms).get_indexer(pd.Index(frame["arm"]))
    moved = share * (added[arm] + more[arm] * frame["mean"].to_numpy(dtype=float))
    said = frame["kind"].map(lambda kind: when(planned, kind) if kind else "Gap before a later outcome")
    yield frame.assign(
        kind=frame["kind"].replace({ENDED: "outcomes end"}), because=said, delta=moved, analysis=planned.name
    )


def _of_counts(report: ReportRecord, planned: PlannedAnalysis, fit: AnyFit) -> pd.DataFrame:
    """Return the events of the time not seen of each participant who was not seen for all of it."""
    assert isinstance(planned.analysis, ImputedCounts)
    analysis, visit = planned.analysis, str(fit.sample.visits[0])
    imputed, _ = imputed_at(planned, fit, report.datasets[planned.estimand_name], DRAWS)
    mean, sd = conditional_events(imputed)
    used, kinds = words_used(analysis), imputed.data[EVENT].astype(str)
    words = kinds.map(lambda kind: used.get(kind, analysis.strategy))
    arm = imputed.data["arm"].astype(str)
    time, whole = imputed.data[SEEN], imputed.data[PLANNED]
    reference = arm.map({**dict.fromkeys(planned.study.arms, planned.against), **analysis.references})
    seen = [
        f"{count:g} event{'' if count == 1 else 's'} in {part:g} of {every:g}"
        for count, part, every in zip(imputed.counts, time, whole, strict=True)
    ]
    frame = pd.DataFrame(
        {
            "participant_id": imputed.data["participant_id"],
            "visit": visit,
            "arm": arm,
            "reference": reference.where(words.ne("mar") & reference.ne(arm), ""),
            "strategy": words.map(TITLES),
            "kind": kinds.replace({ENDED: "observation ends"}),
            "event": "",
            "observed": seen,
            "strategy_mean": imputed.after.mean(axis=0),
            "mean": mean,
            "sd": sd,
            "because": [count_when(planned, kind, alone=len(used) == 1) for kind in kinds],
            "delta": 0.0,
            "analysis": planned.name,
        }
    )
    return frame[imputed.rest > 0].reset_index(drop=True)


DRAWS = 200
"""Draws of the parameters behind the mean and spread of imputed events."""


def why_imputed(folder: Path, participant: str, visit: str, analysis: str | None = None) -> Facts:
    """Return what is behind an imputed value, as names and texts.

    Parameters
    ----------
    folder
        Of a report.
    participant, visit
        Whose value, and when.
    analysis
        In which analysis; all in which it is imputed unless given.

    Raises
    ------
    OptionError
        The report keeps no imputed values, or none of this participant at this visit.
    """
    path = folder / FILE
    if not path.is_file():
        raise OptionError(
            f"No {FILE} in {folder}. A report that is shared keeps no values of participants, and one without imputed "
            "outcomes has none. Make it again with `coxa report`, without `--share`."
        )
    frame = pd.read_csv(path, dtype={"participant_id": str, "visit": str}, keep_default_na=False)
    names = list(dict.fromkeys(frame["analysis"]))
    if analysis is not None and analysis not in names:
        raise OptionError(not_allowed("analysis with imputed outcomes", analysis, names))
    mine = frame["participant_id"].eq(participant) & frame["visit"].eq(visit)
    mine &= frame["analysis"].eq(analysis) if analysis is not None else True
    if not mine.any():
        own = frame.loc[frame["participant_id"].eq(participant), "visit"].unique()
        at = f"Imputed are {', '.join(own)}" if len(own) else "No outcome of this participant is imputed"
        raise OptionError(f'No outcome of participant "{participant}" is imputed at "{visit}". {at}.')
    return [fact for row in frame[mine].to_dict("records") for fact in _facts({str(k): v for k, v in row.items()})]


def _facts(row: dict[str, object]) -> Iterator[tuple[str, str]]:
    def digits(name: str) -> str:
        return number(float(str(row[name])), 3)

    yield "imputed", f"{row['participant_id']} at {row['visit']}, analysis {row['analysis']}"
    yield "arm", str(row["arm"])
    yield "observed", str(row["observed"]) or "no outcome after baseline"
    yield "because", str(row["because"])
    if row["event"]:
        yield "first visit after the event", str(row["event"])
    yield "strategy", str(row["strategy"])
    if row["reference"]:
        yield "reference arm", str(row["reference"])
    yield "mean of the strategy", digits("strategy_mean")
    yield "given what was observed", f"{digits('mean')} (SD {digits('sd')})"
    if float(str(row["delta"])):
        yield "delta", digits("delta")
