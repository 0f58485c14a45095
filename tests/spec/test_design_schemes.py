"""Schemes say what is wrong with them, and what they are, in words."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.allocation.schemes import in_words
from coxa.design import (
    BiasedCoin,
    Cluster,
    Minimisation,
    PermutedBlocks,
    Simple,
    Stratified,
    balance,
    predictability,
    randomise,
)
from coxa.errors import DataError, OptionError

TWO = {"usual_care": 1, "exercise": 1}
SEX = {"sex": ("female", "male")}
BLOCKS = PermutedBlocks(TWO, (4,))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Simple({"exercise": 1}), "has 1 arms. Give two or more"),
        (lambda: Simple({"a": 1, "b": 0}), "Write whole numbers, such as 2 and 1 for 2:1"),
        (lambda: PermutedBlocks(TWO, (4, 5)), "Block size 5 is not a multiple of 2, the sum of the ratio 1:1. Use"),
        (lambda: PermutedBlocks({"a": 2, "b": 1}, (4,)), "Use for example 3, 6, 9"),
        (lambda: PermutedBlocks(TWO, ()), "Use multiples of 2"),
        (lambda: PermutedBlocks(TWO, (4, 4)), "Write each size once"),
        (lambda: Stratified(BLOCKS, {}), "There is no factor"),
        (lambda: Stratified(BLOCKS, {"sex": ("male",)}), "Give two different levels or more"),
        (lambda: Stratified(BLOCKS, {"block": ("a", "b")}), "'block' is a column of the allocation list itself"),
        (lambda: Cluster(BLOCKS, "arm"), "'arm' is a column of the allocation list itself"),
        (lambda: Minimisation(TWO, SEX, {"site": 2}), "'site' has a weight and is not a factor. Choose one of sex"),
        (lambda: Minimisation(TWO, SEX, {"sex": 0}), "is 0. Give a number above 0"),
        (lambda: Minimisation(TWO, SEX, probability=0.5), "Take more than 1/2, which is chance"),
        (lambda: Minimisation(TWO, SEX, measure="sd"), "Choose one of range, variance"),  # type: ignore[arg-type]
        (lambda: randomise(Simple(TWO), 1, seed=1), "1 participants are too few for the ratio 1:1"),
        (lambda: randomise(Cluster(Simple(TWO), "clinic"), 1, seed=1), "1 units (clinic) are too few"),
        (lambda: randomise(Simple(TWO), seed=1), "Exactly one of `n`"),
        (lambda: randomise(Simple(TWO), 4, seed=-1), "`seed` is -1. Give a whole number of 0 or more"),
        (lambda: randomise(Minimisation(TWO, SEX), 4, seed=1), "Give `participants`"),
        (lambda: balance(Simple(TWO), 4, replicates=1, seed=1), "too few for a Monte Carlo error"),
        (lambda: balance(Stratified(BLOCKS, SEX), 4, seed=1, shares={"site": {}}), "which is not a factor"),
        (lambda: balance(Stratified(BLOCKS, SEX), 4, seed=1, shares={"sex": {"male": 1}}), "Give one for every level"),
        (lambda: predictability(Simple(TWO), 4, seed=1, sees="stratum"), "the scheme has none"),
    ],
)
def test_wrong_options_are_answered_with_the_rule_and_the_remedy(make: object, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        make()  # type: ignore[operator]
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ({"participant_id": ["1", "2", "3", "4"]}, "the table lacks the column `sex`"),
        ({"participant_id": ["1", "2", "3", "3"], "sex": ["male"] * 4}, "the `participant_id` is allocated twice"),
        ({"participant_id": ["1", "2", None, "4"], "sex": ["male"] * 4}, "the row has no `participant_id`"),
        ({"participant_id": ["1", "2", "3", "4"], "sex": ["male", "man", "male", "male"]}, "one of female, male"),
        ({"participant_id": ["1", "2", "3", "4"], "sex": ["male", None, "male", "male"]}, "one of female, male"),
        (
            {"participant_id": ["1", "2", "3", "4"], "sex": ["male", "female", "male", "male"]},
            "the stratum has one unit",
        ),
    ],
)
def test_faults_of_the_units_are_findings(units: dict[str, list[str]], said: str) -> None:
    with pytest.raises(DataError) as caught:
        randomise(Stratified(BLOCKS, SEX), participants=pd.DataFrame(units), seed=1)
    assert said in str(caught.value)


def test_a_stratum_with_one_participant_has_its_row_and_a_remedy() -> None:
    units = pd.DataFrame({"participant_id": ["1", "2", "3"], "sex": ["male", "female", "male"]})
    with pytest.raises(DataError) as caught:
        randomise(Stratified(BLOCKS, SEX), participants=units, seed=1)
    (finding,) = caught.value.findings
    assert (finding.row, finding.field, finding.value) == (3, "sex", "female")
    assert "use minimisation" in finding.remedy


def test_a_wrong_word_is_one_finding_with_its_rows_and_the_nearest() -> None:
    units = pd.DataFrame({"participant_id": list("12345"), "sex": ["male", "femail", "x", "femail", "male"]})
    with pytest.raises(DataError) as caught:
        randomise(Stratified(BLOCKS, SEX), participants=units, seed=1)
    found = [(item.row, item.value, item.n_rows, item.remedy) for item in caught.value.findings]
    assert found == [
        (3, "femail", 2, "Did you mean 'female'?"),
        (4, "x", 1, "Correct it. A participant without it is not allocated."),
    ]


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        (Simple(TWO), "simple randomisation; usual_care to exercise 1:1"),
        (Simple({"a": 4, "b": 2, "c": 2}), "simple randomisation; a to b to c 2:1:1"),
        (BLOCKS, "permuted blocks of size 4; usual_care to exercise 1:1"),
        (
            Stratified(PermutedBlocks(TWO, (2, 4, 6)), {**SEX, "site": ("north", "south")}),
            "permuted blocks of random size 2, 4 or 6, stratified by sex and site; usual_care to exercise 1:1",
        ),
        (
            Cluster(Minimisation(TWO, SEX, probability=0.9), "clinic"),
            "by clinic: minimisation over sex by the range of the counts, probability 0.9 for the favoured arm; "
            "usual_care to exercise 1:1",
        ),
        (
            BiasedCoin(TWO, SEX, probability=0.7),
            "a biased coin within strata of sex, probability 0.7 for the arm that is furthest behind; usual_care to "
            "exercise 1:1",
        ),
        (
            Minimisation(TWO, {**SEX, "site": ("north", "south")}, {"site": 2}, measure="variance"),
            "minimisation over sex (weight 1) and site (weight 2) by the variance of the counts, probability 0.8 for "
            "the favoured arm; usual_care to exercise 1:1",
        ),
    ],
)
def test_schemes_in_words(scheme: object, words: str) -> None:
    assert in_words(scheme) == words  # type: ignore[arg-type]
