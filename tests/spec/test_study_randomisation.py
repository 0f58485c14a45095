"""The randomisation of a plan: what it can say, and what is answered where it cannot be."""

from __future__ import annotations

import pytest

from coxa.design import BiasedCoin, Cluster, Minimisation, PermutedBlocks, Simple, Stratified, planned_scheme
from coxa.errors import PlanError
from coxa.study.reading.read import parse_study

PLAN = """\
study: tiny
title: A tiny trial
design: DESIGN
arms: {usual_care: {reference: true}, exercise: {label: Exercise therapy}}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {range: [0, 100], higher_is_better: true}}
covariates:
  site: {type: category, levels: [north, south]}
  sex: {type: category, levels: {female: Female, male: Male}}
  only: {type: category, levels: [one]}
  age: {type: number}
  block: {type: category, levels: [a, b]}
randomisation: PART
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  main: {estimand: primary, model: ancova}
"""


def text(part: str, design: str = "parallel") -> bytes:
    return PLAN.replace("PART", part).replace("DESIGN", design).encode()


def faults(part: str, design: str = "parallel") -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(PlanError) as caught:
        parse_study(text(part, design))
    return [(item.row, item.field, f"{item.rule}; {item.remedy}") for item in caught.value.findings]


@pytest.mark.parametrize(
    ("part", "scheme"),
    [
        ("{scheme: simple}", Simple({"usual_care": 1, "exercise": 1})),
        (
            "{scheme: blocks, block_sizes: 6, ratio: {exercise: 2, usual_care: 1}}",
            PermutedBlocks({"usual_care": 1, "exercise": 2}, (6,)),
        ),
        (
            "{scheme: blocks, block_sizes: [2, 4], strata: [sex, site]}",
            Stratified(
                PermutedBlocks({"usual_care": 1, "exercise": 1}, (2, 4)),
                {"sex": ("female", "male"), "site": ("north", "south")},
            ),
        ),
        (
            "{scheme: biased_coin, probability: 0.7}",
            BiasedCoin({"usual_care": 1, "exercise": 1}, {}, 0.7),
        ),
        (
            "{scheme: biased_coin, strata: [sex, site]}",
            BiasedCoin({"usual_care": 1, "exercise": 1}, {"sex": ("female", "male"), "site": ("north", "south")}, 0.8),
        ),
        (
            "{scheme: minimisation, factors: sex, weights: {sex: 2}, probability: 0.7, measure: variance}",
            Minimisation({"usual_care": 1, "exercise": 1}, {"sex": ("female", "male")}, {"sex": 2.0}, 0.7, "variance"),
        ),
    ],
)
def test_a_plan_stands_for_a_scheme(part: str, scheme: object) -> None:
    assert planned_scheme(parse_study(text(part))) == scheme


def test_what_is_randomised_is_a_random_effect_of_the_primary_analysis() -> None:
    given = text("{scheme: blocks, block_sizes: 4, cluster: therapist_id}", "cluster").decode()
    with pytest.raises(PlanError, match="a random effect of therapist_id, which was randomised"):
        parse_study(given.replace("model: ancova", "model: mmrm, random: {site_id: {}}").encode())
    parse_study(given.replace("model: ancova", "model: mmrm, random: {therapist_id: {}}").encode())


def test_clusters_of_a_plan() -> None:
    given = text("{scheme: blocks, block_sizes: 4, cluster: clinic}", "cluster")
    plan = parse_study(given.replace(b"model: ancova", b"model: mmrm, random: {site_id: {}}"))
    assert planned_scheme(plan) == Cluster(PermutedBlocks({"usual_care": 1, "exercise": 1}, (4,)), "clinic")


@pytest.mark.parametrize(
    ("part", "field", "said"),
    [
        ("{scheme: blocks, block_sizes: [4, 5]}", "block_sizes", "block size 5 is not a multiple of 2"),
        (
            "{scheme: blocks, block_sizes: 4, ratio: {usual_care: 2, exercise: 1}}",
            "block_sizes",
            "Use for example 3, 6",
        ),
        ("{scheme: blocks}", "", "Add for example `block_sizes: [4, 6]`"),
        ("{scheme: simple, block_sizes: 4}", "", "belong to `scheme: blocks`"),
        ("{scheme: minimisation, strata: [sex]}", "", "not to minimisation; Name covariates as `factors`"),
        ("{scheme: minimisation}", "", "for example `factors: [site, sex]`"),
        ("{scheme: blocks, block_sizes: 4, factors: [sex]}", "", "use `strata`"),
        ("{scheme: blocks, block_sizes: 4, strata: [sit]}", "strata", "did you mean site?"),
        ("{scheme: blocks, block_sizes: 4, strata: [age]}", "strata", "Add a covariate of `type: category`"),
        ("{scheme: blocks, block_sizes: 4, strata: [only]}", "strata", "divides no participants"),
        ("{scheme: blocks, block_sizes: 4, strata: [sex, sex]}", "strata", "Name each once"),
        (
            "{scheme: blocks, block_sizes: 4, strata: [block]}",
            "strata",
            "Give the covariate or the cluster another name",
        ),
        ("{scheme: blocks, block_sizes: 4, strata: [[sex]]}", "strata.0", ""),
        ("{scheme: simple, ratio: {exercise: 1, usual_care: 1, sham: 1}}", "ratio", 'no arm "sham"'),
        ("{scheme: simple, ratio: {exercise: 2}}", "ratio", "usual_care has no share"),
        ("{scheme: simple, ratio: {exercise: 0, usual_care: 1}}", "ratio.exercise", "greater than or equal to 1"),
        (
            "{scheme: minimisation, factors: [sex], weights: {site: 1}}",
            "weights",
            "'site' has a weight and is not a factor",
        ),
        ("{scheme: minimisation, factors: [sex], probability: 0.5}", "probability", "which is chance"),
        ("{scheme: minimisation, factors: [sex], probability: 80}", "probability", "less than or equal to 1"),
        ("{scheme: biased_coin, block_sizes: 4}", "", "not to biased_coin"),
        ("{scheme: biased_coin, strata: [sex], probability: 0.5}", "probability", "which is chance"),
        ("{scheme: bloks, block_sizes: 4}", "scheme", "did you mean blocks?"),
        ("{scheme: simple, cluster: clinic}", "cluster", "Write `design: cluster`, or remove `cluster`"),
        ("{scheme: simple, redcap: {sex: {field: dem_sex}}}", "redcap", "Choose arm"),
    ],
)
def test_faults_have_line_key_and_remedy(part: str, field: str, said: str) -> None:
    found = faults(part)
    assert [item[0] for item in found] == [13]
    assert found[0][1] == ".".join(word for word in ("randomisation", field) if word)
    assert said in found[0][2]


def test_a_cluster_design_says_what_is_randomised() -> None:
    assert "for example `cluster: clinic`" in faults("{scheme: simple}", "cluster")[0][2]


def test_a_plan_without_a_randomisation_cannot_be_drawn() -> None:
    plan = parse_study(text("null"))
    with pytest.raises(PlanError, match="block_sizes"):
        planned_scheme(plan)
