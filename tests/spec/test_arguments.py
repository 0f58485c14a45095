"""An argument of a wrong kind is answered by name, with what was expected and what was given."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import coxa
from coxa.arguments import NUMBER, WHOLE, WHOLES
from coxa.design import power_two_means
from coxa.errors import OptionError
from coxa.report.analyse import analyse_cohort
from tests.spec.power_plan import power_plan

PLAN = power_plan()
READ = r'Read one .*: `coxa\.read_study\("study\.yaml"\)`'


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coxa.randomise(PLAN, n=60, seed=1), r"`scheme` is of type Trial, not a scheme, .* .*planned_scheme"),
        (lambda: coxa.randomise(PLAN, n=60), r"randomise: `scheme` is of type Trial, not a scheme"),  # type: ignore[call-arg]
        (lambda: coxa.simulated_power("study.yaml"), rf"simulated_power: `study` is 'study\.yaml' .*{READ}"),  # type: ignore[arg-type]
        (lambda: coxa.simulated_power(PLAN, n="60"), r"`n` is '60' \(str\), not a whole number, or several"),  # type: ignore[arg-type]
        (lambda: coxa.simulated_power(PLAN, n=60.5), r"`n` is 60\.5 \(float\), not a whole number, or several"),  # type: ignore[arg-type]
        (lambda: coxa.design.find_n(PLAN, "0.8"), r"find_n: `power` is '0\.8' \(str\), not a number"),  # type: ignore[arg-type]
        (lambda: coxa.simulate_study({"study": "x"}, seed=1), r"simulate_study: `study` is {'study': 'x'} \(dict\)"),  # type: ignore[arg-type]
        (lambda: coxa.simulate.trial_design(None), r"trial_design: `study` is None, not the plan"),  # type: ignore[arg-type]
        (lambda: coxa.design.rehearse("study.yaml"), r"rehearse: `study` is 'study\.yaml' \(str\), not the plan"),  # type: ignore[arg-type]
        (lambda: coxa.design.planned_scheme("blocks"), r"planned_scheme: `study` is 'blocks' .*, not the plan"),  # type: ignore[arg-type]
        (lambda: coxa.analyse(5), r"analyse: `study` is 5 \(int\), not a plan .* or a simulated trial"),  # type: ignore[arg-type]
        (lambda: analyse_cohort(PLAN), r"analyse_cohort: `cohort` is of type Trial, not a checked cohort"),  # type: ignore[arg-type]
        (lambda: coxa.read_cohort("study.yaml"), "read_cohort: `study` is .*, not a plan .* Read it first: "),  # type: ignore[arg-type]
        (lambda: coxa.read_study(PLAN), r"read_study: `path` is of type Trial, not a path"),  # type: ignore[arg-type]
        (lambda: power_two_means(sd="10", difference=5, n=60), r"power_two_means: `sd` is '10' \(str\), not a number"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_a_wrong_kind_says_what_was_expected_and_what_was_given(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        call()


@pytest.mark.parametrize("given", [3, None, {"a": 1}, [1, "a"]])
@pytest.mark.parametrize(
    "name",
    [
        "derive.derive_analysis_sets", "derive.derive_dataset", "derive.derive_scores",
        "diary.derive_diary", "diary.diary_adherence", "diary.flare_rates", "diary.flares", "diary.lagged",
        "diary.pain_monitoring", "diary.within_between", "diary.workload",
        "estimates.adjust_multiplicity", "estimates.standardised_by_model", "estimates.standardised_effect",
        "figures.plot_caterpillar", "figures.plot_power",
        "instruments.items_from_wide", "instruments.load_instrument", "instruments.score", "instruments.threshold",
        "models.icc", "models.variance_intervals",
        "report.render",
        "simulate.bootstrap_fit", "simulate.compare_published", "simulate.draw_outcomes",
        "simulate.estimand_frame", "simulate.preset", "simulate.synthetic_twin",
        "study.delivery_items", "study.read_lock",
    ],
)  # fmt: skip
def test_a_function_says_what_its_arguments_are_where_every_one_is_of_a_wrong_kind(name: str, given: object) -> None:
    namespace, short = name.split(".")
    function = getattr(getattr(coxa, namespace), short)
    needed = [one.name for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    with pytest.raises(OptionError, match=rf"^{short}: `\w+` is "):
        function(**dict.fromkeys(needed, given))


def test_numbers_of_numpy_and_several_of_them_are_numbers_and_truth_values_are_not() -> None:
    assert WHOLE.fits(np.int64(5))
    assert not WHOLE.fits(5.0)
    assert not WHOLE.fits(True)
    assert NUMBER.fits(np.float32(0.5))
    assert WHOLES.fits([60, 80])
    assert WHOLES.fits(np.array([60, 80]))
    assert not WHOLES.fits(["60"])


def test_a_checked_function_keeps_its_signature_and_its_docstring() -> None:
    assert list(inspect.signature(coxa.randomise).parameters) == ["scheme", "n", "seed", "participants"]
    assert "Draw an allocation list" in str(coxa.randomise.__doc__)
