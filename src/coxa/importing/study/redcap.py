"""Exports of REDCap: its data dictionary, its events, and its repeated forms as tables of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.mapping.redcap import EVENTS, REPEATS
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile, profile_table
from coxa.importing.study.tables import StudyTable, is_checkbox, participant_column, study_table
from coxa.importing.tables import FileTable

Read = tuple[FileTable, Sequence[ColumnProfile]]

FIELD, FORM, TYPE = "Variable / Field Name", "Form Name", "Field Type"
LABEL, CHOICES = "Field Label", "Choices, Calculations, OR Slider Labels"
"""Columns of a data dictionary of REDCap that are used."""

SURVEY = re.compile(r"(redcap_(data_access_group|survey_identifier)|.*_timestamp|.*_complete|Complete\?.*|Survey.*)")
"""Columns that REDCap adds, which say nothing of participants."""

INSTANCES = ("redcap_repeat_instance", "Repeat Instance")
CHECKED_WORDS = {"0": "No", "1": "Yes", "Unchecked": "No", "Checked": "Yes"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a data dictionary: its label, its type, and code -> label of its choices."""

    name: str
    form: str
    type: str
    label: str
    choices: Mapping[str, str]


def redcap_tables(draft: Draft, read: Sequence[Read]) -> list[StudyTable]:
    """Return the tables of REDCap exports: the rows of participants and visits, and those of each repeated form.

    Parameters
    ----------
    draft
        Takes readings of what only REDCap has: the data dictionary, forms that are complete, calculated fields.
    read
        Tables of the files, with their profiles.

    Returns
    -------
    list of StudyTable
        None where no file is an export of REDCap.
    """
    fields: dict[str, Field] = {}
    for _, profiles in read:
        if {FIELD, TYPE} <= {profile.column for profile in profiles}:
            fields |= _dictionary(draft, _file(read, profiles), profiles)
    found = []
    for file, profiles in read:
        if _is_export(file, fields):
            found += _split(draft, file, profiles, fields)
    return found


def _file(read: Sequence[Read], profiles: Sequence[ColumnProfile]) -> FileTable:
    return next(file for file, own in read if own is profiles)


def _is_export(file: FileTable, fields: Mapping[str, Field]) -> bool:
    """Say whether a file is an export: it has events or repeats of REDCap, or most of its columns in a dictionary."""
    names = set(map(str, file.frame.columns))
    if FIELD in names:
        return False
    if names & {*EVENTS[:1], *REPEATS[:1]}:
        return True
    known = [name for name in names if _field(name, fields)]
    return bool(fields) and 2 * len(known) > len(names)


def _field(name: str, fields: Mapping[str, Field]) -> Field | None:
    """Return the field of a column, which is named by its variable or by its label, with a choice where it is one."""
    match = is_checkbox(name)
    key = (match[0] if match else name).strip()
    return fields.get(key) or next((each for each in fields.values() if each.label == key), None)


def _dictionary(draft: Draft, file: FileTable, profiles: Sequence[ColumnProfile]) -> dict[str, Field]:
    """Return name -> field of a data dictionary, and note that its columns are no data."""
    for profile in profiles:
        draft.is_role(profile, "", "It is of the data dictionary of REDCap, which is used for labels.", "unused")
    frame = file.frame.reindex(columns=[FIELD, FORM, TYPE, LABEL, CHOICES])
    texts = frame.apply(lambda column: code_texts(column).fillna(""))
    rows = texts.to_dict("records")
    return {
        row[FIELD]: Field(row[FIELD], row[FORM], row[TYPE], _plain(row[LABEL]), _choices(row[TYPE], row[CHOICES]))
        for row in rows
        if row[FIELD]
    }


def _plain(label: str) -> str:
    return re.sub(r"<[^>]+>", "", label).strip()


