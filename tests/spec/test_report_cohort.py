"""A cohort is not a trial: its report has no word of a trial, and says how unlike its groups are."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.errors import PlanError
from coxa.findings import Findings
from coxa.report.build import build_document
from coxa.report.document import Document, Paragraph
from coxa.report.output.render import render_document
from coxa.report.report import Report
from coxa.report.topics.answer.section import comparison_cautions
from coxa.report.topics.checklists.answer import fill
from coxa.report.topics.checklists.definition import load_guideline
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.report.topics.participants.imbalance import imbalance_sentences, imbalances
from coxa.study.design_words import COHORT, TRIAL
from coxa.study.kinds import study_of
from coxa.study.reading.read import parse_study
from tests.spec import small_trial
from tests.spec.pages import without_scripts

TRIAL_WORDS = re.compile(r"randomi[sz]|allocat|by chance|effects? of|to treat\b|\btrial\b|\barms?\b", re.I)
COHORT_WORDS = re.compile(r"\bincluded in the cohort\b|\bin a group\b|\bgroup of the treatment\b", re.I)
NOT_COXAS = re.compile(r"Formula: .*?\. |^\[\d+\] .*$|Template for intervention.*$", re.M)
"""What a report quotes: formulas in the names of the data, and titles of papers."""


@cache
def made(design: str) -> Report:
    """Return the small trial, with sessions, harms and co-interventions, under a design."""
    report = small_trial.report()
    plan = {
        **small_trial.plan().model_dump(exclude_unset=True),
        "design": design,
        "title": "Care of the hip",
        "study": "hips",
    }
    plan["analyses"]["primary"]["subgroups"] = ["sex"]
    study = study_of(plan)
    people = report.cohort.table("participants")
    who = people["participant_id"].iloc[[0, 30, 60]].to_list()
    day = [-4.0, 20.0, 30.0]
    tables = {
        **report.cohort.tables,
        "participants": people.assign(
            arm_received=people["arm"].mask(people.index == 30, "usual_care"),
            discontinuation_reason=pd.Series(["moved"], index=[3]).reindex(people.index),
            excluded_after_randomisation=people.index == 70,
        ),
        "treatment_sessions": pd.DataFrame(
            {"participant_id": who, "attended": [True, True, False], "planned": True, "setting": "supervised"}
        ).assign(components="education", fidelity=np.nan, fidelity_source=None, reason_missed=None),
        "adverse_events": pd.DataFrame(
            {"participant_id": who, "study_day": day, "term": "fall", "serious": True}
        ).assign(kind="adverse_event", severity="mild", relatedness="possible", expected=False, action="none"),
        "co_interventions": pd.DataFrame(
            {"participant_id": who, "study_day": day, "kind": "medication", "study_hip": True}
        ),
    }
    return replace(report, study=study, cohort=replace(report.cohort, study=study, tables=tables))


@cache
def document(design: str) -> Document:
    return build_document(made(design))


def read(document: Document) -> str:
    """Return what a reader of the page sees, line by line, without what it quotes; names of marks included."""
    page = str(render_document(document, "html"))
    named = " \n".join(re.findall(r'"(?:title|labels)":\s*(?:"[^"]*"|\[[^\]]*\])', page))
    text = re.sub(r"<style.*?</style>", "", without_scripts(page), flags=re.S)
    text = re.sub(r"<(?!/?span|/?tspan|/?b\b|/?i\b)[^>]+>", "\n", text)
    lines = html.unescape(re.sub(r"<[^>]+>", "", text)) + named
    return NOT_COXAS.sub("", lines)


def test_the_report_of_a_cohort_has_no_word_of_a_trial() -> None:
    found = [line.strip() for line in read(document("cohort")).splitlines() if TRIAL_WORDS.search(line)]
    assert found == []


def test_the_report_of_a_trial_has_them_and_no_word_of_a_cohort() -> None:
    said = read(document("parallel"))
    assert {"randomis", "allocat", "by chance", "arm"} <= {word.lower() for word in TRIAL_WORDS.findall(said)}
    assert COHORT_WORDS.findall(said) == []


def test_every_text_of_one_design_is_there_for_the_other() -> None:
    texts = [name for name in TRIAL.__dataclass_fields__ if isinstance(getattr(TRIAL, name), str)]
    same = [name for name in texts if getattr(TRIAL, name) == getattr(COHORT, name)]
    assert same == []
    assert set(TRIAL.sets) == set(COHORT.sets)


def test_numbers_needed_to_treat_are_of_trials() -> None:
    headings = {
        design: [str(column.label) for table in document(design).tables() for column in table.columns
                 if table.id.startswith("responders-by-visit")]
        for design in ("cohort", "parallel")
    }  # fmt: skip
    assert [label for label in headings["parallel"] if "needed to treat" in label]
    assert not [label for label in headings["cohort"] if "needed" in label]
    assert all(len(row.cells) == len(table.columns) for table in document("cohort").tables() for row in table.rows())


def test_a_cohort_has_no_randomisation() -> None:
    with pytest.raises(PlanError, match=r"`design: cohort`\. Remove `randomisation`"):
        parse_study(PLAN.replace("DESIGN", "cohort\nrandomisation: {scheme: simple}").replace("ADJUST", "[]").encode())


# -- imbalance -------------------------------------------------------------------------------------------------------

PLAN = """
study: clinic
title: Care of the hip
design: DESIGN
arms:
  usual_care: {label: Usual care, reference: true}
  exercise: {label: Exercise}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {label: Pain, range: [0, 100], higher_is_better: true}}
