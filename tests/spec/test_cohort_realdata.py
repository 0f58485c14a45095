"""Two real trials through the readers: an SPSS file and a SAS data set.

Vickers et al., BMJ 2004, 328:744 (data: Trials 2006, 7:15); the antidepressant trial published with the R package
rbmi. They are looked for in ../shared/data beside the repository, or in the folder that COXA_REALDATA names.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coxa.cohort.read import read_cohort
from coxa.study import Study
from coxa.study.reading.read import parse_study

DATA = Path(os.environ.get("COXA_REALDATA", Path(__file__).parents[3] / "shared" / "data"))
ACUPUNCTURE = DATA / "acupuncture_headache_bmj2004" / "acupuncture.sav"
ANTIDEPRESSANT = DATA / "antidepressant_dia_mmrm" / "chapter15_example.sas7bdat"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real trials in {DATA.name} (set COXA_REALDATA)"),
]

HEADACHE = """
study: acupuncture
title: Acupuncture for chronic headache in primary care
arms: {usual_care: {reference: true}, acupuncture: {delivers: [acupuncture]}}
visits: {baseline: {day: 0}, month_3: {day: 91}, month_12: {day: 365}}
outcomes:
  headache: {range: [0, 100], higher_is_better: false}
  headache_days: {range: [0, 28], unit: days, higher_is_better: false}
covariates:
  age: {type: number, unit: years}
  sex: {type: category, levels: [female, male]}
  chronicity: {type: number, unit: years}
estimands:
  primary:
    treatment: {compare: [acupuncture], against: usual_care}
    endpoint: {outcome: headache, visit: month_12}
analyses: {primary: {estimand: primary, model: ancova, adjust: [baseline]}}
data:
  ignore_unlisted: true
  tables:
    participants:
      file: acupuncture.sav
      columns: {participant_id: id, arm: group, site_id: practice_id}
      values: {arm: {0: usual_care, 1: acupuncture}, sex: {1: female, 0: male}}
    assessments:
      file: acupuncture.sav
      columns: {participant_id: id}
      outcomes:
        headache: {baseline: pk1, month_3: pk2, month_12: pk5}
        headache_days: {baseline: f1, month_3: f2, month_12: f5}
"""

DECLARED = """      missing_when:
        - {column: f2, equals: 0, when_missing: pk2, because: no diary at 3 months}
        - {column: f5, equals: 0, when_missing: pk5, because: no diary at 12 months}
"""

DEPRESSION = """
study: antidepressant
title: Antidepressant trial
arms: {placebo: {reference: true}, drug: {delivers: [medication]}}
visits: {baseline: {day: 0}, visit_4: {day: 7}, visit_5: {day: 14}, visit_6: {day: 28}, visit_7: {day: 42}}
outcomes: {hamd17: {range: [0, 52], higher_is_better: false}}
estimands:
  primary:
    treatment: {compare: [drug], against: placebo}
    endpoint: {outcome: hamd17, measure: change, visit: visit_7}
analyses: {primary: {estimand: primary, model: mmrm, adjust: [baseline * visit]}}
data:
  ignore_unlisted: true
  tables:
    participants:
      file: chapter15_example.sas7bdat
      columns: {participant_id: PATIENT, arm: THERAPY}
      values: {arm: {DRUG: drug, PLACEBO: placebo}}
    assessments:
      file: chapter15_example.sas7bdat
      columns: {participant_id: PATIENT, visit: VISIT}
      values: {visit: {4: visit_4, 5: visit_5, 6: visit_6, 7: visit_7}}
      outcomes: {hamd17: HAMDTL17}
      baselines: {hamd17: basval}
"""


VISITS = {"baseline": 172, "visit_4": 172, "visit_5": 158, "visit_6": 149, "visit_7": 129}
"""Values per visit; 608 rows in the file, and one baseline for each of 172 participants."""


def plan(text: str) -> Study:
    return parse_study(text.encode())


def test_zeros_that_stand_for_missing_are_found() -> None:
    cohort = read_cohort(plan(HEADACHE), ACUPUNCTURE)
    assert [(item.severity, item.field, item.n_rows, item.value) for item in cohort.findings] == [
        ("warning", "headache_days", 75, "0 in 75 participants, and in 2 of 326 with other outcomes"),
        ("warning", "headache_days", 100, "0 in 100 participants, and in 2 of 301 with other outcomes"),
    ]
    assert (
        "missing_when: [{column: f5, equals: 0, when_missing: [pk5], because: ...}]" in cohort.findings.items[1].remedy
    )


def test_declared_they_are_left_out_and_counted() -> None:
    cohort = read_cohort(plan(HEADACHE + DECLARED), ACUPUNCTURE)
    assert len(cohort.findings) == 0
    assert cohort.disposition.imbalance().empty
    assert cohort.disposition.left_out["reason"].value_counts().to_dict() == {
        "declared missing: no diary at 3 months": 75,
        "declared missing: no diary at 12 months": 100,
    }
    values = cohort.disposition.counts.query("counted == 'values'").iloc[0]
    assert values[["entered", "kept", "empty", "left_out"]].tolist() == [2406, 2056, 175, 175]


def test_published_size_of_the_acupuncture_trial() -> None:
    cohort = read_cohort(plan(HEADACHE + DECLARED), ACUPUNCTURE)
    people = cohort.table("participants")
    assert people["arm"].value_counts().to_dict() == {"acupuncture": 205, "usual_care": 196}
    last = cohort.table("assessments").query("outcome == 'headache' and visit == 'month_12'")
    arms = last["participant_id"].map(people.set_index("participant_id")["arm"])
    assert arms.value_counts().to_dict() == {"acupuncture": 161, "usual_care": 140}
    assert last["value"].groupby(arms).mean().round(1).to_dict() == {"acupuncture": 16.2, "usual_care": 22.3}


def test_sas_data_set_with_participants_and_baselines_on_every_row() -> None:
    cohort = read_cohort(plan(DEPRESSION), ANTIDEPRESSANT)
    assert len(cohort.findings) == 0
    assert cohort.disposition.imbalance().empty
    assert cohort.table("participants")["arm"].value_counts().to_dict() == {"placebo": 88, "drug": 84}
    assert cohort.table("assessments")["visit"].value_counts().to_dict() == VISITS
    assert cohort.sources[0].n_rows == 608
    assert cohort.table("participants")["participant_id"][0] == "1503"
