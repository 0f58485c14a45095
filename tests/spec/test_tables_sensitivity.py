"""The analyses of one estimand side by side, on estimates made up for the purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coxa.estimates import Estimates
from coxa.report.build import build_document
from coxa.report.document import Card
from coxa.report.topics.analyses.sensitivity import agreement_sentences, sensitivity_table
from coxa.study import read_study
from coxa.study.comparative import ComparativeStudy
from tests.spec.small_trial import plan, report

STUDY = plan()
SEVEN_ARMS = Path(__file__).parents[2] / "analyses" / "six_treatments" / "study.yaml"
STUDIED = ("primary", "without_therapists")
ROW = {"term": "difference", "visit": "week_12", "estimand": "primary", "outcome": "pain", "conf_level": 0.95}


def estimates(**limits: tuple[float, float, float]) -> Estimates:
    """Return one difference of exercise per analysis: estimate and limits."""
    rows: list[dict[str, Any]] = [
        {
            **ROW,
            "analysis": name,
            "arm": "exercise",
            "reference": "usual_care",
            "estimate": estimate,
            "conf_low": low,
            "conf_high": high,
            "p_value": 0.04,
            "n_participants": 48,
        }
        for name, (estimate, low, high) in limits.items()
    ]
    return Estimates.of(rows)


@pytest.mark.parametrize(
    ("simpler", "said"),
    [
        ((5.0, 1.0, 9.0), "the primary and the sensitivity analysis agree, in favour of Exercise therapy"),
        (
            (1.0, -3.0, 5.0),
            "the primary and the sensitivity analysis do not agree: in favour of Exercise therapy by Primary; the "
            "interval includes zero by Simpler",
        ),
        (
            (-4.0, -7.0, -1.0),
            "the primary and the sensitivity analysis do not agree: in favour of Exercise therapy by Primary; in "
            "favour of Usual care by Simpler",
        ),
    ],
)
def test_one_sentence_says_whether_the_conclusions_agree(simpler: tuple[float, float, float], said: str) -> None:
    (sentence,) = agreement_sentences(STUDY.planned("primary"), estimates(primary=(6.0, 2.0, 10.0), simpler=simpler))
    low = f"{simpler[0]:.1f}".replace("-", "−")
    assert str(sentence) == f"Exercise therapy minus Usual care at Week 12: {said}; estimates from {low} to 6.0 points."


def test_estimates_that_are_shown_alike_are_one_number() -> None:
    (sentence,) = agreement_sentences(
        STUDY.planned("primary"), estimates(primary=(6.0, 2.0, 10.0), simpler=(5.98, 2.0, 10.0))
    )
    assert str(sentence).endswith("; estimates of 6.0 points.")


def test_nothing_is_said_of_one_analysis_alone() -> None:
    alone = estimates(primary=(6.0, 2.0, 10.0))
    assert agreement_sentences(STUDY.planned("primary"), alone) == []
    assert sensitivity_table(STUDY.planned("primary"), alone) is None


def test_each_analysis_has_role_estimate_p_n_and_what_it_relaxes() -> None:
    both = estimates(primary=(6.0, 2.0, 10.0), simpler=(5.0, 1.0, 9.0))
    table = sensitivity_table(STUDY.planned("primary"), both)
    assert table is not None
    (group,) = table.groups
    wanted = "Exercise therapy minus Usual care: change from baseline in hip pain score at Week 12 (higher is better)"
    assert group.label == wanted
    assert [(row.label, [cell.text for cell in row.cells], row.strong) for row in group.rows] == [
        ("Primary", ["primary", "6.0 (2.0 to 10.0)", "0.040", "48", "none (primary analysis)"], True),
        ("Simpler", ["sensitivity", "5.0 (1.0 to 9.0)", "0.040", "48", "the covariance over the visits"], False),
    ]


def test_an_analysis_that_asks_another_question_is_shown_and_not_counted() -> None:
    analyses = dict(STUDY.analyses)
    analyses["more"] = analyses["simpler"].model_copy(update={"role": "supplementary", "label": "More"})
    first = STUDY.model_copy(update={"analyses": analyses}).planned("primary")
    found = estimates(primary=(6.0, 2.0, 10.0), simpler=(5.0, 1.0, 9.0), more=(1.0, -3.0, 5.0))
    (sentence,) = agreement_sentences(first, found)
    table = sensitivity_table(first, found)
    assert table is not None
    assert "the primary and the sensitivity analysis agree" in str(sentence)
    note = "Analyses that are supplementary ask another question; they are not counted"
    assert any(str(one.text).startswith(note) for one in table.footnotes)
    assert len(table.groups[0].rows) == 3


def test_the_results_of_a_report_hold_the_table_and_the_answer_how_the_analyses_agree() -> None:
    made = report()
    document = build_document(made)
    results = next(section for section in document.walk() if section.id == "results")
    tables = [block.table for block in results.blocks if hasattr(block, "table")]
    assert [table.id for table in tables] == ["results-by-arm", "sensitivity-primary"]
    assert [len(group.rows) for group in tables[1].groups] == [2, 2]
    (card,) = (block for block in document.sections[0].blocks if isinstance(block, Card))
    sure = str(dict(card.facts)["How sure?"])
    sentences = agreement_sentences(made.study.planned("primary"), made.estimates)
    assert sentences
    for sentence in sentences:
        assert str(sentence) in sure
        assert str(sentence) not in [str(block.text) for block in results.blocks if hasattr(block, "text")]


def test_many_comparisons_that_agree_are_one_sentence() -> None:
    study = read_study(SEVEN_ARMS)
    assert isinstance(study, ComparativeStudy)
    first = study.planned("primary")
    limits = dict.fromkeys(first.compare, (-1.5, 0.5)) | {"performance": (-2.5, -0.2)}
    rows = [
        {
            **ROW,
            "analysis": analysis,
            "arm": arm,
            "reference": "usual_care",
            "estimate": -1.0,
            "conf_low": low,
            "conf_high": high,
        }
        for analysis in ("primary", "without_therapists")
        for arm, (low, high) in limits.items()
    ]
    assert len(agreement_sentences(first, Estimates.of(rows))) == 6
    several = [str(sentence) for sentence in agreement_sentences(first, Estimates.of(rows), most=3)]
    assert len(several) == 2
    assert several[0].startswith("Each arm but Sports performance training: ")
    assert several[1].endswith("agree, in favour of Sports performance training.")


def test_what_adjusts_p_values_of_several_analyses_is_one_note_and_the_like_is_said_once() -> None:
    study = read_study(SEVEN_ARMS)
    assert isinstance(study, ComparativeStudy)
    numbers = {"estimate": -1.0, "conf_low": -2.0, "conf_high": 0.5, "p_value": 0.2, "n_participants": 80}
    one = {**ROW, **numbers, "arm": "manual", "reference": "usual_care"}
    rows = [{**one, "analysis": name} for name in STUDIED]
    notes = sensitivity_table(study.planned("primary"), Estimates.of(rows)).footnotes
    assert [note.text for note in notes if note.mark == "†"] == [
        "P-value adjusted for multiplicity. MMRM with therapists and MMRM without therapists: by the method of Dunnett "
        "over the comparisons at each visit, limits too."
    ]
