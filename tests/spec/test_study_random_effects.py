"""Random effects in a study file: what is read, the formula it stands for, and the faults that are named."""

from __future__ import annotations

import pytest

from coxa.cohort.dictionary import load_table
from coxa.study.analysis import RandomEffect
from coxa.study.describing.data_examples import CLUSTER_EXAMPLES
from coxa.study.describing.document import study_document
from coxa.study.wording import model_formula
from coxa.study.words import GROUPINGS
from tests.spec.test_study_read import faults, parse

PLAN = """\
study: therapists
title: Exercise and manual therapy
arms:
  usual_care: {reference: true}
  exercise: {label: Exercise therapy}
  manual_therapy: {}
visits:
  baseline: {day: 0}
  week_12: {day: 84}
outcomes:
  pain: {range: [0, 100], higher_is_better: true}
covariates:
  clinic: {type: category, levels: [town, country]}
  age: {type: number}
estimands:
  primary:
    treatment: {compare: [exercise, manual_therapy], against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
analyses:
  main:
    estimand: primary
    model: mmrm
    adjust: [baseline * visit]
    random: {therapist_id: {only_in: [exercise, manual_therapy], by_arm: true}, site_id: {}}
"""
RANDOM = "{therapist_id: {only_in: [exercise, manual_therapy], by_arm: true}, site_id: {}}"
FACTORS = "Choose one of site_id, therapist_id, clinic"


def with_random(text: str, more: str = "") -> str:
    return PLAN.replace(RANDOM, text) + more


def test_factors_are_read_with_their_options() -> None:
    random = parse(PLAN).analyses["main"].random
    assert random == {
        "therapist_id": RandomEffect(only_in=("exercise", "manual_therapy"), by_arm=True),
        "site_id": RandomEffect(),
    }
    assert parse(with_random("{therapist_id: {only_in: exercise}}")).analyses["main"].random[
        "therapist_id"
    ].only_in == ("exercise",)
    assert parse(with_random("\n      site_id:")).analyses["main"].random == {"site_id": RandomEffect()}


def test_an_analysis_has_none_unless_asked_and_refuses_few_clusters() -> None:
    analysis = parse(PLAN.replace(f"    random: {RANDOM}\n", "")).analyses["main"]
    assert analysis.random == {}
    assert analysis.few_clusters == "refuse"


@pytest.mark.parametrize(
    ("random", "terms"),
    [
        ("{therapist_id: {}}", "(1 | therapist_id)"),
        ("{therapist_id: {only_in: [exercise, manual_therapy]}}", "(1 | therapist_id)"),
        (RANDOM, "(1 | gr(therapist_id, by = arm)) + (1 | site_id)"),
        ("{clinic: {by_arm: true}}", "(1 | gr(clinic, by = arm))"),
    ],
)
def test_the_formula_has_them_last(random: str, terms: str) -> None:
    study = parse(with_random(random).replace("  week_12: {day: 84}", "  week_6: {day: 42}\n  week_12: {day: 84}"))
    assert model_formula(study, "main") == f"change ~ arm * visit + baseline * visit + {terms}"
    assert model_formula(study, "main", subgroup="age") == f"change ~ arm * visit * age + baseline * visit + {terms}"


def test_the_identifiers_are_those_of_the_data_dictionary() -> None:
    fields = load_table("participants").fields.values()
    assert list(GROUPINGS) == [field.name for field in fields if field.type == "id" and field.name != "participant_id"]


