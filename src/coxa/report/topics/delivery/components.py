"""What each arm delivers: its components, active and passive ones apart."""

from __future__ import annotations

from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.components import ComponentKind, components
from coxa.tables.formats import NONE
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

HEADINGS: dict[ComponentKind, str] = {
    "active": "Active: the participant moves or trains",
    "passive": "Passive: something is done to the participant",
    "neither": "Neither",
}
DELIVERED = "Yes"


def components_table(study: ComparativeStudy) -> Table | None:
    """Return a row per component that some arm delivers, with the arms that do; None where the plan names none.

    Parameters
    ----------
    study
        The plan.

    Returns
    -------
    Table or None
        Rows in the order of the vocabulary, under active, passive and neither; one column per arm.

    Examples
    --------
    >>> import coxa
    >>> [row.label for row in components_table(coxa.preset("moa-2013")).rows()]
    ['Exercise therapy', 'Manual therapy', 'Usual care']
    """
    delivered = {code for arm in study.arms.values() for code in arm.delivers}
    if not delivered:
        return None
    groups = []
    for kind, heading in HEADINGS.items():
        mine = [code for code, one in components().items() if code in delivered and one.kind == kind]
        if mine:
            groups.append(RowGroup(heading, tuple(_row(study, code) for code in mine)))
    return Table(
        "components",
        "What each treatment consists of",
        "Component",
        tuple(Column(study.label("arms", arm), "center") for arm in study.arm_order),
        tuple(groups),
        (Footnote("From the plan."),),
    )


def _row(study: ComparativeStudy, code: str) -> Row:
    cells = (Cell(DELIVERED if code in study.arms[arm].delivers else NONE) for arm in study.arm_order)
    return Row(components()[code].label, tuple(cells))
