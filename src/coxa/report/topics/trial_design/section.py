"""The design of the study, and what only its authors know, in the order of CONSORT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from coxa.report.document import Card, Section, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.trial_design.randomised import randomisation_words
from coxa.sentences import join_words, mid_sentence
from coxa.study import Study
from coxa.study.base import Part
from coxa.study.blocks import Blocks
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.components import components
from coxa.study.parts import readable
from coxa.study.protocol import Protocol
from coxa.tables.formats import NONE

DESIGNS = {
    "parallel": "Randomised trial with parallel arms",
    "factorial": "Randomised factorial trial",
    "cluster": "Cluster-randomised trial",
    "crossover": "Randomised crossover trial",
    "stepped_wedge": "Stepped wedge cluster-randomised trial",
    "cluster_crossover": "Cluster-randomised crossover trial",
    "n_of_1": "Series of randomised n-of-1 trials",
    "cohort": "Cohort study",
    "service": "Service evaluation",
}

ARMS, ALLOCATION = "Arms", "Allocation and blinding"
TITLES_IN_COHORT = {ARMS: "Groups", ALLOCATION: "Blinding"}
"""What cards are called in a cohort, whose participants nobody allocated; the facts of the first are called as the
groups are."""

CARDS: Mapping[str, tuple[str, ...]] = {
    "Open science": (
        "version",
        "contributors",
        "sponsor",
        "sponsor_role",
        "committees",
        "registration_date",
        "protocol_access",
        "analysis_plan_access",
        "data_sharing",
        "funding",
        "conflicts",
        "dissemination",
    ),
    "Background and objectives": ("background", "comparator_choice", "objectives", "pro_hypothesis"),
    "Design": ("patient_involvement", "framework", "changes"),
    "Participants": ("setting", "eligibility", "sites_and_providers", "recruitment", "recruitment_target"),
    ARMS: (),
    "Harms and size": ("harms_assessment", "sample_size", "interim_analyses", "stopping"),
    ALLOCATION: ("sequence_generation", "concealment", "implementation", "blinding"),
    "Conduct": (
        "discontinuation",
        "adherence_strategies",
        "concomitant_care",
        "data_collection",
        "pro_validity",
        "pro_administration",
        "retention",
        "data_management",
        "missing_data",
        "bias",
        "confounding",
        "quantitative_variables",
        "monitoring_committee",
        "trial_monitoring",
        "ethics",
        "amendments",
        "consent",
        "further_use",
        "confidentiality",
        "post_trial_care",
        "dates",
        "ended",
        "concomitant_care_received",
    ),
}
"""Title of a card -> keys of `protocol` in it."""

FROM_PLAN = {
    "design": "Type of study",
    "visits": "Visits",
    "periods": "Sequences",
    "blocks": "Blocks",
    "blocks.number": "Blocks",
    "blocks.run_in_days": "Blocks",
    "blocks.washout_days": "Blocks",
    "blocks.treatments.*.description": "Treatments",
    "periods.treatments": "Treatments",
    "arms": ARMS,
    "arms.*.label": ARMS,
    "arms.*.description": ARMS,
    "arms.*.sessions_planned": ARMS,
    "randomisation": "Randomisation",
}
"""Key of the plan -> the fact of this section that says it, beside those of `protocol`."""


def _facts(part: type[Part], path: str) -> Iterator[tuple[str, str]]:
    for key, field in part.model_fields.items():
        inner = next((one for one in _inner(field.annotation) if issubclass(one, Part)), None)
        if inner is None:
            yield f"{path}.{key}", field.title or readable(key)
        else:
            yield from _facts(inner, f"{path}.{key}")


def _inner(annotation: Any) -> list[type]:
    return [one for one in getattr(annotation, "__args__", (annotation,)) if isinstance(one, type)]


FACT_OF: Mapping[str, str] = {**FROM_PLAN, **dict(_facts(Protocol, "protocol"))}
"""Key of the plan -> the fact of this section that says it."""


def trial_design_section(report: ReportRecord[Study]) -> Section:
    """Return cards of the design and of what `protocol:` says; only what is given."""
    study = report.study
    cards = [Card(title, tuple(facts)) for title, facts in _cards(study) if facts]
    said = "Design of the study, from the plan."
    if study.protocol:
        said = "Design and rationale of the study, verbatim from the plan."
    title = "Trial design" if study.words.allocates else "Study design"
    return Section("trial-design", title, (silent(said), *cards))


def _cards(study: Study) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    own = {"Design": _design(study), ARMS: _arms(study), ALLOCATION: _allocation(study)}
    for title, keys in CARDS.items():
        shown = title if study.words.allocates else TITLES_IN_COHORT.get(title, title)
        yield shown, [*own.get(title, ()), *_said(study, keys)]


def _design(study: Study) -> Iterator[tuple[str, str]]:
    yield FROM_PLAN["design"], DESIGNS[study.design]
    visits = (
        f"{study.label('visits', name)} (day {visit.day}{_window(visit.window)})"
        for name, visit in study.visits.items()
    )
    yield FROM_PLAN["visits"], "; ".join(visits)
    yield from _periods(study)


def _periods(study: Study) -> Iterator[tuple[str, str]]:
    """Yield what each sequence receives, period by period."""
    periods = study.received_in_periods if isinstance(study, ComparativeStudy) else None
    if not isinstance(study, ComparativeStudy) or periods is None:
        return
    yield (
        FROM_PLAN["periods.treatments"],
        "; ".join(
            study.label("arms", name) + (f" ({part.description})" if part.description else "")
            for name, part in periods.treatments.items()
        ),
    )
    blocks = getattr(study, "blocks", None)
    if isinstance(blocks, Blocks):
        yield FROM_PLAN["blocks"], _blocks_words(blocks)
        return
    sequences = (
        f"{study.label('arms', arm)}: {', '.join(study.label('arms', name) for name in periods.sequences[arm])}"
        for arm in study.arm_order
    )
    washout = f"; {periods.washout_days} days without treatment between periods" if periods.washout_days else ""
    yield FROM_PLAN["periods"], "; ".join(sequences) + washout


def _blocks_words(blocks: Blocks) -> str:
    """Return how often and how long each treatment is taken."""
    washout = f"; {blocks.washout_days} days without treatment between periods" if blocks.washout_days else ""
    run_in = f", of which the first {blocks.run_in_days} are not analysed" if blocks.run_in_days else ""
    return (
        f"{blocks.number} blocks, each with every treatment once in random order; {blocks.n_periods} periods of "
        f"{blocks.period_days} days{run_in}{washout}"
    )


def _window(window: tuple[int, int] | None) -> str:
    return f", from {-window[0]} days before to {window[1]} after" if window else ""


def _arms(study: Study) -> Iterator[tuple[str, str]]:
    if not isinstance(study, ComparativeStudy):
        return
    known = components()
    described = {}
    for name in study.arm_order:
        arm = study.arms[name]
        sessions = f"{arm.sessions_planned} sessions planned" if arm.sessions_planned is not None else ""
        delivered = [mid_sentence(known[code].label) for code in arm.delivers]
        what = "; ".join(filter(None, [arm.description or (join_words(delivered) if delivered else ""), sessions]))
        described[study.label("arms", name)] = what
    if any(described.values()):
        yield from ((label, what or NONE) for label, what in described.items())


def _allocation(study: Study) -> Iterator[tuple[str, str]]:
    if isinstance(study, ComparativeStudy) and study.allocation:
        yield FROM_PLAN["randomisation"], randomisation_words(study)


def printed(section: Section) -> dict[str, str]:
    """Return what a section of the design says, and what it calls that: its facts, and the card of arms or groups."""
    cards = [block for block in section.blocks if isinstance(block, Card) and block.facts]
    of_arms = {ARMS, TITLES_IN_COHORT[ARMS]}
    facts = {name: name for card in cards if card.title not in of_arms for name, _ in card.facts}
    arms = next((card.title for card in cards if card.title in of_arms), "")
    return {**facts, **({ARMS: arms} if arms else {})}


def _said(study: Study, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield name and text of what `protocol` says under some keys."""
    for key in keys:
        path, value = f"protocol.{key}", getattr(study.protocol, key, None)
        given = {f"{path}.{name}": one for name, one in value} if isinstance(value, Part) else {path: value}
        yield from ((FACT_OF[where], _text(one)) for where, one in given.items() if one not in (None, ""))


def _text(value: str | date | int) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
