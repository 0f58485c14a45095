"""Randomisation in the methods of a report: what the plan says of it, scheme by scheme, and nothing else."""

from __future__ import annotations

import pytest

from coxa.report.topics.trial_design.randomised import randomisation_methods
from coxa.study.reading.read import parse_study
from tests.spec.cluster_trial import PLAN as CLUSTERS

PLAN = """\
study: small
title: A small trial
arms:
  usual_care: {label: Usual care, reference: true}
  exercise: {label: Exercise therapy}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {range: [0, 100], higher_is_better: false}}
covariates:
  site: {label: Clinic, type: category, levels: [north, south]}
  sex: {label: Sex, type: category, levels: [female, male]}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  primary: {estimand: primary, model: ancova}
"""
UNSAID = (
    "The plan does not say who generated the sequence and how, how it was concealed and who could see the allocation "
    "list (CONSORT 2025, items 17a, 18 and 19)."
)
TO = "Participants were randomised to Usual care and Exercise therapy in the ratio"


def said(part: str, plan: str = PLAN) -> str:
    text = randomisation_methods(parse_study(f"{plan}randomisation: {part}\n".encode()))
    assert text.endswith(f" {UNSAID}")
    return text.removesuffix(f" {UNSAID}")


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("{scheme: simple}", f"{TO} 1:1, as planned by simple randomisation without restriction."),
        (
            "{scheme: simple, ratio: {usual_care: 2, exercise: 4}}",
            f"{TO} 1:2, as planned by simple randomisation without restriction.",
        ),
        (
            "{scheme: blocks, block_sizes: 4}",
            f"{TO} 1:1, as planned in permuted blocks of 4, without stratification.",
        ),
        (
            "{scheme: blocks, block_sizes: [4, 6, 8], strata: site}",
            f"{TO} 1:1, as planned in permuted blocks of 4, 6 or 8, the size of each drawn at random, stratified by "
            "clinic, with separate blocks for each clinic.",
        ),
        (
            "{scheme: blocks, block_sizes: 4, strata: [site, sex]}",
            f"{TO} 1:1, as planned in permuted blocks of 4, stratified by clinic and sex, with separate blocks for "
            "each combination of their levels.",
        ),
        (
            "{scheme: biased_coin, strata: [site, sex], probability: 0.7}",
            f"{TO} 1:1, as planned by a biased coin within each combination of clinic and sex. Each participant went, "
            "with probability 0.7, to the arm that was furthest behind its share among the participants of the "
            "stratum, and to another arm otherwise; where arms were level, chance decided.",
        ),
        (
            "{scheme: biased_coin, ratio: {usual_care: 1, exercise: 2}, probability: 1}",
            f"{TO} 1:2, as planned by a biased coin. Each participant went to the arm that was furthest behind its "
            "share so far, by chance where arms were level. An arm with a larger share took part as several arms of "
            "share one.",
        ),
        (
            "{scheme: minimisation, factors: [site, sex], probability: 0.9}",
            f"{TO} 1:1, as planned by minimisation over clinic and sex. Each participant went, with probability 0.9, "
            "to the arm that left the smallest sum of imbalances within the participant's levels of the factors, and "
            "to another arm otherwise; the imbalance of a level is the largest less the smallest count of the arms.",
        ),
        (
            "{scheme: minimisation, factors: site}",
            f"{TO} 1:1, as planned by minimisation over clinic. Each participant went, with probability 0.8, to the "
            "arm that left the smallest imbalance within the participant's level of the factor, and to another arm "
            "otherwise; the imbalance of a level is the largest less the smallest count of the arms.",
        ),
        (
            "{scheme: minimisation, factors: [site, sex], weights: {site: 2}, probability: 1, measure: variance, "
            "ratio: {usual_care: 1, exercise: 2}}",
            f"{TO} 1:2, as planned by minimisation over clinic (weight 2) and sex (weight 1). Each participant went to "
            "the arm that left the smallest weighted sum of imbalances within the participant's levels of the factors, "
            "by chance where several did; the imbalance of a level is the variance of the counts of the arms. An arm "
            "with a larger share took part as several arms of share one.",
        ),
    ],
)
def test_each_scheme_is_said_with_its_restrictions(part: str, sentence: str) -> None:
    assert said(part) == sentence


def test_whole_clusters_are_randomised() -> None:
    text = said("{scheme: blocks, block_sizes: 2, cluster: site_id, strata: kind}", CLUSTERS)
    assert text == (
        "Clusters (site), not participants, were randomised to Usual care and Exercise classes in the ratio 1:1, as "
        "planned in permuted blocks of 2, stratified by kind of clinic, with separate blocks for each kind of clinic."
    )


def test_who_generated_and_concealed_the_sequence_is_not_made_up() -> None:
    text = randomisation_methods(parse_study(f"{PLAN}randomisation: {{scheme: simple}}\n".encode()))
    for word in ("generated by", "sealed", "envelope", "computer", "central"):
        assert word not in text
    assert "The plan does not say who generated the sequence" in text


def test_what_the_authors_say_of_the_sequence_is_not_missed() -> None:
    given = "protocol: {concealment: sealed envelopes, implementation: a pharmacist}\n"
    text = randomisation_methods(parse_study(f"{PLAN}{given}randomisation: {{scheme: simple}}\n".encode()))
    assert text.endswith("The plan does not say who generated the sequence and how (CONSORT 2025, item 17a).")
    every = given.replace("}", ", sequence_generation: a statistician}")
    text = randomisation_methods(parse_study(f"{PLAN}{every}randomisation: {{scheme: simple}}\n".encode()))
    assert "not in the plan" not in text
