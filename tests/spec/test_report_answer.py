"""Page one: the answer, every arm in one table, and of 100 people; all of it from the estimates and the counts."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import coxa
from coxa.estimates import Estimates
from coxa.report.build import build_document
from coxa.report.document import Card, Document, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import NotFitted
from coxa.report.report import Report
from coxa.report.topics.analyses.arms_table import results_table
from coxa.report.topics.analyses.sentences import factorial_sentences, not_fitted_words
from coxa.report.topics.answer.people import main_response, people_sentence
from coxa.report.topics.answer.section import answer_section
from coxa.report.topics.responders.tables import response_address, response_counts
from coxa.report.transform.sharing.figures import OF_FEW, shared_figure
from coxa.study.comparative import PlannedAnalysis
from coxa.study.kinds import study_of
from coxa.study.reading.read import parse_study
from coxa.tables.hidden import Protected, address
from coxa.tables.prose import cells_of
from coxa.tables.records import records
from coxa.tables.table import Row, Table
from tests.spec import small_trial
from tests.spec.drawn_trial import drawn_trial
from tests.spec.test_figures_many import study as many_arms

DIFFERENCES = ("difference", "risk_difference")


def shown(report: Report, planned: PlannedAnalysis) -> Table:
    return results_table(report, [planned], "results", "Results")


def values(row: Row, at: int) -> dict[str, float]:
    return {one.name: one.value for one in row.cells[at].statistics}


def same_as_the_estimates(report: Report, planned: PlannedAnalysis) -> int:
    """Hold every difference, p-value and adjusted mean of a table to the estimates; return how many differences."""
    frame = report.estimates.frame
    cells = [cell for row in shown(report, planned).rows() for cell in (row.cells[3], *row.cells[4:])]
    stated = {
        (one.term, one.visit, one.arm, one.reference, one.name): one.value for cell in cells for one in cell.statistics
    }
    asked = planned.asked(frame, *DIFFERENCES)
    means = planned.rows(frame, "marginal_mean")
    for row in records(asked):
        at = (row["term"], row["visit"], row["arm"], row["reference"])
        for name in ("estimate", "conf_low", "conf_high", "p_value"):
            assert stated[(*at, name)] == row[name]
    compared = {(row["visit"], side) for row in records(asked) for side in (row["arm"], row["reference"])}
    for row in records(means):
        if (row["visit"], row["arm"]) in compared:
            assert stated["marginal_mean", row["visit"], row["arm"], "", "estimate"] == row["estimate"]
    assert {(at[:4]) for at in stated if at[0] in DIFFERENCES} == {
        (row["term"], row["visit"], row["arm"], row["reference"]) for row in records(asked)
    }
    return len(asked)


# -- the table of every arm ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("analysis", ["primary", "simpler", "response"])
def test_the_table_has_the_estimates_of_a_mixed_model_an_ancova_and_responders(analysis: str) -> None:
    report = small_trial.report()
    assert same_as_the_estimates(report, report.study.planned(analysis)) == 2


def test_the_table_has_what_was_observed_in_those_analysed_of_each_arm() -> None:
    report = small_trial.report()
    table = shown(report, report.study.planned("primary"))
    assert [row.label for row in table.rows()] == ["Usual care (reference)", "Exercise therapy", "Manual therapy"]
    scores = report.cohort.table("assessments")
    analysed = report.datasets["primary"].analysed
    analysed = analysed[analysed["visit"] == "week_12"]
    for row, arm in zip(table.rows(), report.study.arm_order, strict=True):
        people = report.cohort.table("participants")
        ids = people.loc[people["arm"] == arm, "participant_id"]
        ids = ids[ids.isin(analysed["participant_id"])]
        assert row.cells[0].text == str(len(ids))
        for at, visit in ((1, "baseline"), (2, "week_12")):
            here = scores[(scores["visit"] == visit) & scores["participant_id"].isin(ids)]["value"].astype(float)
            assert values(row, at)["mean"] == pytest.approx(here.mean(), rel=1e-12)
            assert values(row, at)["sd"] == pytest.approx(here.std(), rel=1e-12)


def test_two_treatments_together_are_held_against_the_sum_of_both() -> None:
    report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=206, truth_size=2000, seed=1))
    planned = report.study.main_analysis
    together, *factors = map(str, factorial_sentences(report, planned))
    rows = planned.asked(report.estimates.frame, "interaction", "main_effect")
    (estimate,) = rows.loc[rows["term"] == "interaction", "estimate"]
    assert together.startswith("Interaction of manual therapy with exercise therapy at Year 1: ")
    assert f"{estimate:.1f}" in together
    assert estimate > 0, "lower is better: both together do less than their sum"
    assert together.endswith("together they do less than the sum of both; each effect depends on the other.")
    assert len(factors) == (rows["term"] == "main_effect").sum()
    texts = [str(block.text) for block in answer_section(report).blocks if isinstance(block, Paragraph)]
    assert {together, *factors} <= set(texts)
    assert "further-primary" in [table.id for table in build_document(report).tables()]


def test_the_table_of_responders_has_their_counts_and_the_analysed() -> None:
    report = small_trial.report()
    planned = report.study.planned("response")
    rows = report.datasets["response"].analysed
    here = rows[rows["visit"] == "week_12"]
    for row, arm in zip(shown(report, planned).rows(), report.study.arm_order, strict=True):
        mine = here[here["arm"] == arm]["responder"]
        assert row.cells[0].text == str(len(mine))
        assert values(row, 2) | {"n": mine.sum(), "total": len(mine)} == values(row, 2)


@cache
def simulated(preset: str, participants: int) -> Report:
    plan = coxa.preset(preset)
    return coxa.analyse(coxa.simulate_study(plan, participants=participants, truth_size=2000, seed=1))


def test_the_table_of_a_factorial_trial_has_every_planned_comparison() -> None:
    report = simulated("moa-2013", 80)
    for planned in report.study.primary_analyses:
        assert same_as_the_estimates(report, planned) >= 2


def test_the_table_of_a_cohort_speaks_of_groups_and_has_the_estimates() -> None:
    report = small_trial.report()
    plan = {**small_trial.plan().model_dump(exclude_unset=True), "design": "cohort"}
    study = study_of(plan)
    cohort = replace(report, study=study, cohort=replace(report.cohort, study=study))
    assert shown(cohort, study.planned("primary")).stub == "Group"
    assert same_as_the_estimates(cohort, study.planned("primary")) == 2


def test_the_answer_of_seven_arms_has_a_row_for_each_and_sums_up_those_that_do_not_differ() -> None:
    plan = {**many_arms(arms=7).model_dump(exclude_unset=True), "assumptions": {}}
    report = coxa.analyse(coxa.simulate_study(study_of(plan), participants=140, truth_size=2000, seed=1))
    planned = report.study.main_analysis
    assert same_as_the_estimates(report, planned) == 6
    assert len(list(shown(report, planned).rows())) == 7
    leads = [str(block.text) for block in answer_section(report).blocks if isinstance(block, Paragraph)][1:]
    apart = [row for row in records(planned.asked(report.estimates.frame, "difference"))
             if row["conf_low"] > 0 or row["conf_high"] < 0]  # fmt: skip
    summed = [text for text in leads if text.startswith("The interval includes zero for ")]
    assert len(summed) == (len(apart) < 6)
    assert all("each of the 6 arms against Programme 0" in text for text in summed if not apart)
    assert sum("Programme 0 at" in text for text in leads) == len(apart)
    answer = answer_section(report)
    assert [block.figure.id for block in answer.blocks if isinstance(block, FigureBlock)] == ["endpoint-primary"]
    whom = next(str(dict(block.facts)["For whom?"]) for block in answer.blocks if isinstance(block, Card))
    assert "(20 in each arm)" in whom
    assert whom.endswith("and 20 Programme 6.")
    ids = [figure.id for figure in build_document(report).figures()]
    assert ids.count("profile-primary") == ids.count("endpoint-primary") == 1


# -- in people -------------------------------------------------------------------------------------------------------


def test_of_100_people_is_what_the_table_of_responders_counts() -> None:
    report = small_trial.report()
    response = main_response(report)
    assert response is not None
    counts = response_counts(response, "week_12")
    found = {
        one.arm: {each.name: each.value for each in cell.statistics}
        for cell in cells_of(people_sentence(report, response))
        for one in cell.statistics[:1]
    }
    assert list(found) == list(counts)
    for arm, one in counts.items():
        wanted = {"of_100": 100 * one.n / one.total, "n": one.n, "total": one.total}
        assert found[arm] == pytest.approx(wanted, rel=1e-12)
    table = next(one for one in small_trial.built().tables() if one.id.startswith("responders-by-visit"))
    counted = (one for one in table.statistics() if not one.reference and not one.term.endswith("missing"))
    stated = {(one.visit, one.arm, one.name): one.value for one in counted}
    for arm, one in counts.items():
        assert (stated["week_12", arm, "n"], stated["week_12", arm, "total"]) == (one.n, one.total)


def test_the_people_are_drawn_as_they_are_counted() -> None:
    report = small_trial.report()
    response = main_response(report)
    assert response is not None
    figure = next(one for one in small_trial.built().figures() if one.id == "people-of-100")
    svg = figure.svg()
    for arm, one in response_counts(response, "week_12").items():
        filled = round(100 * one.n / one.total)
        assert f"{report.study.label('arms', arm)}: {filled} of 100" in figure.alt
        panel = svg.split(f"people-{report.study.label('arms', arm)}")[1].split("</g>")[0]
        assert panel.count("<circle") == 100
        assert panel.count('fill="none"') == 100 - filled


def test_people_whose_counts_are_hidden_are_not_drawn() -> None:
    report = small_trial.report()
    response = main_response(report)
    assert response is not None
    figure = next(one for one in small_trial.built().figures() if one.id == "people-of-100")
    known = {
        address(replace(response_address(response, "week_12", arm), name=name))
        for arm in report.study.arm_order
        for name in ("n", "total")
    }
    everything = shared_figure(figure, Protected(5, frozenset(known), frozenset()))
    assert (everything.alt, everything.svg()) == (figure.alt, figure.svg())
    for hidden in ("n", "total"):
        gone = address(replace(response_address(response, "week_12", "exercise"), name=hidden))
        drawn = shared_figure(figure, Protected(5, frozenset(known - {gone}), frozenset()))
        assert list(drawn.data["arm"]) == ["usual_care", "manual_therapy"]
        assert "Exercise therapy" not in drawn.alt + drawn.svg()
        assert "Not shown: a count from 1 to 4" in drawn.alt
    assert shared_figure(figure, Protected(5, frozenset(), frozenset())).alt.startswith(OF_FEW)


def test_people_are_left_out_where_every_number_of_them_is_hidden(tmp_path: Path) -> None:
    report = coxa.analyse(drawn_trial(tmp_path / "trial", 4, 14))
    plain, safe = build_document(report), build_document(report, share=True)
    assert re.search(r"about \d+", people_words(plain))
    assert "people" in [section.id for section in plain.sections]
    assert "people" not in [section.id for section in safe.sections]
    (card,) = (block for block in safe.sections[0].blocks if isinstance(block, Card))
    assert "In people" not in dict(card.facts)
    assert "For whom?" in dict(card.facts)


def people_words(document: Document) -> str:
    (card,) = (block for block in document.sections[0].blocks if isinstance(block, Card))
    return str(dict(card.facts)["In people"])


# -- what cannot be said ---------------------------------------------------------------------------------------------


def facts(section: Section) -> dict[str, str]:
    (card,) = (block for block in section.blocks if isinstance(block, Card))
    return {name: str(text) for name, text in card.facts}


def test_a_trial_without_a_rule_of_response_has_no_people() -> None:
    report = small_trial.report()
    plan = small_trial.plan().model_dump(exclude_unset=True)
    del plan["outcomes"]["pain"]["responder"]
    del plan["estimands"]["response"], plan["analyses"]["response"]
    study = study_of(plan)
    datasets = {name: rows for name, rows in report.datasets.items() if name != "response"}
    frame = report.estimates.frame
    estimates = Estimates(frame[frame["analysis"] != "response"].reset_index(drop=True))
    silent = replace(report, study=study, cohort=replace(report.cohort, study=study), datasets=datasets,
                     estimates=estimates)  # fmt: skip
    document = build_document(silent)
    assert "people" not in {section.id for section in document.walk()}
    said = facts(document.sections[0])
    assert "In people" not in said
    assert said["Does it matter?"] == (
        "The plan names no difference in hip pain score that is important, so the report cannot say."
    )


def test_a_primary_analysis_that_was_not_fitted_is_the_answer() -> None:
    report = small_trial.report()
    why = NotFitted("analysis primary: the Hessian is singular", ("Declare a simpler covariance.",))
    frame = report.estimates.frame
    estimates = Estimates(frame[frame["analysis"] != "primary"].reset_index(drop=True))
    fits = {name: fits for name, fits in report.fits.items() if name != "primary"}
    failed = replace(report, estimates=estimates, not_fitted={"primary": why}, fits=fits)
    section = answer_section(failed)
    leads = [str(block.text) for block in section.blocks if isinstance(block, Paragraph) and block.kind == "lead"]
    assert leads == [str(not_fitted_words(failed, failed.study.planned("primary")))]
    assert "the Hessian is singular" in leads[0]
    assert not any(isinstance(block, TableBlock) for block in section.blocks)
    assert "Does it matter?" not in facts(section)


ADJUSTED = b"""
study: adjusted
title: Adjusted for age
arms: {usual: {reference: true}, exercise: {}}
visits: {baseline: {day: 0}, week_12: {day: 84}}
covariates: {age: {type: number, range: [18, 100]}}
outcomes: {pain: {range: [0, 100], higher_is_better: false}}
estimands: {primary: {treatment: {compare: exercise, against: usual}, endpoint: {outcome: pain, visit: week_12}}}
analyses: {primary: {estimand: primary, model: ancova, adjust: [baseline, age]}}
assumptions: {participants: 60, outcomes: {pain: {baseline: {mean: 50, sd: 10}}}}
"""


def test_participants_without_a_covariate_are_not_counted_as_analysed() -> None:
    trial = coxa.simulate_study(parse_study(ADJUSTED), seed=1, truth_size=2000)
    people = trial.tables["participants"]
    without = people.assign(age=people["age"].where(people.index % 4 != 0))
    report = coxa.analyse(replace(trial, tables={**trial.tables, "participants": without}))
    rows = report.datasets["primary"].analysed
    lost = rows["age"].isna()
    said = facts(answer_section(report))["For whom?"]
    assert said.endswith(f"Left out of the model, as a covariate is missing: {lost.sum()}.")
    assert lost.sum() > 10
    table = shown(report, report.study.planned("primary"))
    for row, arm in zip(table.groups[0].rows, ("usual", "exercise"), strict=True):
        known = rows.loc[(rows["arm"] == arm) & ~lost, "value"]
        assert f"{len(known)} {report.study.label('arms', arm)}" in said
        assert values(row, 2)["mean"] == pytest.approx(known.mean())
