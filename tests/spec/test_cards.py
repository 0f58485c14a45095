"""Records show themselves: short in a terminal, as a card in a notebook, without anything about a participant."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.cards import MOST, Card, Carded
from coxa.simulate import SimulatedTrial
from tests.reference.trial import trial as rows
from tests.spec.assumed_trial import assumed


@pytest.fixture(scope="module")
def trial() -> SimulatedTrial:
    return coxa.simulate_study(assumed(), seed=3, participants=90, truth_size=2000)


@pytest.fixture(scope="module")
def cohort(trial: SimulatedTrial) -> coxa.Cohort:
    return coxa.read_cohort(trial.study, trial.tables)


def test_a_study_shows_its_parts(trial: SimulatedTrial) -> None:
    lines = repr(trial.study).splitlines()
    assert lines[0] == "Study small: A small trial"
    assert "  Arms         Usual care (reference), Exercise" in lines
    assert str(trial.study) == repr(trial.study)
    assert "Usual care (reference), Exercise" in trial.study._repr_html_()


def test_a_cohort_shows_counts_and_nobody(cohort: coxa.Cohort) -> None:
    shown = repr(cohort) + cohort._repr_html_()
    assert "Usual care 45, Exercise 45" in shown
    assert not [name for name in cohort.table("participants")["participant_id"] if name in shown]


def test_the_data_of_an_estimand_show_participants_by_visit_and_arm(cohort: coxa.Cohort) -> None:
    dataset = coxa.derive_dataset(cohort, "primary")
    assert repr(dataset).splitlines()[0] == "Data of estimand primary"
    assert ["week_6", "45", "45"] in [line.split() for line in repr(dataset).splitlines()]
    assert "<td" in dataset._repr_html_()


def test_a_fit_shows_its_coefficients_and_estimates_their_columns() -> None:
    fit = coxa.fit_mmrm("change ~ arm * visit", rows())
    assert repr(fit).splitlines()[0] == "Mixed model for repeated measures"
    assert "arm[exercise]" in repr(fit)
    shown = repr(coxa.contrasts(fit)).splitlines()
    assert shown[0] == f"{len(coxa.contrasts(fit))} estimates"
    assert shown[1].split()[-1] == "p_value"
    assert "estimand" not in shown[1]


def test_html_is_escaped_and_long_tables_are_cut() -> None:
    card = Card("<script>", {"a<b": "x & y"}, ["<h>"], [["<td>"]] * (MOST + 3), note="<i>")
    assert "<script>" not in card.html()
    assert "x &amp; y" in card.html()
    assert "and 3 more rows" in card.text()
    assert card.text().count("<td>") == MOST


def test_a_long_truth_says_how_many_values_it_does_not_show(trial: SimulatedTrial) -> None:
    long = replace(trial.truth, values=trial.truth.values[:1] * (MOST + 3))
    assert "and 3 more rows" in repr(long)


def test_every_result_shows_itself_by_its_fields_and_a_table() -> None:
    """Arrays by their size, short ones in full, and nothing of a field that is not for the eye."""

    @dataclass(frozen=True, repr=False)
    class Found(Carded):
        statistic: float
        table: pd.DataFrame
        draws: np.ndarray
        groups: tuple[str, ...]
        kept: object = field(default=None, repr=False)
        absent: float | None = None

    found = Found(
        12345.6, pd.DataFrame({"arm": ["a"], "mean": [0.123456]}), np.zeros((2, 3)), ("a", "b"), kept=object()
    )
    assert repr(found).splitlines() == [
        "Found",
        "  statistic  12346",
        "  draws      2 by 3 values",
        "  groups     a, b",
        "  arm    mean",
        "    a  0.1235",
    ]
    assert "<td" in found._repr_html_()


RAW = {"BatchFit", "PatternSums"}
"""Inputs of further steps, which nobody prints."""


@pytest.mark.parametrize("room", ["models", "estimates", "causal", "hypotheses", "measurement", "n_of_1"])
def test_no_result_of_arrays_or_frames_prints_itself_raw(room: str) -> None:
    for name in getattr(coxa, room).__all__:
        shown = getattr(getattr(coxa, room), name)
        kinds = [str(one.type) for one in fields(shown)] if is_dataclass(shown) else []
        if any("ndarray" in kind or "DataFrame" in kind for kind in kinds):
            assert not shown.__dataclass_params__.repr or name in RAW, name
