"""Write the pages and schemas that are generated from the code: `python -m docs.make_pages`.

Presets, which are simulated, are written when they are named: `python -m docs.make_pages docs/presets.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from coxa.cohort.document import dictionary_document
from coxa.glossary.document import glossary_document
from coxa.instruments.document import instruments_document
from coxa.simulate.presets.document import presets_document
from coxa.study.describing.audit_document import audit_document, audit_schema
from coxa.study.describing.document import study_document, study_schema
from coxa.study.describing.pool_document import pool_document, pool_schema
from docs.make_reference import reference_page

ROOT = Path(__file__).parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "src/coxa/study/study.schema.json": study_schema,
    "src/coxa/study/audit.schema.json": audit_schema,
    "src/coxa/study/pool.schema.json": pool_schema,
    "docs/study-file.md": study_document,
    "docs/audit-file.md": audit_document,
    "docs/pool-file.md": pool_document,
    "docs/data-dictionary.md": dictionary_document,
    "docs/instruments.md": instruments_document,
    "docs/glossary.md": glossary_document,
    "docs/reference.md": reference_page,
    "docs/presets.md": presets_document,
}
SIMULATED = ("docs/presets.md",)


def main(asked: list[str]) -> None:
    """Write the pages asked for, or all that take no simulation, and say which of them changed."""
    for name in asked or [each for each in PAGES if each not in SIMULATED]:
        page, text = ROOT / name, PAGES[name]()
        if page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
