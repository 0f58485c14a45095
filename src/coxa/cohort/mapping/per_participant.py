"""What a file repeats on every row of a participant: who they are, and their baseline values."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.cohort.disposition import Disposition
from coxa.cohort.ledger import account, left_out_rows
from coxa.cohort.mapping.cells import convert
from coxa.cohort.mapping.columns import Origin, missing_column
from coxa.cohort.mapping.mapped import STAGE, Mapped, complete, joined
from coxa.cohort.mapping.redcap import same_on_all_rows
from coxa.cohort.mapping.rows import (
    cell_findings,
    empty_rows,
    lacking_field,
    left_out_lines,
    lines_not_read,
    read_rows,
)
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding

PLACES = ("participant_id", "source_row")


def map_repeated_participants(origin: Origin) -> Mapped:
    """Return one row per participant from a file with several rows per participant.

    A field may be filled in on only some of a participant's rows; where it has two values, that is an error and
    the participant is left out.
    """
    rows = read_rows(origin)
    required = [name for name, wanted in origin.agreed.fields.items() if name != "participant_id" and wanted.required]
    empty = empty_rows(origin, rows)
    nobody = (
        rows.frame["participant_id"].isna().to_numpy() if "participant_id" in rows.frame else np.ones(len(empty), bool)
    )
    lost_rows = left_out_lines(
        origin, rows.frame, nobody & ~empty, np.full(len(empty), "no participant_id", dtype=object)
    )
    people = rows.frame[~nobody] if "participant_id" in rows.frame else rows.frame.iloc[:0].assign(participant_id="")
    first, conflicts, findings = _one_row_each(origin, people)
    reason = pd.Series("", index=first.index, dtype=object)
    for name in required:
        told = pd.Series("", index=first.index, dtype=object)
        lacking = first[name].isna() if name in first else pd.Series(True, index=first.index)
        if name in rows.cells:
            told = _first_reason(rows.cells[name].reason, people, first)
            explained = people.loc[~rows.cells[name].unexplained[people.index], "participant_id"]
            silent = lacking & ~first["participant_id"].isin(explained)
            findings += lacking_field(origin, first, name, silent.to_numpy(dtype=bool), told)
        detail = told.where(lambda text: text != "", f"no {name}")
        reason = reason.where((reason != "") | ~lacking, detail)
    reason = reason.mask(first["participant_id"].isin(conflicts), "values differ between the rows of this participant")
    kept = first[reason == ""].reset_index(drop=True)
    lost = left_out_rows(STAGE, origin.table, origin.file, first[reason != ""], reason[reason != ""])
    disposition = account(
        STAGE, origin.table, origin.file, "rows",
        kept=int((~nobody).sum()), empty=int((nobody & empty).sum()), left_out=[lost_rows, lines_not_read(origin)],
        entered=origin.raw.source.n_rows,
    ) + account(
        STAGE, origin.table, origin.file, "participants",
        kept=len(kept), empty=0, left_out=[lost], entered=people["participant_id"].nunique(),
    )  # fmt: skip
    unusable = [
        *(
            lacking_field(origin, rows.frame, "participant_id", nobody & ~empty, rows.told("participant_id"))
            if "participant_id" in rows.cells else ()
        ),
        *(item for name, cells in rows.cells.items()
          for item in cell_findings(origin, rows.frame, name, rows.resolved.columns.get(name), cells, empty)),
    ]  # fmt: skip
    said = joined([rows.resolved.findings, unusable, findings])
    return Mapped(origin.table, complete(kept, origin.agreed, origin.file), said, disposition, rows.resolved.used)


def _first_reason(reason: np.ndarray, people: pd.DataFrame, first: pd.DataFrame) -> pd.Series:
    """Return, per participant, the first reason why a cell is not used."""
    told = pd.Series(reason[people.index], index=people["participant_id"].to_numpy())
    told = told[told != ""]
    told = told[~told.index.duplicated()]
    return first["participant_id"].map(told).astype(object).where(lambda text: text.notna(), "")


def _one_row_each(origin: Origin, people: pd.DataFrame) -> tuple[pd.DataFrame, set[str], list[Finding]]:
    """Return each participant's first value of every field, who has differing values, and the findings."""
    grouped = people.groupby("participant_id", sort=False)
    first = grouped.first().reset_index()
    conflicts: set[str] = set()
    findings: list[Finding] = []
    for name in people.columns.difference(list(PLACES)):
        expected = people["participant_id"].map(first.set_index("participant_id")[name])
        differs = people[name].notna() & (people[name] != expected).fillna(False)
        if not differs.any():
            continue
        conflicts |= set(people.loc[differs, "participant_id"])
        findings += row_findings(
            people.loc[differs].drop_duplicates("participant_id"),
            severity="error",
            table=origin.table,
            field=str(name),
            rule=f"`{name}` differs between the rows of the participant",
            remedy=same_on_all_rows(origin, str(name)),
            value=expected.astype(str) + " and " + people[name].astype(str),
        )
    return first, conflicts, findings


