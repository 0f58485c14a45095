"""The plan of a meta-analysis as a document and as a JSON Schema, both generated from the models that read it."""

from __future__ import annotations

import json

from coxa.study.describing.document import part_section, walk
from coxa.study.pool.plan import PoolPlan


def pool_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a pool file as text, the same bytes every time.

    Examples
    --------
    >>> import json
    >>> json.loads(pool_schema())["title"]
    'coxa pool file'
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PoolPlan.model_json_schema(),
        "title": "coxa pool file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


INTRODUCTION = """# The pool file

Every key of the plan of a meta-analysis. This page is generated from the models that read it (`src/coxa/study/pool/`);
a key in **bold** is required. A *name* is lower-case letters, digits and underscores, first a letter. `coxa schema
pool` prints the same as a JSON Schema, with which an editor completes the file; `coxa pool --presets hip --outcome
pain` writes a plan that runs. What is done with it: [evidence.md](evidence.md).

A study has one of four kinds of numbers: those of both arms (`compared`, `reference`), an `estimate` with `std_error`,
`interval` or `p_value`, the figures of a `preset`, or the result of a report of coxa (`own`). Numbers are as the paper
prints them, ratios as ratios; `source` says where they were read.
"""


def pool_document() -> str:
    """Return every key of a pool file as Markdown, the same bytes every time.

    Examples
    --------
    >>> pool_document().splitlines()[0]
    '# The pool file'
    """
    parts = dict.fromkeys(walk((), PoolPlan))
    return "\n".join([INTRODUCTION, *(part_section(*each, title="The plan") for each in parts)])
