"""Tests of one hypothesis at several looks, and of several hypotheses by a graph.

`sequential_design` gives the boundaries of looks, `sequential_power` their cost, `sequential_inference` what a study
that had looks shows. `graph_test` and `closure` test hypotheses with weights. Names are loaded when first used.

Examples
--------
>>> from coxa.hypotheses import sequential_design
>>> sequential_design([0.5, 1], "pocock").upper
(2.1782720944, 2.1782720944)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.hypotheses.graphs.closure import Closure as Closure
    from coxa.hypotheses.graphs.closure import closure as closure
    from coxa.hypotheses.graphs.graph import Graph as Graph
    from coxa.hypotheses.graphs.graph import fallback as fallback
    from coxa.hypotheses.graphs.graph import fixed_sequence as fixed_sequence
    from coxa.hypotheses.graphs.graph import graph as graph
    from coxa.hypotheses.graphs.graph import holm as holm
    from coxa.hypotheses.graphs.shortcut import GraphTest as GraphTest
    from coxa.hypotheses.graphs.shortcut import graph_test as graph_test
    from coxa.hypotheses.looks.design import SequentialDesign as SequentialDesign
    from coxa.hypotheses.looks.design import sequential_design as sequential_design
    from coxa.hypotheses.looks.inference import SequentialInference as SequentialInference
    from coxa.hypotheses.looks.inference import as_observed as as_observed
    from coxa.hypotheses.looks.inference import conditional_power as conditional_power
    from coxa.hypotheses.looks.inference import repeated_intervals as repeated_intervals
    from coxa.hypotheses.looks.inference import repeated_p_values as repeated_p_values
    from coxa.hypotheses.looks.inference import sequential_inference as sequential_inference
    from coxa.hypotheses.looks.inference import sequential_p_value as sequential_p_value
    from coxa.hypotheses.looks.power import SequentialPower as SequentialPower
    from coxa.hypotheses.looks.power import sequential_power as sequential_power

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.hypotheses.graphs.closure": ("Closure", "closure"),
        "coxa.hypotheses.graphs.graph": ("Graph", "fallback", "fixed_sequence", "graph", "holm"),
        "coxa.hypotheses.graphs.shortcut": ("GraphTest", "graph_test"),
        "coxa.hypotheses.looks.design": ("SequentialDesign", "sequential_design"),
        "coxa.hypotheses.looks.inference": (
            "SequentialInference",
            "as_observed",
            "conditional_power",
            "repeated_intervals",
            "repeated_p_values",
            "sequential_inference",
            "sequential_p_value",
        ),
        "coxa.hypotheses.looks.power": ("SequentialPower", "sequential_power"),
    },
)