covariates:
  age: {label: Age, type: number}
  height: {label: Height, type: number}
  sex: {label: Sex, type: category, levels: [female, male]}
  payer: {label: Payer, type: category, levels: [public, private]}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
analyses:
  primary: {label: Main, estimand: primary, model: ancova, adjust: ADJUST}
"""


def drawn(
    design: str, *, age: float, height: float, pain: float, payer: tuple[str, str] = ("public", "public"), n: int = 50,
    adjust: str = "[baseline]",
) -> Cohort:  # fmt: skip
    """Return two groups of n whose means differ by so many standard deviations, exactly; sexes are alike."""
    spread = np.array([-1.0, 1.0] * (n // 2)) * np.sqrt((n - 1) / n)
    arms = np.repeat(["usual_care", "exercise"], n)
    second = arms == "exercise"
    both = np.r_[spread, spread]
    people = pd.DataFrame(
        {
            "participant_id": [f"P{index:03d}" for index in range(2 * n)],
            "arm": arms,
            "age": 60 + 10 * (both + age * second),
            "height": 170 + 10 * (both + height * second),
            "sex": ["female", "male"] * n,
            "payer": np.where(second, payer[1], payer[0]),
        }
    )
    start = pd.DataFrame(
        {"participant_id": people["participant_id"], "visit": "baseline", "outcome": "pain",
         "value": 40 + 23 * (both + pain * second)}
    )  # fmt: skip
    later = start.assign(visit="week_12", value=start["value"] + 5)
    study = parse_study(PLAN.replace("DESIGN", design).replace("ADJUST", adjust).encode())
    return Cohort(
        study, {"participants": people, "assessments": pd.concat([start, later])}, Findings(()), Disposition(), ()
    )


def said(cohort: Cohort) -> list[str]:
    return [
        str(text) for text in imbalance_sentences(cohort.study, imbalances(cohort), [cohort.study.planned("primary")])
    ]


def test_groups_of_a_cohort_are_named_by_how_far_they_differ_the_largest_first() -> None:
    cohort = drawn("cohort", age=-1.8, height=0.05, pain=0.3)
    assert [(one.name, round(one.difference, 6)) for one in imbalances(cohort)] == [("age", -1.8), ("pain", 0.3)]
    assert said(cohort) == [
        "The groups differ at baseline (Exercise against Usual care; standardised differences): age 42.0 against 60.0 "
        "(−1.80) and pain 46.9 against 40.0 (0.30).",
        "The primary analysis does not adjust for age.",
    ]


def test_what_is_adjusted_for_is_said_as_well() -> None:
    assert said(drawn("cohort", age=-1.8, height=0, pain=0, adjust="[baseline, age]"))[1] == (
        "The primary analysis adjusts for age."
    )
    assert said(drawn("cohort", age=-1.8, height=0, pain=0.5, adjust="[]"))[1] == (
        "The primary analysis does not adjust for age or pain at baseline."
    )


def test_groups_without_a_level_in_common_are_named_first() -> None:
    cohort = drawn("cohort", age=0.2, height=0, pain=0, payer=("public", "private"))
    assert [one.name for one in imbalances(cohort)] == ["payer", "age"]
    assert "payer (nothing in common)" in said(cohort)[0]


def test_a_balanced_cohort_says_only_that_it_is_one() -> None:
    assert said(drawn("cohort", age=0.1, height=0, pain=-0.1)) == []


def test_arms_of_a_trial_that_start_far_apart_are_named_with_numbers_and_no_test() -> None:
    cohort = drawn("parallel", age=0.3, height=0, pain=-0.82)
    assert said(cohort) == [
        "The two arms start far apart (Exercise against Usual care; standardised differences): pain 21.1 against 40.0 "
        "(−0.82).",
        "The primary analysis adjusts for pain at baseline.",
    ]


def test_chance_alone_is_no_imbalance_of_a_trial_whatever_its_size() -> None:
    assert imbalances(drawn("parallel", age=0.4, height=0, pain=0)) == ()
    large = drawn("parallel", age=0.4, height=0.1, pain=0, n=400)
    assert [one.name for one in imbalances(large)] == ["age"]


def test_the_answer_warns_and_strobe_is_not_ticked_by_it() -> None:
    cautions = [str(text) for text in comparison_cautions(made("cohort"))]
    assert cautions[0].startswith("The study did not decide who was in which group")
    assert cautions[1].startswith("The groups differ at baseline (")
    answer = document("cohort").sections[0].blocks
    first = [str(block.text) for block in answer if isinstance(block, Paragraph) and block.kind == "warning"]
    assert any(text.startswith("Caution: The study did not decide") for text in first)
    strobe = {
        one.item.item: one for one in fill(load_guideline("strobe"), made("cohort").study, document("cohort")).answers
    }
    assert (strobe["12a"].status, strobe["12a"].missing) == ("partly", ("how confounding was controlled",))
    assert "possible confounders" in strobe["7"].missing
    assert strobe["16a"].status == "partly"


def test_the_flow_of_a_cohort_speaks_of_groups() -> None:
    report = made("cohort")
    labels = {count.label for box in participant_flow(report.cohort, report.datasets["primary"]).boxes
              for _, count in box.count.walk()}  # fmt: skip
    assert {"Included in the cohort", "In the group"} <= labels
    assert not [label for label in labels if TRIAL_WORDS.search(label)]
