"""Looks and graphs of hypotheses: what they refuse, and what has to hold of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from coxa.errors import OptionError
from coxa.hypotheses import (
    as_observed,
    closure,
    conditional_power,
    fallback,
    graph,
    graph_test,
    holm,
    repeated_intervals,
    repeated_p_values,
    sequential_design,
    sequential_inference,
    sequential_p_value,
    sequential_power,
)
from coxa.hypotheses.looks.crossing import crossing

THREE = sequential_design([0.4, 0.7, 1.0], "ld_obrien_fleming")


def test_one_look_is_a_test_at_the_level():
    assert sequential_design([1], "pocock").upper == pytest.approx([1.959963984540054])


def test_crossing_is_the_integral_of_the_multivariate_normal():
    fractions = np.array([0.3, 0.6, 1.0])
    root = np.sqrt(fractions)
    cov = np.minimum.outer(fractions, fractions) / np.outer(root, root)
    bounds = [2.6, 2.3, 2.0]
    above, _ = crossing(fractions, bounds, [-np.inf] * 3, drift=1.5)
    inside = stats.multivariate_normal.cdf(bounds, mean=1.5 * root, cov=cov, abseps=1e-10, releps=1e-10)
    assert 1 - above.sum() == pytest.approx(inside, abs=1e-7)


def test_futility_that_is_not_binding_leaves_the_boundaries_and_costs_power():
    with_stop = sequential_design([0.5, 1], futility=[0.5])
    assert with_stop.upper == sequential_design([0.5, 1]).upper
    free, stopped = (sequential_power(one, drift=3.0) for one in (sequential_design([0.5, 1]), with_stop))
    assert stopped.power < free.power
    assert stopped.frame["below"].iloc[0] > 0


@pytest.mark.parametrize("look", [1, 2, 3])
def test_stage_wise_p_is_below_the_level_exactly_at_the_boundary(look):
    z = [0.0] * (look - 1) + [THREE.upper[look - 1]]
    information = [40.0, 70.0, 100.0][:look]
    at = sequential_inference(THREE, z, information)
    spent = float(THREE.frame["spent"].iloc[look - 1])
    assert at.p_value == pytest.approx(spent, abs=1e-9)
    assert at.crossed == "upper"
    below = sequential_inference(THREE, [*z[:-1], z[-1] - 1e-6], information)
    assert below.crossed == ""
    assert below.p_value > at.p_value


def test_limits_hold_zero_exactly_where_no_boundary_is_crossed_at_the_end():
    inside = sequential_inference(THREE, [1.0, 1.0, THREE.upper[2] - 1e-4], [40, 70, 100])
    outside = sequential_inference(THREE, [1.0, 1.0, THREE.upper[2] + 1e-4], [40, 70, 100])
    assert inside.conf_low < 0 < outside.conf_low


def test_one_look_gives_the_usual_inference():
    found = sequential_inference(sequential_design([1]), [2.5], [16.0])
    assert (found.estimate, found.conf_low) == pytest.approx((2.5 / 4, (2.5 - 1.959963984540054) / 4))
    assert found.p_value == pytest.approx(stats.norm.sf(2.5))


def test_lower_boundaries_mirror_the_upper_ones():
    two = sequential_design([0.5, 1], "obrien_fleming", sides=2)
    up, down = (sequential_inference(two, [sign * 3.0], [25.0]) for sign in (1, -1))
    assert (up.crossed, down.crossed) == ("upper", "lower")
    assert (up.estimate, up.conf_low) == pytest.approx((-down.estimate, -down.conf_high))
    assert down.p_value == pytest.approx(1 - up.p_value)


def test_repeated_p_values_and_intervals_agree_with_the_boundary():
    p = repeated_p_values(THREE, [THREE.upper[0], 0.0])
    assert p[0] == pytest.approx(0.025, abs=1e-9)
    assert p[1] > 0.4
    assert sequential_p_value(THREE, [THREE.upper[0], 0.0]) == pytest.approx(0.025)
    low, _ = repeated_intervals(THREE, [THREE.upper[0]], [9.0])[0]
    assert low == pytest.approx(0.0, abs=1e-9)


def test_repeated_p_values_of_a_hopeless_statistic_are_one():
    assert repeated_p_values(THREE, [-5.0]) == (1.0,)


def test_observed_information_keeps_the_level():
    seen = as_observed(THREE, [33.0, 80.0, 104.0], [0.33, 0.8, 1.0])
    assert seen.fractions == pytest.approx((33 / 104, 80 / 104, 1.0))
    assert seen.frame["spent"].iloc[-1] == pytest.approx(0.025, abs=1e-9)
    assert seen.upper[0] == pytest.approx(sequential_design([0.33, 1]).upper[0])


def test_conditional_power_without_an_effect_of_a_statistic_at_the_end_is_near_the_boundary():
    design = sequential_design([0.5, 1], "obrien_fleming")
    found = conditional_power(design, [2.0], [50.0], 0.0, [100.0])
    by_hand = stats.norm.sf((design.upper[1] - 2.0 * 0.5**0.5) / 0.5**0.5)
    assert found == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (lambda: sequential_design([0.5, 0.4, 1]), "rise to 1"),
        (lambda: sequential_design([0.5, 0.9]), "Give 1 as the fraction"),
        (lambda: sequential_design([0.5, 1], alpha=0.6), "one-sided level"),
        (lambda: sequential_design([0.5, 1], "obf"), "boundary"),
        (lambda: sequential_design([0.5, 1], futility=[3.5]), "Give a lower one"),
        (lambda: sequential_design([0.5, 1], futility=[0.0, 0.0]), "one for each interim look"),
        (lambda: sequential_power(THREE), "`power` or `drift`"),
        (lambda: sequential_power(THREE, power=0.01), "above `alpha`"),
        (lambda: sequential_inference(THREE, [1.0], [2.0, 3.0]), "one for each look"),
        (lambda: sequential_inference(THREE, [1.0, 1.0], [3.0, 2.0]), "rise from look to look"),
        (lambda: conditional_power(THREE, [1.0], [1.0], 1.0, [2.0]), "2 are left"),
        (lambda: graph({"a": 0.7, "b": 0.7}, {}), "add up to 1.4"),
        (lambda: graph({"a": 1.0}, {"a": {"b": 1}}), "hypothesis"),
        (lambda: graph({"a": 1.0}, {"a": {"a": 1}}), "to itself"),
        (lambda: graph_test(holm(("a", "b")), {"a": 0.1}), "none for b"),
        (lambda: graph_test(holm(("a", "b")), {"a": 0.1, "b": 1.2}), "from 0 to 1"),
        (lambda: closure(holm(("a", "b")), {"a": 0.1, "b": 0.2}, test="parametric"), "needs the correlation"),
    ],
)
def test_options_that_do_not_fit_are_refused(call, fault):
    with pytest.raises(OptionError, match=fault):
        call()


def test_holm_by_the_graph_is_holm():
    p = [0.01, 0.04, 0.03, 0.002]
    names = ("a", "b", "c", "d")
    found = graph_test(holm(names), dict(zip(names, p, strict=True))).adjusted
    np.testing.assert_allclose(list(found.values()), multipletests(p, method="holm")[1], rtol=1e-12)


def test_simes_by_the_closure_of_equal_weights_is_hommel():
    p = [0.01, 0.04, 0.03, 0.002]
    names = ("a", "b", "c", "d")
    found = closure(holm(names), dict(zip(names, p, strict=True)), test="simes").adjusted
    np.testing.assert_allclose(list(found.values()), multipletests(p, method="hommel")[1], rtol=1e-12)


def test_a_parametric_test_of_independent_statistics_is_sidak():
    found = closure(holm(("a", "b")), {"a": 0.02, "b": 0.3}, test="parametric", correlation=np.eye(2))
    assert found.adjusted["a"] == pytest.approx(1 - 0.98**2)


def test_a_hypothesis_without_weight_is_not_rejected():
    """As graphs without transitions leave it: by closure its adjusted p-value is 1."""
    found = graph_test(graph({"a": 0.5, "b": 0.5, "c": 0.0}, {}), {"a": 1.0, "b": 0.0, "c": 0.0})
    assert found.adjusted == {"a": 1.0, "b": 0.0, "c": 1.0}
    assert graph_test(graph({"a": 0.0}, {}), {"a": 0.0}).adjusted == {"a": 1.0}


def test_the_graph_that_is_left_has_the_weights_of_the_rejected():
    found = graph_test(fallback({"a": 0.5, "b": 0.5}), {"a": 0.001, "b": 0.03})
    assert found.rejected == ("a",)
    assert found.left.weights == (0.0, 1.0)


def test_shortcut_is_the_closure_on_random_graphs():
    draw = np.random.default_rng(11)
    for _ in range(30):
        m = int(draw.integers(2, 5))
        names = tuple("abcd"[:m])
        weights = draw.dirichlet(np.ones(m))
        rows = draw.dirichlet(np.ones(m - 1), size=m)
        passes = {
            name: dict(zip([other for other in names if other != name], row, strict=True))
            for name, row in zip(names, rows, strict=True)
        }
        made = graph(dict(zip(names, weights, strict=True)), passes)
        p = dict(zip(names, draw.uniform(0, 0.05, m), strict=True))
        short, closed = graph_test(made, p).adjusted, closure(made, p).adjusted
        assert short == pytest.approx({name: min(one, 1.0) for name, one in closed.items()})
