"""Adjusted p-values of graphs against exact arithmetic over all intersections (`graphs.json`)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from coxa.hypotheses import Graph, closure, fallback, fixed_sequence, graph_test, holm

GRAPHS = json.loads((Path(__file__).parent / "graphs.json").read_text(encoding="utf-8"))
CASES = [name for name in GRAPHS if name != "source"]
CLOSE = 1e-9
"""Exact fractions against double precision; transitions of 1e-5 lose four digits."""


def drawn(name):
    case = GRAPHS[name]
    names = tuple(f"h{place + 1}" for place in range(len(case["p"])))
    graph = Graph(names, tuple(case["weights"]), tuple(map(tuple, case["transitions"])))
    return case, names, graph, dict(zip(names, case["p"], strict=True))


@pytest.mark.parametrize("name", CASES)
def test_shortcut_and_closure_give_the_adjusted_p_values_of_the_reference(name):
    case, names, graph, p = drawn(name)
    short, closed = graph_test(graph, p, alpha=case["alpha"]), closure(graph, p)
    np.testing.assert_allclose(list(short.adjusted.values()), case["adjusted_p_bonferroni"], atol=CLOSE, rtol=0)
    np.testing.assert_allclose(list(closed.adjusted.values()), case["adjusted_p_bonferroni"], atol=CLOSE, rtol=0)
    assert [one in short.rejected for one in names] == case["rejected"]
    order = [(f"h{place}", pytest.approx(weight, abs=CLOSE)) for place, weight, *_ in case["order"]]
    assert [(step.hypothesis, step.weight) for step in short.steps] == order


@pytest.mark.parametrize("kind", ["parametric", "parametric_simes"])
def test_parametric_and_simes_intersections_are_those_of_the_reference(kind):
    case, names, graph, p = drawn("six_hyp")
    expected = case[kind]
    words = {"p": "parametric", "b": "bonferroni", "s": "simes"}
    groups = {
        tuple(names[place - 1] for place in group): words[word]
        for group, word in zip(expected["groups"], expected["kinds"], strict=True)
    }
    correlation = np.eye(6)
    correlation[0, 1] = correlation[1, 0] = expected["corr12"]
    found = closure(graph, p, test=groups, correlation=correlation)
    np.testing.assert_allclose(list(found.adjusted.values()), expected["adjusted_p"], atol=CLOSE, rtol=0)


def test_presets_are_the_graphs_of_the_reference():
    for name, made in (
        ("holm3", holm(("h1", "h2", "h3"))),
        ("fixed_sequence3", fixed_sequence(("h1", "h2", "h3"))),
        ("fallback3", fallback({"h1": 0.5, "h2": 0.3, "h3": 0.2})),
    ):
        _, _, graph, _ = drawn(name)
        assert made == graph
