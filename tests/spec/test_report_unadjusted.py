"""A comparison without covariates is not called an analysis of covariance, nor are its means adjusted."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from tests.reference.trial import trial
from tests.spec.classes_trial import page, written


def without_covariates(folder: Path, **options: list[str]) -> str:
    """Return the page of the report of the trial, its plan without any adjustment."""
    plan = written(folder, **options)
    text = plan.read_text(encoding="utf-8")
    plain = text.replace(", adjust: [baseline * visit]", "").replace(", adjust: [baseline]", "")
    plan.write_text(plain, encoding="utf-8")
    return page(coxa.analyse(plan))


def test_means_of_repeated_measures_without_covariates_are_estimated(tmp_path: Path) -> None:
    text = without_covariates(tmp_path)
    assert "Estimated means by visit and arm" in text
    assert "Comparison of means at each visit, without covariates." in text
    assert "were compared at each visit by least squares, without covariates." in text
    assert "nalysis of covariance" not in text
    assert "Adjusted mean" not in text


def test_one_visit_without_covariates_is_a_comparison_of_means(tmp_path: Path) -> None:
    text = without_covariates(tmp_path, visits=["baseline", "week_12"])
    assert (
        "Means of change from baseline in pain were compared at Week 12 by least squares, without covariates." in text
    )
    assert "Comparison of means at one visit, without covariates." in text
    assert "nalysis of covariance" not in text
    assert "Adjusted mean" not in text


def test_with_a_covariate_the_words_are_what_they_were(tmp_path: Path) -> None:
    text = page(coxa.analyse(written(tmp_path)))
    assert "Adjusted means by visit and arm" in text
    assert "Analysis of covariance at each visit." in text
    assert "Adjusted means give equal weight to the levels of factors" in text


@pytest.mark.parametrize(
    ("right", "title", "method"),
    [
        ("arm", "Comparison of means", "comparison of means, ordinary least squares"),
        ("arm + baseline", "Analysis of covariance", "ANCOVA, ordinary least squares"),
        ("baseline", "Linear regression", "linear regression, ordinary least squares"),
    ],
)
def test_the_summary_of_a_fit_says_what_it_is(right: str, title: str, method: str) -> None:
    fit = coxa.fit_ancova(f"change ~ {right}", trial(), at_visit="week_12")
    assert fit.summary().splitlines()[0].strip() == title
    assert fit.method.startswith(method)
