"""The protocol block of a plan: what only authors know, one key for each fact, all of them optional."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from coxa.errors import PlanError
from coxa.report.topics.trial_design.section import CARDS, FACT_OF
from coxa.study import Study
from coxa.study.kinds import study_of
from coxa.study.protocol import Blinding, Dates, Protocol
from coxa.study.reading.keys import has_key
from coxa.study.reading.read import parse_study
from tests.spec.small_trial import plan

TEMPLATE = Path(__file__).parents[2] / "src" / "coxa" / "study" / "templates" / "parallel-trial" / "study.yaml"
WIDEST = 26
"""Characters of a fact's name that stand beside its text on paper."""


def with_protocol(text: str) -> Study:
    whole = TEMPLATE.read_text(encoding="utf-8").partition("\nreport:")[0]
    return parse_study((whole + text).encode())


def planned(**keys: Any) -> Study:
    return study_of({**plan().model_dump(exclude_unset=True), **keys})


def faults(text: str) -> str:
    with pytest.raises(PlanError) as refused:
        with_protocol(text)
    return " ".join(f"{found.rule}. {found.remedy}" for found in refused.value.findings)


def test_a_plan_without_the_block_is_a_plan() -> None:
    assert plan().protocol is None
    assert not has_key(plan(), "protocol.background")


def test_texts_dates_and_blinding_are_read() -> None:
    study = with_protocol(
        "\nprotocol:\n  background: Hips hurt\n  blinding: {who: assessors}\n  dates: {first_enrolment: 2024-01-31}\n"
    )
    assert study.protocol is not None
    assert study.protocol.background == "Hips hurt"
    assert has_key(study, "protocol.blinding.who")
    assert not has_key(study, "protocol.blinding.how")
    assert has_key(study, "protocol.dates.first_enrolment")


def test_an_unknown_key_is_answered_with_the_nearest() -> None:
    assert "there is no key `concealmnt`" in faults("\nprotocol:\n  concealmnt: envelopes\n")
    assert "did you mean concealment?" in faults("\nprotocol:\n  concealmnt: envelopes\n")
    assert "did you mean unblinding?" in faults("\nprotocol:\n  blinding:\n    unbliding: by phone\n")
    assert "did you mean consort-2025?" in faults("\nreport:\n  checklists: [consort-2026]\n")


def test_dates_are_in_order() -> None:
    said = faults("\nprotocol:\n  dates: {first_enrolment: 2024-05-01, last_enrolment: 2024-04-01}\n")
    assert "`first_enrolment` is 2024-05-01 and `last_enrolment` is 2024-04-01. Write them in order" in said


def test_an_empty_text_says_nothing() -> None:
    assert not has_key(planned(protocol={"background": "  "}), "protocol.background")


@pytest.mark.parametrize("part", [Protocol, Blinding, Dates])
def test_every_key_says_which_items_it_answers(part: type[Any]) -> None:
    for name, field in part.model_fields.items():
        assert re.search(r"(CONSORT|SPIRIT|STROBE|CONSORT-PRO) P?\d", field.description), name


def test_every_key_is_printed_once_with_a_short_name() -> None:
    printed = [key for keys in CARDS.values() for key in keys]
    assert sorted(printed) == sorted(Protocol.model_fields)
    names = [name for key, name in FACT_OF.items() if key.startswith("protocol.")]
    assert len(names) == len(set(names))
    assert max(map(len, names)) <= WIDEST
