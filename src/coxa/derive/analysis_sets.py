"""Analysis sets: who is in the randomised, full analysis, per-protocol and safety sets, and why not."""

from __future__ import annotations

import pandas as pd

from coxa.arguments import kinds
from coxa.cohort.cohort import COHORT, Cohort
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.study.comparative import ComparativeStudy
from coxa.study.design_words import DesignWords
from coxa.study.words import AnalysisSet

FLAGS: dict[AnalysisSet, str] = {
    "randomised_set": "in_randomised_set",
    "full_analysis_set": "in_full_analysis_set",
    "per_protocol_set": "in_per_protocol_set",
    "safety_set": "in_safety_set",
}
"""Analysis set -> the column that flags its members."""


@kinds(cohort=COHORT)
@once
def derive_analysis_sets(cohort: Cohort) -> pd.DataFrame:
    """Return one row per participant with the flag of each analysis set and the reason for not being in it.

    Parameters
    ----------
    cohort
        Checked tables; `treatment_sessions` (or `session_totals`) and `intercurrent_events` are used where the study
        has them.

    Returns
    -------
    DataFrame
        participant_id; for each set of `FLAGS` a boolean column, and the same name with `_reason` for the
        reason why the participant is not in it (empty for members).

    Notes
    -----
    randomised: allocated to an arm. full analysis: randomised and not declared as excluded afterwards.
    safety: started treatment, that is attended a session, where sessions are recorded, else randomised.
    per protocol: as the plan's `per_protocol` says, within the full analysis set.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> sets = derive_analysis_sets(coxa.read_cohort(trial.study, trial.tables))
    >>> int(sets["in_full_analysis_set"].sum()), sets["in_per_protocol_set_reason"].iloc[0]
    (40, 'the plan defines no per-protocol set')
    """
    people = participants_by_group(cohort).set_index("participant_id")
    sessions = session_counts(cohort)
    words = cohort.study.words
    outside, excluded = _when(people["arm"].isna(), words.outside), _excluded(people, words)
    reasons = {
        "in_randomised_set": outside,
        "in_full_analysis_set": _first(outside, excluded),
        "in_safety_set": _first(outside, _not_started(people, sessions)),
        "in_per_protocol_set": _first(outside, excluded, *_off_protocol(cohort, people, sessions)),
    }
    columns: dict[str, pd.Series] = {}
    for flag, reason in reasons.items():
        columns[flag] = reason == ""
        columns[f"{flag}_reason"] = reason
    return pd.DataFrame(columns, index=people.index).reset_index()


@once
def session_counts(cohort: Cohort) -> pd.DataFrame | None:
    """Return supervised sessions per participant (`planned`, `attended`), or None where none are recorded.

    Planned is the arm's `sessions_planned` where the plan says it, else the sessions listed as planned. Where only
    totals are recorded (`session_totals`) they are taken as they are; `attended` is missing where it is not known.
    """
    sessions = cohort.table("treatment_sessions")
    if sessions.empty:
        return _session_totals(cohort)
    people = cohort.table("participants").set_index("participant_id")
    supervised = sessions[sessions["setting"].ne("home")] if "setting" in sessions else sessions
    attended = supervised["attended"].fillna(False).astype(bool).groupby(supervised["participant_id"]).sum()
    every = pd.Series(True, index=supervised.index)
    listed = supervised["planned"].fillna(True).astype(bool) if "planned" in supervised else every
    planned = listed.groupby(supervised["participant_id"]).sum().reindex(people.index, fill_value=0)
    by_arm = _sessions_planned(cohort)
    counts = pd.DataFrame(index=people.index)
    counts["attended"] = attended.reindex(people.index, fill_value=0)
    counts["planned"] = by_arm.astype("Float64").fillna(planned.astype("Float64"))
    return counts


def _session_totals(cohort: Cohort) -> pd.DataFrame | None:
    """Return the sessions recorded as totals: the planned ones as recorded, else as the plan says of the arm."""
    totals = cohort.table("session_totals")
    if totals.empty:
        return None
    people = cohort.table("participants").set_index("participant_id")
    mine = totals.set_index("participant_id").reindex(people.index)
    by_arm = _sessions_planned(cohort)
    counts = pd.DataFrame(index=people.index)
    counts["attended"] = mine["attended"].astype("Float64")
    counts["planned"] = mine["planned"].astype("Float64").fillna(by_arm.astype("Float64"))
    return counts


def _sessions_planned(cohort: Cohort) -> pd.Series:
    """Return participant -> the sessions that the plan says of the arm; missing where it says none."""
    study, people = cohort.study, participants_by_group(cohort).set_index("participant_id")
    arms = study.arms if isinstance(study, ComparativeStudy) else {}
    return people["arm"].map({name: arm.sessions_planned for name, arm in arms.items()})


def _first(*reasons: pd.Series) -> pd.Series:
    """Keep, per participant, the first reason that is not empty."""
    combined = reasons[0]
    for reason in reasons[1:]:
        combined = combined.where(combined != "", reason)
    return combined


def _when(condition: pd.Series, reason: str) -> pd.Series:
    return condition.fillna(False).astype(bool).map({True: reason, False: ""})


def _excluded(people: pd.DataFrame, words: DesignWords) -> pd.Series:
    if "excluded_after_randomisation" not in people:
        return _when(pd.Series(False, index=people.index), "")
    reason = _when(people["excluded_after_randomisation"], f"excluded after {words.start}")
    if "exclusion_reason" in people:
        detail = people["exclusion_reason"].fillna("").astype(str)
        reason = reason.where((reason == "") | (detail == ""), reason + ": " + detail)
    return reason


def _not_started(people: pd.DataFrame, sessions: pd.DataFrame | None) -> pd.Series:
    if sessions is None:
        return _when(pd.Series(False, index=people.index), "")
    return _when((sessions["planned"] > 0) & (sessions["attended"] == 0), "attended no session")


def _off_protocol(cohort: Cohort, people: pd.DataFrame, sessions: pd.DataFrame | None) -> list[pd.Series]:
    study = cohort.study
    rule = study.per_protocol if isinstance(study, ComparativeStudy) else None
    if rule is None:
        return [_when(pd.Series(True, index=people.index), "the plan defines no per-protocol set")]
    reasons = []
    if rule.received_allocated_arm and "arm_received" in people:
        other = people["arm_received"].notna() & (people["arm_received"] != people["arm"])
        reasons.append(_when(other, cohort.study.words.switched))
    if rule.min_attendance is not None and sessions is not None:
        share = sessions["attended"] / sessions["planned"].where(sessions["planned"] > 0)
        reasons.append(_when(share < rule.min_attendance, f"attended less than {rule.min_attendance:.0%} of sessions"))
    events = cohort.table("intercurrent_events")
    for event in rule.without_events:
        had = people.index.isin(events.loc[events["event"] == event, "participant_id"]) if len(events) else False
        reasons.append(_when(pd.Series(had, index=people.index), f"had {event}"))
    return reasons
