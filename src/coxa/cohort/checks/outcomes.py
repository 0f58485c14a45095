"""What the values of outcomes look like as a whole: absent, constant, no baseline, present where nothing is."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.findings import Finding
from coxa.frames import among
from coxa.study import Study

LEAST_SUSPICIOUS = 3
"""So few equal values at an otherwise empty visit are called chance."""
SHARE_ALONE = 0.8
"""At least this share of the values that stand alone are the same number ..."""
SHARE_ELSEWHERE = 0.1
"""... which at most this share of the values beside others are."""


def check_outcomes_present(draft: Draft) -> Checked:
    """Find outcomes without any value, and outcomes that have one value only; not if a file could not be read."""
    if draft.study.data and not set(draft.study.data.tables) <= set(draft.tables):
        return Checked()
    frame = draft.table("assessments")
    items = set(draft.table("item_responses")["instrument"].dropna().unique())
    findings: list[Finding] = []
    for name, outcome in draft.study.outcomes.items():
        if outcome.source is not None:
            if draft.table(outcome.source.table).empty:
                findings.append(_no_rows(name, outcome.source.table))
            continue
        values = frame.loc[frame["outcome"] == name, "value"]
        if values.empty and outcome.instrument not in items:
            rule = f"outcome `{name}` has no values in the data"
            findings.append(Finding("error", "assessments", rule, _how_to_map(draft.study, name), field=name))
        elif len(values) > LEAST_SUSPICIOUS and values.nunique() == 1:
            findings.append(
                Finding(
                    "warning",
                    "assessments",
                    f"outcome `{name}` is the same for all participants",
                    "Check that its column is the right one.",
                    field=name,
                    value=f"always {values.iloc[0]:g}",
                    n_rows=len(values),
                )
            )
    return Checked(tuple(findings))


def _no_rows(name: str, table: str) -> Finding:
    """Return the error of an outcome whose source has no rows."""
    return Finding(
        "error",
        table,
        f"outcome `{name}` is worked out from table `{table}`, which has no rows",
        f"Name the file of `{table}` under `data: tables:`, or take the outcome out of the plan.",
        field=name,
    )


def _how_to_map(study: Study, name: str) -> str:
    """Return how the plan says in which columns an outcome is, for a row per visit and for a row per participant."""
    source = study.data.tables.get("assessments") if study.data else None
    if source and isinstance(column := source.outcomes.get(name), str):
        return f"Nothing in column `{column}` can be read. Correct the column, or take the outcome out of the plan."
    visits = ", ".join(f"{visit}: COLUMN" for visit in (study.baseline_visit, *study.post_visits))
    return (
        f"In `data: tables: assessments: outcomes` write `{name}: COLUMN` (a row per visit) or `{name}: "
        f"{{{visits}}}` (a row per participant), or take the outcome out of the plan."
    )


def check_baselines(draft: Draft) -> Checked:
    """Count participants without a baseline value, for each outcome that has values after baseline."""
    frame = draft.table("assessments")
    people = draft.table("participants")["participant_id"]
    baseline = frame["visit"] == draft.study.baseline_visit
    findings: list[Finding] = []
    for name in draft.study.outcomes:
        mine = frame["outcome"] == name
        lacking = people[~among(people, frame.loc[mine & baseline, "participant_id"])]
        if (mine & ~baseline).any() and len(lacking):
            findings.append(
                Finding(
                    "warning",
                    "assessments",
                    f"the participant has no baseline value of `{name}`",
                    "Complete it at the source. Change from baseline is not computed for these participants.",
                    field=name,
                    value=f"missing in {len(lacking)} of {len(people)}",
                    n_rows=len(lacking),
                )
            )
    return Checked(tuple(findings))


def check_values_alone(draft: Draft) -> Checked:
    """Warn of one number that stands for an outcome wherever every other outcome of the visit is missing.

    Exports write 0 for missing; as a score, 0 may be the best or the worst there is. The number is suspected if
    at least three participants have it at a visit where all their other outcomes are missing, if it makes up
    most of the values that stand so alone, and if it is rare where other outcomes are there.
    """
    frame = draft.table("assessments")
    findings: list[Finding] = []
    for visit, rows in frame.dropna(subset="visit").groupby("visit", sort=False):
        counts = rows.drop_duplicates(["participant_id", "outcome"]).groupby("participant_id")["outcome"].size()
        if rows["outcome"].nunique() < 2:
            continue
        alone = rows["participant_id"].map(counts) == 1
        for outcome, values in rows.groupby("outcome", sort=False):
            beside = rows.loc[rows["outcome"] != outcome, "source_column"].dropna().astype(str).unique()
            finding = _alone(draft, str(visit), str(outcome), values, alone.loc[values.index], list(beside))
            if finding:
                findings.append(finding)
    return Checked(tuple(findings))


def _alone(
    draft: Draft, visit: str, outcome: str, rows: pd.DataFrame, alone: pd.Series, beside: list[str]
) -> Finding | None:
    lonely, accompanied = rows.loc[alone, "value"], rows.loc[~alone, "value"]
    if lonely.empty or accompanied.empty:
        return None
    number = lonely.mode().iloc[0]
    equal = lonely == number
    rare = (accompanied == number).mean() <= SHARE_ELSEWHERE
    if equal.sum() < LEAST_SUSPICIOUS or equal.mean() < SHARE_ALONE or not rare:
        return None
    first = rows.loc[lonely.index[equal]].iloc[0]
    column = first["source_column"] if isinstance(first["source_column"], str) else "its column"
    return Finding(
        "warning",
        "assessments",
        f"`{outcome}` has a value at {draft.study.label('visits', visit)} where everything else is missing",
        f"If {number:g} means missing there, declare it: `missing_when: [{{column: {column}, equals: {number:g}, "
        f"when_missing: [{', '.join(beside) or 'columns of the other outcomes'}], because: ...}}]`.",
        row=int(first["source_row"]),
        participant_id=first["participant_id"],
        field=outcome,
        value=f"{number:g} in {int(equal.sum())} participants, and in {int((accompanied == number).sum())} of "
        f"{len(accompanied)} with other outcomes",
        n_rows=int(equal.sum()),
    )


def check_carried_forward(draft: Draft) -> Checked:
    """Count the values that were carried forward from an earlier visit, by outcome and visit."""
    frame = draft.table("assessments")
    carried = frame[frame["carried_forward"].fillna(False).astype(bool)]
    findings = []
    for (outcome, visit), rows in carried.groupby(["outcome", "visit"], sort=False):
        values = int(((frame["outcome"] == outcome) & (frame["visit"] == visit)).sum())
        findings.append(
            Finding(
                "warning",
                "assessments",
                f"{len(rows)} of {values} values are carried forward from an earlier visit",
                (
                    "Leave them out with `where` in `data: tables: assessments`, if they are not to be used. A "
                    "mixed model uses the earlier visits without them. Otherwise they are used as they are, and "
                    "the report counts them."
                ),
                row=int(rows["source_row"].iloc[0]),
                field="carried_forward",
                value=f"{outcome} at {visit}",
                n_rows=len(rows),
                rows=tuple(map(int, rows["source_row"])),
            )
        )
    return Checked(tuple(findings))
