"""Labels that differ only in capitals, blanks, hyphens, leading zeros or the form of a letter."""

from __future__ import annotations

import json

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.words import folded
from coxa.findings import Finding


def check_labels(draft: Draft) -> Checked:
    """Warn of labels of a free column (therapist, site, reason, identifier) that may be one label written differently.

    Columns with levels are not looked at: there every label that is no level is an error already.
    """
    findings = [
        finding
        for table, frame in draft.tables.items()
        for name, wanted in draft.contracts[table].fields.items()
        if _is_label(table, wanted) and name in frame
        for finding in _alike(table, name, frame[name])
    ]
    return Checked(tuple(findings))


def _is_label(table: str, wanted: Field) -> bool:
    """Say whether a field holds labels that are counted or grouped by; a participant has them in `participants`."""
    if wanted.name == "participant_id":
        return table == "participants"
    return wanted.type == "id" or (wanted.type == "text" and wanted.name.endswith("_reason"))


def _alike(table: str, name: str, labels: pd.Series) -> list[Finding]:
    groups: dict[str, list[str]] = {}
    for label in perhaps_alike(labels.dropna().drop_duplicates().astype("str")):
        groups.setdefault(folded(label), []).append(label)
    alike = [group for group in groups.values() if len(group) > 1]
    counts = labels.astype("str").value_counts() if alike else pd.Series(dtype=int)
    findings = []
    for group in alike:
        right = max(group, key=lambda label: counts[label])
        words = ", ".join(f"{_quoted(label)}: {_quoted(right)}" for label in group if label != right)
        findings.append(
            Finding(
                "warning",
                table,
                f"{len(group)} labels differ only in capitals, blanks, hyphens or leading zeros and count as different",
                f"If they mean the same, write `values: {{{name}: {{{words}}}}}` in its table.",
                field=name,
                value=", ".join(f"{label} ({counts[label]} row{'' if counts[label] == 1 else 's'})" for label in group),
                n_rows=int(counts[group].sum()),
            )
        )
    return findings


def perhaps_alike(labels: pd.Series) -> pd.Series:
    """Return the labels that are alike without their marks and leading zeros; in others `folded` finds nothing."""
    if not labels.str.isascii().all():
        return labels
    digits = labels.str.lower().str.replace(r"([^0-9]|^)0+([0-9])", r"\1\2", regex=True)
    return labels[digits.str.replace(r"[^0-9a-z]", "", regex=True).duplicated(keep=False)]


def _quoted(label: str) -> str:
    return json.dumps(label, ensure_ascii=False)
