"""Interim looks of a plan: which look the data at hand are, what its hypotheses show, and the record of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date as Date
from typing import Any

from coxa.analyses.tested import (
    Conclusions,
    LookSeen,
    Seen,
    conclude,
    share_of_information,
    statistics_seen,
)
from coxa.arguments import kinds
from coxa.errors import LockError, OptionError
from coxa.findings import Finding, Findings
from coxa.report.record import REPORT, ReportRecord
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.locking.content import data_sha256
from coxa.study.locking.deviations import require_locked
from coxa.study.locking.looks import LookEntry, append_look, read_looks
from coxa.study.margin import natural
from coxa.study.tested import comparison_of, tested


def data_hash(report: ReportRecord) -> str:
    """Return one hash of all data files of a report."""
    return data_sha256(dict(report.run.data_sha256))


def looks_seen(report: ReportRecord) -> tuple[LookSeen, ...]:
    """Return the looks of a plan: those recorded, and that of the data at hand where it is a further one."""
    study = report.study
    now = statistics_seen(study, report.estimates.frame)
    if study.interim is None:
        return (LookSeen(1, 1.0, "", now),)
    taken = [_as_seen(entry) for entry in report.looks]
    last = len(study.interim.fractions)
    if not (report.looks and report.looks[-1].data_sha256 == data_hash(report)) and len(taken) < last:
        look = len(taken) + 1
        fraction = 1.0 if look == last else share_of_information(study, now)
        taken.append(LookSeen(look, fraction, "", now))
    return tuple(taken)


def _as_seen(entry: LookEntry) -> LookSeen:
    seen = {
        name: Seen(int(one["n"]), one["estimate"], one["std_error"], one["z"]) for name, one in entry.seen.items()
    }  # fmt: skip
    return LookSeen(entry.look, entry.fraction, entry.date, seen)


def conclusions(report: ReportRecord) -> Conclusions | None:
    """Return what the hypotheses of a plan show; None where it names none, or an analysis of one has no numbers."""
    plan = tested(report.study)
    if plan is None or any(one.analysis in report.not_fitted for one in plan.tested.values()):
        return None
    return conclude(report.study, looks_seen(report))


def decided_by_hypotheses(report: ReportRecord, planned: PlannedAnalysis, record: Mapping[str, Any]) -> bool | None:
    """Return whether the hypothesis of a comparison is rejected, by its looks and the graph; None where it has none."""
    plan = tested(report.study)
    if plan is None or (found := conclusions(report)) is None:
        return None
    for name, one in plan.tested.items():
        if one.analysis == planned.name and comparison_of(report.study, one) == (record["arm"], record["visit"]):
            return found.of[name].rejected
    return None


@kinds(report=REPORT)
def record_look(report: ReportRecord, *, fraction: float | None = None, date: str | Date | None = None) -> LookEntry:
    """Record the look of a report next to its plan, in a chain of hashes.

    Parameters
    ----------
    report : Report
        Of a locked plan with `interim`, on the data of the look.
    fraction : float, optional
        Information, as a share of that at the final analysis; by the participants analysed unless given. The final
        look has 1.
    date : str or date, optional
        Day of the look; today unless given.

    Returns
    -------
    LookEntry
        With statistics, boundaries and what is rejected. Later reports and looks rest on it.

    Raises
    ------
    OptionError
        The plan has no looks, all were taken, these data were recorded before, or the fraction is out of its range.
    LockError
        The plan is not locked, or was changed without record.

    Examples
    --------
    >>> import coxa
    >>> report = coxa.analyse("study.yaml")  # doctest: +SKIP
    >>> coxa.report.record_look(report, date="2026-03-01").decided["pain"]["rejected"]  # doctest: +SKIP
    False
    """
    study = report.study
    interim = getattr(study, "interim", None)
    if interim is None:
        raise OptionError(f"The plan {study.study} has no interim looks. Add `interim:` to it.")
    _check_lock(report)
    held = read_looks(study)
    if len(held) == len(interim.fractions):
        raise OptionError(f"All {len(held)} looks of the plan were taken, the last on {held[-1].date}.")
    if held and held[-1].data_sha256 == data_hash(report):
        raise OptionError(f"These data are those of look {held[-1].look}, taken on {held[-1].date}. Read the new ones.")
    looks = looks_seen(replace(report, looks=held))
    if fraction is not None:
        looks = (*looks[:-1], replace(looks[-1], fraction=_fraction(fraction, looks)))
    found = conclude(study, looks)
    seen = {name: asdict(one) for name, one in looks[-1].seen.items()}
    return append_look(study, data_hash(report), looks[-1].fraction, seen, decided(study, found), date)


def decided(study: ComparativeStudy, found: Conclusions) -> Mapping[str, Mapping[str, float | bool | None]]:
    """Return hypothesis -> adjusted p-value, boundary at the last look, and whether it is rejected.

    Of a hypothesis with a margin also `reached_at`: the effect that would have reached the boundary.
    """
    plan = tested(study)
    assert plan is not None
    at = len(found.looks) - 1
    return {
        name: {
            "adjusted": one.adjusted,
            "boundary": one.design.upper[at] if one.design else None,
            "rejected": one.rejected,
            **({"reached_at": natural(planned, one.reached_at[at])} if planned.analysis.margin is not None else {}),
        }
        for name, one in found.of.items()
        if (planned := study.planned(plan.tested[name].analysis))
    }


def _fraction(given: float, looks: tuple[LookSeen, ...]) -> float:
    before = looks[-2].fraction if len(looks) > 1 else 0.0
    if not before < given <= 1:
        raise OptionError(f"`fraction` is {given:g}. Give a share of the information above {before:g}, at most 1.")
    return given


def _check_lock(report: ReportRecord) -> None:
    """Raise `LockError` unless the plan is the one that was locked."""
    if report.status.lock is None:
        found = Finding("error", "plan", "the plan is not locked, and a look at its data is recorded of a locked plan",
                        "Lock it first: `coxa lock STUDY.YAML`.")  # fmt: skip
        raise LockError("the plan is not locked", Findings((found,)))
    require_locked(report.status)
