"""Every row is of a patient, has a day of intake, and an episode of its own."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault
from coxa.findings import Finding


def key_faults(draft: Draft) -> Iterator[RowFault]:
    """Yield what rows without a patient, or without a day of intake, are."""
    yield RowFault(
        "patient IS NULL",
        "error" if draft.has("patient") or draft.has("episode") else None,
        "`patient` is empty",
        "Fill it in at the source, or name the row under `exclude_rows`.",
        "patient",
        reason="no patient",
    )
    yield RowFault(
        "intake_date IS NULL",
        "error" if draft.has("intake_date") else None,
        "the episode has no day of intake",
        "Fill it in at the source, or name the row under `exclude_rows`.",
        "intake_date",
        reason="no intake_date",
    )


EACH_A_PATIENT = "the data have no column of patients, so that each episode counts as a patient"


def check_keys(draft: Draft) -> Iterator[Finding]:
    """Yield what was made up for columns that the source does not have."""
    if not draft.has("patient") and not draft.has("episode"):
        remedy = "Name the column of the patient's number: `columns: {patient: ...}` under `data`."
        yield draft.finding("error", "the data have no column of patients", remedy, "patient")
    elif not draft.has("patient"):
        remedy = "Name it, if there is one: `columns: {patient: ...}` under `data`."
        yield draft.finding("warning", EACH_A_PATIENT, remedy, "patient")
    elif not draft.has("episode"):
        rule = "the data have no column of episodes, so that patient and day of intake tell them apart"
        remedy = "Name it, if there is one: `columns: {episode: ...}` under `data`."
        yield draft.finding("note", rule, remedy, "episode")
    elif empty := int(draft.reading.frame("SELECT COUNT(*) - COUNT(episode) AS n FROM {rows}")["n"].iloc[0]):
        rule = "the episode has no identifier, so that patient and day of intake tell it apart"
        yield draft.finding("note", rule, "Fill it in at the source.", "episode", n=empty)
    if not draft.has("clinic"):
        rule = "the data have no column of clinics, so that all episodes count as one clinic"
        remedy = "Name it, if there is one: `columns: {clinic: ...}` under `data`."
        yield draft.finding("warning", rule, remedy, "clinic")
