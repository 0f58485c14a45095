"""From an audit as it is published to the document that is rendered."""

from __future__ import annotations

from coxa.clinics.audit import Audit
from coxa.clinics.page.answer import answer_section
from coxa.clinics.page.case_mix import case_mix_detail, case_mix_section
from coxa.clinics.page.completeness import completeness_detail, completeness_section
from coxa.clinics.page.explore import explore_section
from coxa.clinics.page.literature import literature_section
from coxa.clinics.page.methods import data_section, methods_section
from coxa.clinics.page.over_time import over_time_detail, over_time_section
from coxa.clinics.page.patients import patients_detail, patients_section
from coxa.clinics.page.seen import Published, Seen, seen
from coxa.report.document import Document, Section
from coxa.report.transform.sharing.rounding import as_printed
from coxa.report.transform.styled import in_style

SUBTITLE = "Clinic audit"


def build_page(published: Published | Audit) -> Document:
    """Return the page of an audit.

    Parameters
    ----------
    published
        An audit of which hidden numbers are NaN (`coxa.clinics.publishing`); or for their own eyes an audit with every
        number.

    Returns
    -------
    Document
        The answer; completeness, case mix, change over time and patients; as a supplement tables in which a reader
        chooses, and more detail; as records methods and data. No number in it has more digits than are shown where it
        is published.

    Examples
    --------
    >>> build_page(published).title  # doctest: +SKIP
    'Hip and knee care in twelve clinics'
    """
    page = seen(published)
    return _document(page, _sections(page))


def build_answer(published: Published | Audit) -> Document:
    """Return the first section of the page of an audit alone; see `build_page`."""
    page = seen(published)
    return _document(page, (answer_section(page),))


def _document(page: Seen, sections: tuple[Section, ...]) -> Document:
    plan = page.audit.plan
    facts = (("Audit", plan.audit), ("Data cut", page.audit.data_cut.isoformat()))
    document = in_style(Document(plan.title, SUBTITLE, facts, sections), plan.style)
    return as_printed(document) if page.note else document


def _sections(page: Seen) -> tuple[Section, ...]:
    """Return the sections that there are, in the order of their parts."""
    sections = (
        answer_section(page),
        completeness_section(page),
        case_mix_section(page),
        over_time_section(page),
        patients_section(page),
        explore_section(page),
        completeness_detail(page),
        case_mix_detail(page),
        over_time_detail(page),
        patients_detail(page),
        literature_section(page),
        methods_section(page),
        data_section(page),
    )
    return tuple(one for one in sections if one and (one.blocks or one.sections))
