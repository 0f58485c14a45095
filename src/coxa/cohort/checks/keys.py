"""Who is who: duplicates, participants that nobody knows, arms without anybody."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft, LeaveOut
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding


def check_duplicates(draft: Draft) -> Checked:
    """Find rows that share the key of their table; none of them is kept, because none is known to be right."""
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    for table, frame in draft.tables.items():
        key = [name for name in draft.contracts[table].key if frame[name].notna().any()]
        if len(key) < min(2, len(draft.contracts[table].key)) or len(frame) < 2:
            continue
        repeated = frame.duplicated(key, keep=False) & frame["participant_id"].notna()
        if not repeated.any():
            continue
        what = "-".join(name.removesuffix("_id") for name in key)
        shown = frame.loc[repeated, key[1:]].astype(str).agg(", ".join, axis=1) if len(key) > 1 else None
        findings += row_findings(
            frame.loc[repeated].sort_values([*key, "source_row"], kind="stable"),
            severity="error",
            table=table,
            field=key[-1],
            rule=f"one row per {what}",
            remedy="keep the right one of these rows, or correct their key",
            value=shown,
        )
        left_out.append(LeaveOut(table, frame.index[repeated], f"duplicate {what}"))
    return Checked(tuple(findings), tuple(left_out))


def check_known_participants(draft: Draft) -> Checked:
    """Find rows of participants who are not in `participants`, and leave out those of participants left out.

    Where no participant could be read at all, that is the finding, and it is not repeated for each of them.
    """
    people = draft.table("participants")["participant_id"]
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    for table, frame in draft.tables.items():
        if table == "participants":
            continue
        listed = frame["participant_id"].drop_duplicates().dropna()
        strangers = listed[~listed.isin(people)]
        if strangers.empty:
            continue
        unknown = frame["participant_id"].isin(strangers)
        dropped = unknown & frame["participant_id"].isin(list(draft.dropped))
        left_out.append(LeaveOut(table, frame.index[dropped], "the participant is left out"))
        stray = frame[unknown & ~dropped]
        named = stray.drop_duplicates("participant_id") if len(people) or draft.dropped else stray.iloc[:0]
        findings += row_findings(
            named,
            severity="error",
            table=table,
            field="participant_id",
            rule="every participant is in table participants",
            remedy="correct the identifier (leading zeros, spaces), or add the participant",
            value=stray.groupby("participant_id", sort=False)["source_row"]
            .transform("size")
            .map("{} row(s)".format)
            .astype("str"),
        )
        left_out.append(LeaveOut(table, stray.index, "participant not in participants"))
    return Checked(tuple(findings), tuple(part for part in left_out if len(part.rows)))


def check_arms(draft: Draft) -> Checked:
    """Find arms of the plan in which nobody is."""
    arms = draft.table("participants")["arm"]
    present = sorted(arms.dropna().unique())
    if not present:
        return Checked()
    findings = tuple(
        Finding(
            "error",
            "participants",
            f"somebody is in arm {arm}",
            f"map the code of this arm under `values: {{arm: ...}}`, or take it out of the plan; "
            f"arms in the data: {', '.join(present) or 'none'}",
            field="arm",
            value=arm,
        )
        for arm in draft.study.arms
        if arm not in present
    )
    return Checked(findings)


def check_complete_covariates(draft: Draft) -> Checked:
    """Count participants without a covariate."""
    people = draft.table("participants")
    findings: list[Finding] = []
    for name in draft.study.covariates:
        lacking = int(people[name].isna().sum())
        if lacking:
            findings.append(
                Finding(
                    "warning",
                    "participants",
                    f"every participant has a {name}",
                    "complete it at the source; analyses that adjust for it leave these participants out",
                    field=name,
                    value=f"missing in {lacking} of {len(people)}",
                    n_rows=lacking,
                )
            )
    return Checked(tuple(findings))


def participant_dates(draft: Draft, frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a date of the participant for each row of a table."""
    people = draft.table("participants").drop_duplicates("participant_id").set_index("participant_id")
    return pd.Series(people[column].reindex(frame["participant_id"]).to_numpy(), index=frame.index)
