"""The audit file as a document and as a JSON Schema, both generated from the models that read it."""

from __future__ import annotations

import json

from coxa.study.audit.plan import BIRTH_DATE, COUNTS, DATES, FLAGS, TEXTS, AuditPlan
from coxa.study.describing.document import part_section, walk


def audit_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of an audit file as text, the same bytes every time.

    Examples
    --------
    >>> import json
    >>> json.loads(audit_schema())["title"]
    'coxa audit file'
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **AuditPlan.model_json_schema(),
        "title": "coxa audit file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


INTRODUCTION = """# The audit file

Every key of an audit file. This page is generated from the models that read it (`src/coxa/study/audit/`); a key in
**bold** is required. A *name* is lower-case letters, digits and underscores, first a letter. `coxa schema audit` prints
the same as a JSON Schema, with which an editor completes the file; `coxa new my-audit --template audit` writes a
commented file that runs.

A row of the data is an episode of care: from a first session to discharge. The columns that coxa knows are those of
this table, the descriptors and standards of the plan by the names that they have there, and the scores. Only the date
from which follow-up is counted and the day of intake cannot be done without; a column that is called otherwise in the
file is named under `data: columns`.

| column | kind | meaning |
|---|---|---|
{columns}
"""

MEANINGS = {
    "patient": "identifier of the patient, who may have several episodes",
    "episode": "identifier of the episode",
    "clinic": "the clinic; all episodes are those of one clinic where there is no such column",
    "therapist": "the treating therapist",
    "condition": "for what the patient comes",
    "referral_date": "day of the referral",
    "intake_date": "day of the first session",
    "discharge_date": "day of discharge; empty while care goes on",
    "booked": "sessions booked",
    "attended": "sessions attended",
    "missed": "sessions missed",
    "eligible": "whether the audit is about this episode; yes where there is no such column",
    "asked": "whether the patient was asked to fill in questionnaires; yes where there is no such column",
    BIRTH_DATE: "day of birth, only where `columns` names it: the descriptor `age` is worked out of it, in whole years "
    "at intake, and the day is kept nowhere. A year of two digits that would be after the intake is of the century "
    "before",
}
"""Column -> what it holds."""

KINDS = dict.fromkeys(TEXTS, "text") | dict.fromkeys(DATES, "date") | dict.fromkeys(COUNTS, "whole number")
KINDS |= dict.fromkeys(FLAGS, "yes or no") | {BIRTH_DATE: "date"}


def audit_document() -> str:
    """Return every key of an audit file as Markdown, the same bytes every time.

    Examples
    --------
    >>> audit_document().splitlines()[0]
    '# The audit file'
    """
    columns = "\n".join(f"| `{name}` | {kind} | {MEANINGS[name]} |" for name, kind in KINDS.items())
    parts = dict.fromkeys(walk((), AuditPlan))
    return "\n".join([INTRODUCTION.format(columns=columns), *(part_section(*each, title="The plan") for each in parts)])
