"""Every preset reproduces the published figures of its trial, and the page in the docs says so."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import coxa
from coxa.simulate import draw_outcomes, trial_design
from coxa.simulate.presets.document import presets_document
from coxa.simulate.published import ERRORS, Comparison, compare_published

ROOT = Path(__file__).parents[2]
NAMES = coxa.simulate.preset_names()
FIGURES = [(name, place) for name in NAMES for place in range(len(coxa.preset(name).source.figures))]


@cache
def compared(name: str) -> tuple[Comparison, ...]:
    return compare_published(coxa.preset(name))


def figure_id(case: tuple[str, int]) -> str:
    figure = coxa.preset(case[0]).source.figures[case[1]]
    parts = (case[0], figure.kind, figure.outcome, figure.visit, figure.arm, figure.against)
    return "-".join(str(part) for part in parts if part)


@pytest.mark.parametrize("case", FIGURES, ids=figure_id)
def test_a_large_trial_has_the_published_figure(case: tuple[str, int]) -> None:
    told = compared(case[0])[case[1]]
    assert abs(told.deviation) <= told.allowed, f"published {told.figure.value}, simulated {told.simulated:.4f}"


@pytest.mark.parametrize("name", NAMES)
def test_the_error_that_is_allowed_is_small_beside_what_the_trial_could_tell(name: str) -> None:
    for told in compared(name):
        if told.figure.interval is not None:
            low, high = told.figure.interval
            assert told.allowed < 0.1 * (high - low), told.figure


def test_figures_of_the_same_participants_are_those_of_an_ordinary_trial() -> None:
    study = coxa.preset("moa-2013")
    told = {(one.figure.kind, one.figure.arm): one for one in compared("moa-2013")}
    design = trial_design(study, dict.fromkeys(study.arms, 20_000))
    drawn = draw_outcomes(design, seed=5)
    last = [drawn.value[drawn.arm == place, 0, -1] for place in range(len(design.arms))]
    means = {arm: np.nanmean(values) for arm, values in zip(design.arms, last, strict=True)}
    error = np.sqrt(2.0) * 53.8 / np.sqrt(20_000)
    for arm in ("manual_therapy", "exercise", "both"):
        one = told["difference", arm]
        assert abs(means[arm] - means["usual_care"] - one.simulated) < 3 * np.hypot(error, one.error)


def test_monte_carlo_errors_are_what_seeds_differ_by() -> None:
    study = coxa.preset("poulsen-2013")
    runs = [compare_published(study, per_arm=2000, seed=seed) for seed in range(1, 61)]
    for place in range(len(runs[0])):
        seen = np.std([run[place].simulated for run in runs], ddof=1)
        said = np.mean([run[place].error for run in runs])
        if said == 0:  # two arms that are alike
            assert seen == 0
            continue
        assert 0.7 < seen / said < 1.3, runs[0][place].figure


ROW = re.compile(r"^(\| .+ \| .+ \| )(-?[\d.]+) \| ([\d.]+)( \| .+ \|)$", re.MULTILINE)
"""A row of figures: its words, the simulated number, what it may be off by, and its origin."""


def half_unit(shown: str) -> float:
    """Return half a unit of the last digit of a number."""
    return 0.5 * 10.0 ** -len(shown.partition(".")[2])


def test_the_page_in_the_docs_is_the_one_that_the_presets_give() -> None:
    """All but the simulated numbers, to the letter; those within the Monte Carlo error of two large trials.

    Covariances whose eigenvalues are alike, as with one correlation between all visits, have no eigenvectors of their
    own: which ones LAPACK gives depends on the processor, and with them who is drawn from a seed.
    """
    written = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    assert ROW.sub(r"\1#\4", written) == ROW.sub(r"\1#\4", presets_document())
    rows = ROW.findall(written)
    for (words, simulated, allowed, _), told in zip(
        rows, (one for name in NAMES for one in compared(name)), strict=True
    ):
        error = ERRORS * np.sqrt(2.0) * told.error
        assert abs(float(simulated) - told.simulated) <= half_unit(simulated) + error, words
        assert float(allowed) == pytest.approx(told.allowed, abs=half_unit(allowed) + 0.05 * error), words