@pytest.mark.parametrize(
    ("random", "field", "message"),
    [
        ("{terapist_id: {}}", "terapist_id", f'no factor "terapist_id". {FACTORS}; did you mean therapist_id?'),
        ("{clinik: {}}", "clinik", f'no factor "clinik". {FACTORS}; did you mean clinic?'),
        ("{participant_id: {}}", "participant_id", f'no factor "participant_id". {FACTORS}'),
        ("{age: {}}", "age", "'age' is a number and has no levels. Name one of site_id, therapist_id, clinic"),
        (
            "{site_id: {only_in: [exercis]}}",
            "site_id.only_in",
            'no arm "exercis". Choose one of usual_care, exercise, manual_therapy; did you mean exercise?',
        ),
        (
            "{site_id: {only_in: [exercise, manual_therapy, usual_care]}}",
            "site_id.only_in",
            "`only_in` names every arm. Leave it out",
        ),
        ("{site_id: {only_in: []}}", "site_id.only_in", "Add one, for example `only_in: [exercise, manual_therapy]`"),
        ("{site_id: {only_in: exercise, by_arm: true}}", "site_id.by_arm", "one arm alone has the factor"),
        ("{site_id: {by_am: true}}", "site_id.by_am", "Choose one of only_in, by_arm; did you mean by_arm?"),
    ],
)
def test_a_faulty_factor_is_answered_with_line_key_and_remedy(random: str, field: str, message: str) -> None:
    (found,) = faults(with_random(random))
    assert found[:2] == (24, f"analyses.main.random.{field}")
    assert message in found[2]


@pytest.mark.parametrize("random", ["therapist_id", "[therapist_id]"])
def test_factors_are_a_mapping(random: str) -> None:
    (found,) = faults(with_random(random))
    assert "Write a mapping of keys, for example `random: {site_id: {}}`" in found[2]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("    vcov: CR2\n", "CR2 is a sandwich over participants, who are not independent"),
        ("    ddf: between-within\n", "takes participants for independent, and has no rule for random effects"),
        ("    ddf: residual\n", "Use `kenward-roger-linear`, `kenward-roger` or `satterthwaite`"),
        ("    standardised_effect: true\n", "the interval of Hedges g takes participants for independent"),
        ("    few_clusters: acept\n", "did you mean accept?"),
        ("    subgroups: [clinic]\n", "'clinic' is a random effect and also in `subgroups`"),
    ],
)
def test_what_does_not_go_with_random_effects(more: str, message: str) -> None:
    (found,) = faults(with_random("{clinic: {}}", more))
    assert message in found[2]


def test_a_factor_is_fixed_or_random() -> None:
    text = with_random("{clinic: {}}").replace("[baseline * visit]", "[baseline * visit, clinic * visit]")
    (found,) = faults(text)
    assert "'clinic' is a random effect and also in `adjust`" in found[2]
    assert "Keep `adjust` for a few levels that are of interest themselves" in found[2]


def test_one_column_of_the_file_is_not_fixed_and_random_under_two_names() -> None:
    data = "data:\n  tables:\n    participants: {file: p.csv, columns: {site_id: clinic}}\n"
    text = with_random("{site_id: {}}").replace("[baseline * visit]", "[baseline * visit, clinic]")
    said = [found[2] for found in faults(text + data + "    assessments: {file: a.csv}\n")]
    assert said == [
        "'site_id' and 'clinic', which is adjusted for, are the same column 'clinic' of the file. Keep one of the two."
    ]


def test_random_effects_belong_to_mmrm_and_few_clusters_to_them() -> None:
    assert "`random` does not belong to model ancova" in faults(PLAN.replace("mmrm", "ancova"))[0][2]
    alone = PLAN.replace(f"    random: {RANDOM}\n", "    few_clusters: accept\n")
    assert "`few_clusters` is about random effects, and this analysis has none" in faults(alone)[0][2]


def test_a_cluster_trial_has_the_cluster_in_its_primary_analysis() -> None:
    cluster = PLAN.replace("arms:\n", "design: cluster\narms:\n", 1)
    parse(cluster)
    without = cluster.replace(f"    random: {RANDOM}\n", "")
    (found,) = faults(without)
    assert found[:2] == (21, "analyses.main")
    assert "Add for example `random: {site_id: {}}` to an mmrm" in found[2]
    parse(without + "    role: sensitivity\n")


@pytest.mark.parametrize("example", CLUSTER_EXAMPLES, ids=[example.title for example in CLUSTER_EXAMPLES])
def test_the_examples_of_the_page_are_plans(example) -> None:
    assert f"### {example.title}\n" in study_document()
    design, _, analyses = example.yaml.partition("analyses:\n")
    study = parse(PLAN[: PLAN.index("analyses:")] + design + "analyses:\n" + analyses)
    assert any(analysis.random for analysis in study.analyses.values())
