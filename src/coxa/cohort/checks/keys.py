"""Who is who: duplicates, participants that nobody knows, arms without anybody."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft, LeaveOut
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.frames import among
from coxa.study.comparative import ComparativeStudy

MARKS_PER_ROW = 64
"""So many possible keys per row, a byte each, are less than what a search for repeated keys takes."""


def check_duplicates(draft: Draft) -> Checked:
    """Find rows that share the key of their table; none of them is kept, because none is known to be right.

    Rows of the file that are repeated are one finding per participant. A participant who is in `participants`
    twice is one finding there, and none for what the same rows hold in other tables.
    """
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    twice: set[str] = set()
    for table in sorted(draft.tables, key=lambda name: name != "participants"):
        frame = draft.tables[table]
        key = [name for name in draft.contracts[table].key if frame[name].notna().any()]
        if len(key) < min(2, len(draft.contracts[table].key)) or len(frame) < 2:
            continue
        if all_different(frame, key):
            continue
        repeated = frame.duplicated(key, keep=False) & frame[key[0]].notna()
        if not repeated.any():
            continue
        what = "-".join(name.removesuffix("_id") for name in key)
        shown = repeated & ~frame["participant_id"].isin(list(twice))
        findings += _duplicates(table, frame[shown], key, what)
        left_out.append(LeaveOut(table, frame.index[repeated], f"duplicate {what}"))
        if table == "participants":
            twice = set(frame.loc[repeated, "participant_id"])
    return Checked(tuple(findings), tuple(left_out))


def all_different(frame: pd.DataFrame, key: list[str]) -> bool:
    """Say whether no two rows are known to share a key of categories, by a mark for each key that there can be."""
    if not all(frame[name].dtype == "category" for name in key):
        return False
    sizes = [len(frame[name].cat.categories) + 1 for name in key]
    n_keys = math.prod(sizes)
    if n_keys > MARKS_PER_ROW * len(frame):
        return False
    place = np.zeros(len(frame), dtype=np.int64)
    for name, size in zip(key, sizes, strict=True):
        place *= size
        place += frame[name].cat.codes.to_numpy()
        place += 1
    marked = np.zeros(n_keys, dtype=bool)
    marked[place] = True
    return int(marked.sum()) == len(frame)


def _duplicates(table: str, frame: pd.DataFrame, key: list[str], what: str) -> list[Finding]:
    """Return one finding for each set of rows of the file that share keys; many are folded."""
    if frame.empty:
        return []
    ordered = frame.sort_values([*key, "source_row"], kind="stable")
    group = ordered.groupby(key, sort=False, dropna=False, observed=True)["source_row"]
    rows = group.transform(lambda numbers: " and ".join(map(str, numbers)))
    same = ordered.duplicated(list(ordered.columns.difference(["source_row"])), keep=False)
    sets = ordered.groupby([key[0], rows.rename("rows")], sort=False)
    first = ordered.loc[sets.head(1).index]
    told = pd.DataFrame({"key": _in_words(ordered[key[1:]]), "rows": rows, "same": same})
    value = pd.Series("", index=first.index, dtype=object)
    for start, (_, part) in zip(first.index, told.groupby([ordered[key[0]], rows], sort=False), strict=True):
        keys = part["key"].unique()
        several = f"{keys[0]} and {len(keys) - 1} more, " if len(keys) > 1 else f"{keys[0]}, " if keys[0] else ""
        alike = "identical" if part["same"].all() else "not identical"
        value[start] = f"{several}rows {part['rows'].iloc[0]}, {alike}"
    file = ordered["source_file"].iloc[0]
    return row_findings(
        first,
        severity="error",
        table=table,
        field=key[-1],
        rule=f"there is more than one row per {what}",
        remedy=f"Leave one out with `exclude_rows: [{{file: {file}, row: ..., because: ...}}]`, or correct their key."
        + (" `drop_identical_rows: true` uses rows that are repeated as a whole once." if same.any() else ""),
        value=value,
    )


def _in_words(keys: pd.DataFrame) -> list[str]:
    rows = keys.astype("str").itertuples(index=False, name=None)
    return [", ".join(part for part in row if isinstance(part, str)) for row in rows]


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
        strangers = listed[~among(listed, people)]
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
            rule="the participant is not in table participants",
            remedy="Correct the identifier (leading zeros, spaces), or add the participant.",
            value=stray.groupby("participant_id", sort=False)["source_row"]
            .transform("size")
            .map("{} row(s)".format)
            .astype("str"),
        )
        left_out.append(LeaveOut(table, stray.index, "participant not in participants"))
    return Checked(tuple(findings), tuple(part for part in left_out if len(part.rows)))


def check_arms(draft: Draft) -> Checked:
    """Find arms of the plan in which nobody is; a study without arms has none."""
    if not isinstance(draft.study, ComparativeStudy):
        return Checked()
    arms = draft.table("participants")["arm"]
    present = sorted(arms.dropna().unique())
    if not present:
        return Checked()
    findings = tuple(
        Finding(
            "error",
            "participants",
            f"no participant is in arm {arm}",
            f"Map the code of this arm under `values: {{arm: ...}}`, or take it out of the plan. "
            f"Arms in the data: {', '.join(present)}.",
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
    remedy = "Complete it at the source."
    if isinstance(draft.study, ComparativeStudy):
        remedy += " Analyses that adjust for it leave these participants out."
    for name in (name for name, covariate in draft.study.covariates.items() if covariate.source is None):
        lacking = int(people[name].isna().sum())
        if lacking:
            findings.append(
                Finding(
                    "warning",
                    "participants",
                    f"`{name}` is missing for the participant",
                    remedy,
                    field=name,
                    value=f"missing in {lacking} of {len(people)}",
                    n_rows=lacking,
                )
            )
    return Checked(tuple(findings))


def participant_dates(draft: Draft, frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a date of the participant for each row of a table."""
    return pd.Series(draft.people[column].reindex(frame["participant_id"]).to_numpy(), index=frame.index)
