"""Text that looks like markup or like a spreadsheet formula; it is kept as text."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding

SUSPECT = r"<\s*/?\s*[A-Za-z!][^>]*>|^\s*[=@]|^\s*[+\-][^\d\s.,+\-]"


def check_texts(draft: Draft) -> Checked:
    """Note text that a browser or a spreadsheet might run."""
    findings: list[Finding] = []
    for table, frame in draft.tables.items():
        for name, field in draft.contracts[table].fields.items():
            if field.type not in ("text", "id") or name in ("instrument", "item"):
                continue
            texts = pd.Series(frame[name].unique()).dropna()
            strange = texts[texts.astype("str").str.contains(SUSPECT, regex=True)]
            if strange.empty:
                continue
            findings += row_findings(
                frame,
                frame[name].isin(strange),
                severity="note",
                table=table,
                field=name,
                rule="the text contains markup or a formula",
                remedy="It is kept as text and never run. Correct it if it is not meant.",
                value=frame[name],
            )
    return Checked(tuple(findings))
