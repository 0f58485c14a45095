"""The treatments by the items of TIDieR and CERT, one column per arm; what the plan does not say is shown as a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from coxa.derive.delivery import Delivered
from coxa.sentences import mid_sentence
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.items import delivery_items
from coxa.tables.by_arm import ByArm
from coxa.tables.formats import cell, share
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table

GAP = "Not stated"
ITEMS_STATED = "stated"
ACTUAL = {"TIDieR": "12", "CERT": "16b"}
"""The item that asks how well it was delivered, which the data answer."""

ABOUT = {
    "TIDieR": "TIDieR, template for intervention description and replication (12 items).",
    "CERT": (
        "CERT, consensus on exercise reporting template (16 items, three of them in two parts). For a treatment "
        "without exercise most items do not apply."
    ),
}


def intervention_table(
    study: ComparativeStudy, guideline: Literal["TIDieR", "CERT"], delivered: Delivered | None
) -> Table:
    """Return what the plan says of each arm, item by item.

    Parameters
    ----------
    study
        The plan.
    guideline
        TIDieR or CERT.
    delivered
        What was delivered: where sessions are recorded, it answers how well the plan was followed (TIDieR 12, CERT
        16b), and what the plan says of that stands below it.

    Returns
    -------
    Table
        One row per item that is stated of a treatment, a row of what the plan says beside the data, and how many items
        are stated; a note names the others. Topics are named, not quoted.
    """
    arms = study.arm_order
    items = delivery_items(study)
    mine = items[items["guideline"] == guideline]
    rows: list[Row] = []
    gaps: list[str] = []
    stated = dict.fromkeys(arms, 0)
    for item, told in mine.groupby("item", sort=False):
        planned = dict(zip(told["arm"], told["text"].map(sentence_case), strict=True))
        actual = _actual(study, delivered, guideline) if item == ACTUAL[guideline] else {}
        cells = [actual[arm] if arm in actual else Cell(planned[arm] or GAP) for arm in arms]
        topic = f"{item} {sentence_case(told['topic'].iloc[0])}"
        if actual or any(planned.values()):
            rows.append(Row(topic, tuple(cells)))
        else:
            gaps.append(topic)
        if item == ACTUAL[guideline] and delivered is not None and delivered.sessions["fidelity"].notna().any():
            rows.append(_fidelity_row(study, delivered, guideline))
        if actual and any(planned.values()):
            rows.append(Row("As the plan says", tuple(Cell(planned[arm] or GAP) for arm in arms), level=1))
        for arm, said in zip(told["arm"], told["said"], strict=True):
            stated[arm] += bool(said or arm in actual)
    total = mine["item"].nunique()
    cells = [
        replace(
            cell(
                "count_of_percent",
                {"n": n, "total": total, "share": share(n, total)},
                Statistic(analysis=guideline, term=ITEMS_STATED, arm=arm),
            ),
            of_people=False,
        )
        for arm, n in stated.items()
    ]
    rows.append(Row("Items stated, n/N (%)", tuple(cells), strong=True))
    note = f"{ABOUT[guideline]} From the plan; items without an answer in it are gaps."
    if gaps:
        note += f" {GAP} of any treatment: {'; '.join(gaps)}."
    if delivered is not None and "planned" in delivered.people:
        note += f" Item {ACTUAL[guideline]} is from the data ({mid_sentence(study.words.membership)})."
    return Table(
        guideline.lower(),
        f"The treatments by the items of {guideline}",
        "Item",
        tuple(Column(study.label("arms", arm), "left") for arm in arms),
        (RowGroup("", tuple(rows)),),
        (Footnote(note),),
    )


def _actual(study: ComparativeStudy, delivered: Delivered | None, guideline: str) -> dict[str, Cell]:
    """Return supervised sessions attended of those planned, of the arms that have any."""
    if delivered is None or "planned" not in delivered.people:
        return {}
    sums = delivered.people.groupby("arm")[["planned", "attended"]].sum()
    return {
        arm: cell(
            "attended_of_percent",
            {
                "attended": sums["attended"][arm],
                "planned": sums["planned"][arm],
                "share": share(sums["attended"][arm], sums["planned"][arm]),
            },
            Statistic(analysis=guideline, term="attended of planned", arm=arm),
        )
        for arm in study.arm_order
        if arm in sums.index and sums["planned"][arm] > 0
    }


def _fidelity_row(study: ComparativeStudy, delivered: Delivered, guideline: str) -> Row:
    """Return the share of a session's protocol that was delivered, over the sessions that were rated."""
    came = delivered.sessions[delivered.sessions["attended"]]
    label = "Delivered of a session's protocol, %, mean (SD)"
    return ByArm(guideline, study.arm_order).numbers(label, "fidelity", "mean_sd", came, "fidelity", level=1)
