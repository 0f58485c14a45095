"""Harms: in whom, how many, how often, and what they were."""

from __future__ import annotations

from coxa.derive.harms import Harms, derive_harms
from coxa.figures.harms import plot_harms
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import Report
from coxa.study import Study
from coxa.study.wording import join_words
from coxa.tables.harm_notes import EXPOSED, absent_sentence
from coxa.tables.harms import harm_rates_table, harm_risks, harm_sizes, harm_terms_table, harms_table

NO_TABLE = "No adverse events table was given: harms cannot be reported."


def harms_section(report: Report) -> Section:
    """Return harms by arm, their rates and terms (CONSORT 2025, items 15 and 27).

    Where there is no table, or no event, a sentence says so; no table is empty.
    """
    study, harms = report.study, derive_harms(report.cohort)
    if harms is None:
        blocks: tuple[Block, ...] = (Paragraph(NO_TABLE, "warning"),)
    elif harms.events.empty:
        blocks = tuple(Paragraph(text) for text in _nothing(study, harms))
    else:
        title = "Participants with at least one harm by arm, and risk differences"
        figure = plot_harms(study, harm_risks(study, harms), figure_id="harms-at-a-glance", title=title)
        absent = absent_sentence(harms)
        blocks = (
            *([Paragraph(absent)] if absent else []),
            TableBlock(harms_table(study, harms)),
            FigureBlock(figure),
            TableBlock(harm_rates_table(study, harms)),
            TableBlock(harm_terms_table(study, harms)),
        )
    return Section("harms", "Harms", (Paragraph(assessed_sentence(study)), *blocks))


def assessed_sentence(study: Study) -> str:
    """Say how the plan has harms asked for and recorded, arm by arm (CONSORT 2025, item 15)."""
    told: dict[str, list[str]] = {}
    for arm in study.arm_order:
        delivery = study.arms[arm].delivery
        how = delivery.harms if delivery else None
        told.setdefault(how or "", []).append(study.label("arms", arm))
    silent = told.pop("", [])
    if not told:
        return "The plan does not say how harms were to be asked for and recorded."
    said = "; ".join(f"{join_words(arms)}: {how}" for how, arms in told.items())
    gap = f" Not said of {join_words(silent)}." if silent else ""
    return f"How harms were to be asked for and recorded, by the plan: {said}.{gap}"


def serious_sentence(report: Report) -> str:
    """Say in one sentence how many participants of each arm had a serious adverse event."""
    study, harms = report.study, derive_harms(report.cohort)
    if harms is None:
        return NO_TABLE
    if not harms.serious_recorded:
        return "No event says whether it was serious: serious adverse events cannot be reported."
    serious = harms.of("adverse_event", serious=True)
    people = serious.groupby("arm")["participant_id"].nunique()
    said = [
        f"{int(people.get(arm, 0))} of {n} participants under {study.label('arms', arm)}"
        for arm, n in harm_sizes(study, harms).items()
    ]
    unknown = harms.lacking["serious"]
    gap = f" Whether it was serious is not recorded of {unknown} events." if unknown else ""
    return f"At least one serious adverse event (safety set, arm received): {join_words(said)}.{gap}"


def _nothing(study: Study, harms: Harms) -> list[str]:
    sizes = harm_sizes(study, harms)
    by_arm = join_words([f"{n} under {study.label('arms', arm)}" for arm, n in sizes.items()])
    said = [
        f"The table of adverse events has no soreness, flare or adverse event after randomisation in the "
        f"{sum(sizes.values())} participants of the safety set ({by_arm}).",
    ]
    before, outside = sum(harms.before.values()), sum(harms.outside.values())
    said += [f"Left out: {before} events before randomisation."] if before else []
    said += [f"Left out: {outside} events of participants who are not in the safety set."] if outside else []
    years = harms.people["years"].sum()
    return [*said, f"They were followed for {years:.1f} person-years. {EXPOSED}"]
