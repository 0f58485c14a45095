"""Which observed values are of an earlier visit: those that the data files mark as carried forward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coxa.report.record import ReportRecord
from coxa.tables.formats import counted
from coxa.tables.prose import Text, in_sentence, prose


def carried_forward(report: ReportRecord, estimands: Mapping[str, str]) -> Iterator[Text]:
    """Yield a sentence for each outcome with values carried forward: how many, at which visit and in which arm.

    Parameters
    ----------
    estimands
        Outcome -> the estimand whose data are looked at.
    """
    study = report.study
    for outcome, estimand in estimands.items():
        frame = report.datasets[estimand].frame
        if "carried_forward" not in frame:
            continue
        carried = frame[frame["carried_forward"].eq(True).fillna(False).astype(bool) & frame["value"].notna()]
        parts = [
            prose(
                counted(len(rows), "carried forward", outcome, str(arm), estimand, str(visit)),
                f" at {study.label('visits', str(visit))} ({study.label('arms', str(arm))})",
            )
            for (visit, arm), rows in carried.groupby(["visit", "arm"], observed=True)
        ]
        if parts:
            yield prose(
                f"{study.label('outcomes', outcome)}: values that the data files mark as carried forward from an "
                "earlier visit are used as they are: ",
                in_sentence(parts),
                ".",
            )