def map_baselines(origin: Origin, visit: str) -> Mapped:
    """Return one baseline value per participant from columns that repeat it on every row."""
    rows = read_rows(origin, [name for name in origin.agreed.fields if name != "participant_id"])
    findings: list[Finding] = []
    frames: list[pd.DataFrame] = []
    disposition = Disposition()
    known = (
        rows.frame["participant_id"].notna() if "participant_id" in rows.frame else pd.Series(False, rows.frame.index)
    )
    nobody_empty = np.zeros(len(rows.frame), dtype=bool)
    for outcome, column in origin.source.baselines.items():
        if column not in origin.frame:
            findings.append(
                missing_column(origin, column, f"the baseline of {outcome}", f"baselines: {{{outcome}: ...}}")
            )
            continue
        cells = convert(origin.column(column, "value", outcome), origin.agreed.fields["value"])
        findings += cell_findings(origin, rows.frame, outcome, column, cells, nobody_empty)
        every = rows.frame.assign(value=cells.values, unused=pd.Series(cells.reason, index=rows.frame.index))[known]
        every = every.assign(unused=every["unused"].where(every["unused"] != ""), visit=visit, outcome=outcome)
        first, conflicts, differing = _one_row_each(
            origin, every[["participant_id", "source_row", "value"]].rename(columns={"value": "baseline"})
        )
        findings += differing
        first = first.rename(columns={"baseline": "value"}).assign(visit=visit, outcome=outcome, source_column=column)
        row_of_value = every.dropna(subset="value").drop_duplicates("participant_id").set_index("participant_id")
        rows_found = first["participant_id"].map(row_of_value["source_row"])
        first["source_row"] = rows_found.fillna(first["source_row"]).astype("int64")
        unused = every.dropna(subset="unused").drop_duplicates("participant_id").set_index("participant_id")["unused"]
        reason = first["participant_id"].map(unused).where(first["value"].isna())
        reason = reason.mask(
            first["participant_id"].isin(conflicts), "values differ between the rows of this participant"
        )
        kept = first[reason.isna() & first["value"].notna()]
        frames.append(kept)
        disposition += account(
            STAGE, origin.table, origin.file, "values",
            kept=len(kept), empty=int((reason.isna() & first["value"].isna()).sum()),
            left_out=[left_out_rows(STAGE, origin.table, origin.file, first[reason.notna()], reason.dropna())],
            entered=every["participant_id"].nunique(),
        )  # fmt: skip
    stacked = pd.concat(frames, ignore_index=True) if frames else rows.frame.iloc[:0]
    used = rows.resolved.used | set(origin.source.baselines.values())
    frame = complete(stacked.assign(visit=visit), origin.agreed, origin.file)
    return Mapped(origin.table, frame, tuple(findings), disposition, used)
