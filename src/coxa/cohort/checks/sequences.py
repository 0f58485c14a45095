"""Orders in which participants of n-of-1 trials took the treatments."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.study.blocks import SEQUENCE, Blocks, sequence_fault, words_of

TABLE = "participants"


def check_sequences(draft: Draft) -> Checked:
    """Find sequences that are empty, or do not have every treatment once in each block."""
    blocks = getattr(draft.study, "blocks", None)
    people = draft.table("participants")
    if not isinstance(blocks, Blocks) or people.empty:
        return Checked()
    if SEQUENCE not in people or people[SEQUENCE].isna().all():
        rule = "no participant has a sequence of treatments"
        remedy = f"Name the column with the treatments in order, such as {_example(blocks)!r}, as `{SEQUENCE}`."
        return Checked((Finding("error", TABLE, rule, remedy, field=SEQUENCE),))
    given = people[SEQUENCE]
    faults = pd.Series([_fault(blocks, one) for one in given], index=given.index, dtype=object)
    short = pd.Series([0 < len(words_of(one)) < blocks.n_periods for one in given.fillna("")], index=given.index)
    short &= faults.isna()
    found = list(
        row_findings(
            people,
            given.isna(),
            severity="warning",
            rule="the order of treatments is not known",
            remedy="Enter the sequence. Without it the participant is in no comparison.",
            table=TABLE,
            field=SEQUENCE,
        )
    )
    for rule, rows in people[faults.notna()].groupby(faults.dropna(), sort=False):
        found += row_findings(
            rows,
            severity="error",
            rule=f"the order of treatments is not one of the plan: {rule}",
            remedy=f"Correct the sequence. Every block has each treatment once, as in {_example(blocks)!r}.",
            value=rows[SEQUENCE],
            table=TABLE,
            field=SEQUENCE,
        )
    found += row_findings(
        people,
        short,
        severity="note",
        rule=f"the order of treatments has fewer than {blocks.n_periods} periods",
        remedy="Periods without a treatment are not analysed. Add them if they took place.",
        value=given,
        table=TABLE,
        field=SEQUENCE,
    )
    return Checked(tuple(found))


def _fault(blocks: Blocks, sequence: object) -> str | None:
    """Return what is wrong with a sequence that is there."""
    return None if sequence is None or sequence is pd.NA else sequence_fault(blocks, words_of(sequence))


def _example(blocks: Blocks) -> str:
    names = list(blocks.treatments)
    return " ".join([*names, *reversed(names)])
