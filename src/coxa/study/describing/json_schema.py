"""The JSON Schema of a study file, so that an editor completes and checks it."""

from __future__ import annotations

import json

from coxa.study.kinds import ANY_KIND


def study_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a study file as text, the same bytes every time.

    It has one schema for each kind of study, told apart by `design`.

    Examples
    --------
    >>> import json
    >>> json.loads(study_schema())["title"]
    'coxa study file'
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ANY_KIND.json_schema(),
        "title": "coxa study file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