def _choices(kind: str, text: str) -> dict[str, str]:
    """Return code -> label of choices such as `0, Usual care | 1, Exercise`.

    Examples
    --------
    >>> _choices("radio", "0, Usual care | 1, Exercise"), _choices("calc", "[a] + [b]")
    ({'0': 'Usual care', '1': 'Exercise'}, {})
    """
    if kind in ("yesno", "truefalse"):
        return {"0": "No", "1": "Yes"}
    if kind not in ("radio", "dropdown", "checkbox"):
        return {}
    pairs = [part.split(",", 1) for part in text.split("|") if "," in part]
    return {code.strip(): _plain(label) for code, label in pairs}


def _split(
    draft: Draft, file: FileTable, profiles: Sequence[ColumnProfile], fields: Mapping[str, Field]
) -> list[StudyTable]:
    """Return the rows of participants and visits, and the rows of each repeated form."""
    _notes(draft, profiles, fields)
    labelled = replace(file, labels={**file.labels, **_labels(file, fields)})
    key = participant_column({profile.column: profile for profile in profiles})
    repeat = next((name for name in REPEATS if name in file.frame), None)
    if repeat is None:
        return [_part(draft, labelled, key, None, {})]
    forms = code_texts(file.frame[repeat])
    parts = [_part(draft, labelled, key, forms.isna().to_numpy(dtype=bool), {repeat: ""})]
    for form in forms.dropna().unique():
        rows = forms.eq(form).fillna(False).to_numpy(dtype=bool)
        parts.append(_part(draft, labelled, key, rows, {repeat: str(form)}))
    return [part for part in parts if len(part.file.frame)]


def _notes(draft: Draft, profiles: Sequence[ColumnProfile], fields: Mapping[str, Field]) -> None:
    """Say of what REDCap adds, and of what it computes, that it is not used."""
    for profile in profiles:
        field = _field(profile.column, fields)
        if SURVEY.fullmatch(profile.column):
            draft.is_role(profile, "", "REDCap adds it to every form.", "unused")
        elif profile.column in REPEATS:
            draft.is_role(profile, "where", "It says of which repeated form a row is.")
        elif field and field.type == "calc":
            draft.is_role(profile, "", "REDCap computes it from other fields.", "unused")
        elif field and field.type in ("descriptive", "file", "notes"):
            draft.hide(profile)
            draft.is_role(profile, "", f"It is a field of type {field.type}.", "unused")


def _labels(file: FileTable, fields: Mapping[str, Field]) -> dict[str, dict[str, str]]:
    """Return column -> {code: label} of the columns of a file, checkboxes as no and yes."""
    labels: dict[str, dict[str, str]] = {}
    for column in map(str, file.frame.columns):
        field = _field(column, fields)
        if is_checkbox(column):
            labels[column] = dict(CHECKED_WORDS)
        elif field and field.choices and set(code_texts(file.frame[column]).dropna()) & set(field.choices):
            labels[column] = dict(field.choices)
    return labels


def _part(
    draft: Draft, file: FileTable, key: str | None, rows: NDArray[np.bool_] | None, where: Mapping[str, str]
) -> StudyTable:
    """Return rows of a file as a table, without the columns that are empty there or that REDCap adds."""
    frame = file.frame if rows is None else file.frame.loc[rows].reset_index(drop=True)
    kept = [name for name in frame.columns if not SURVEY.fullmatch(str(name)) and name not in REPEATS]
    kept = [name for name in kept if frame[name].notna().any() and not _only_unchecked(frame[name], str(name))]
    if where.get(next(iter(where), "")) == "":
        kept = [name for name in kept if name not in INSTANCES]
    numbers = file.source_row if rows is None else file.source_row[rows]
    part = replace(file, frame=frame[kept], source_row=numbers)
    profiles = profile_table(part)
    free = [profile for profile in profiles if draft.free(profile)]
    return study_table(part, free, key, where)


def _only_unchecked(column: pd.Series, name: str) -> bool:
    """Say whether a checkbox is not checked in any row: REDCap writes 0 at every event without its form."""
    if not is_checkbox(name):
        return False
    return bool(code_texts(column).dropna().str.lower().isin(["0", "unchecked"]).all())
