"""Where something stands in a finished report: number and title of its section, numbers of tables and figures."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.report.document import PARTS, Block, Card, Document, FigureBlock, List, Paragraph, Section, TableBlock
from coxa.report.topics.trial_design.section import FACT_OF, printed

TRIAL_DESIGN = "trial-design"


def sections_by_id(document: Document) -> dict[str, Section]:
    """Return every section by its id."""
    return {section.id: section for section in document.walk()}


def section_place(document: Document, section: Section, figure: bool = False) -> str:
    """Return where a section is, with its tables and figures; empty if nothing, or no figure, is in it."""
    blocks = [block for block in _blocks(section) if _has_content(block)]
    numbers = document.numbers()
    tables = [numbers[block.table.id] for block in blocks if isinstance(block, TableBlock)]
    figures = [numbers[block.figure.id] for block in blocks if isinstance(block, FigureBlock)]
    if not blocks or (figure and not figures):
        return ""
    parts = [_heading(document, section), *_counted("Table", [] if figure else tables), *_counted("Figure", figures)]
    return ", ".join(parts)


def trial_design_place(document: Document | None, key: str) -> str:
    """Return where the report prints a key of the plan, beside its other places; empty if it does not."""
    if document is None:
        return ""
    if key == "registration":
        return "title page"
    section = sections_by_id(document).get(TRIAL_DESIGN)
    fact = FACT_OF.get(key, "")
    shown = "" if section is None else printed(section).get(fact, "")
    return f"{_heading(document, section)} ({shown})" if section is not None and shown else ""


def _heading(document: Document, section: Section) -> str:
    number = document.section_numbers()[section.id]
    top = document.sections[int(number.partition(".")[0]) - 1]
    where = "" if top.part in PARTS["journal"] else " of the supplement"
    return f"Section {number}{where}, {section.title}"


def _blocks(section: Section) -> Iterator[Block]:
    yield from section.blocks
    for inner in section.sections:
        yield from _blocks(inner)


def _has_content(block: Block) -> bool:
    match block:
        case Paragraph(text):
            return block.answers and bool(str(text).strip())
        case List(items):
            return bool(items)
        case Card(facts=facts):
            return bool(facts)
        case TableBlock(table):
            return any(True for _ in table.rows())
        case FigureBlock():
            return True


def _counted(kind: str, numbers: list[int]) -> list[str]:
    """Return "Table 2", or "Tables 2 to 4 and 7"; nothing of nothing.

    Examples
    --------
    >>> _counted("Table", [2, 3, 4, 7]), _counted("Figure", [1])
    (['Tables 2 to 4 and 7'], ['Figure 1'])
    """
    if not numbers:
        return []
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    words = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return [f"{kind}{'s' if len(numbers) > 1 else ''} {words}"]
