"""Randomise a trial, and say beforehand how well and how large.

`randomise` draws the list of a scheme; `balance` and `predictability` try the scheme out; `rerandomisation_test` uses
it in the analysis. The `power_` functions have closed forms; `simulated_power` and `find_n` run the
plan's own analyses. Names are loaded when first used.

Examples
--------
>>> from coxa.design import PermutedBlocks, randomise
>>> randomise(PermutedBlocks({"usual_care": 1, "exercise": 2}, sizes=(3, 6)), 12, seed=7).words
'permuted blocks of random size 3 or 6; usual_care to exercise 1:2'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.allocation.planned import planned_scheme as planned_scheme
    from coxa.allocation.schemes import BiasedCoin as BiasedCoin
    from coxa.allocation.schemes import Cluster as Cluster
    from coxa.allocation.schemes import Minimisation as Minimisation
    from coxa.allocation.schemes import PermutedBlocks as PermutedBlocks
    from coxa.allocation.schemes import Simple as Simple
    from coxa.allocation.schemes import Stratified as Stratified
    from coxa.design.allocation_list import AllocationList as AllocationList
    from coxa.design.allocation_list import next_allocation as next_allocation
    from coxa.design.allocation_list import randomise as randomise
    from coxa.design.balance_and_guessing import Balance as Balance
    from coxa.design.balance_and_guessing import Predictability as Predictability
    from coxa.design.balance_and_guessing import balance as balance
    from coxa.design.balance_and_guessing import predictability as predictability
    from coxa.design.by_simulation.hypotheses import HypothesisPower as HypothesisPower
    from coxa.design.by_simulation.hypotheses import simulated_hypotheses as simulated_hypotheses
    from coxa.design.by_simulation.rehearsal import Rehearsal as Rehearsal
    from coxa.design.by_simulation.rehearsal import rehearse as rehearse
    from coxa.design.by_simulation.search import SampleSize as SampleSize
    from coxa.design.by_simulation.search import find_n as find_n
    from coxa.design.by_simulation.simulated import SimulatedPower as SimulatedPower
    from coxa.design.by_simulation.simulated import simulated_power as simulated_power
    from coxa.design.closed_form.answer import Power as Power
    from coxa.design.closed_form.cluster import design_effect as design_effect
    from coxa.design.closed_form.cluster import power_cluster as power_cluster
    from coxa.design.closed_form.cluster import power_partially_nested as power_partially_nested
    from coxa.design.closed_form.clusters_in_periods import power_stepped_wedge as power_stepped_wedge
    from coxa.design.closed_form.clusters_in_periods import stepped_wedge as stepped_wedge
    from coxa.design.closed_form.competing_risks import power_competing_risks as power_competing_risks
    from coxa.design.closed_form.crossover import power_crossover as power_crossover
    from coxa.design.closed_form.means import power_ancova as power_ancova
    from coxa.design.closed_form.means import power_two_means as power_two_means
    from coxa.design.closed_form.mmrm import power_mmrm as power_mmrm
    from coxa.design.closed_form.n_of_1 import power_n_of_1 as power_n_of_1
    from coxa.design.closed_form.of_cluster_periods import power_of_cluster_periods as power_of_cluster_periods
    from coxa.design.closed_form.of_looks import power_with_looks as power_with_looks
    from coxa.design.closed_form.ordered import power_odds_ratio as power_odds_ratio
    from coxa.design.closed_form.rates import power_rate_ratio as power_rate_ratio
    from coxa.design.closed_form.recurrent_events import power_recurrent_events as power_recurrent_events
    from coxa.design.closed_form.time_to_event import events_needed as events_needed
    from coxa.design.closed_form.time_to_event import power_hazard_ratio as power_hazard_ratio
    from coxa.design.closed_form.two_proportions import power_two_proportions as power_two_proportions
    from coxa.design.closed_form.wins import power_win_probability as power_win_probability
    from coxa.design.closed_form.wins import power_win_ratio as power_win_ratio
    from coxa.design.handed_over import redcap_table as redcap_table
    from coxa.design.rerandomisation import RerandomisationTest as RerandomisationTest
    from coxa.design.rerandomisation import rerandomisation_test as rerandomisation_test
    from coxa.design.sealed import SealedList as SealedList
    from coxa.design.sealed import check_seals as check_seals
    from coxa.design.sealed import seal as seal
    from coxa.design.williams_design import williams as williams

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.allocation.planned": ("planned_scheme",),
        "coxa.allocation.schemes": ("BiasedCoin", "Cluster", "Minimisation", "PermutedBlocks", "Simple", "Stratified"),
        "coxa.design.allocation_list": ("AllocationList", "next_allocation", "randomise"),
        "coxa.design.balance_and_guessing": ("Balance", "Predictability", "balance", "predictability"),
        "coxa.design.by_simulation.hypotheses": ("HypothesisPower", "simulated_hypotheses"),
        "coxa.design.by_simulation.rehearsal": ("Rehearsal", "rehearse"),
        "coxa.design.by_simulation.search": ("SampleSize", "find_n"),
        "coxa.design.by_simulation.simulated": ("SimulatedPower", "simulated_power"),
        "coxa.design.closed_form.answer": ("Power",),
        "coxa.design.closed_form.cluster": ("design_effect", "power_cluster", "power_partially_nested"),
        "coxa.design.closed_form.competing_risks": ("power_competing_risks",),
        "coxa.design.closed_form.crossover": ("power_crossover",),
        "coxa.design.closed_form.means": ("power_ancova", "power_two_means"),
        "coxa.design.closed_form.mmrm": ("power_mmrm",),
        "coxa.design.closed_form.of_cluster_periods": ("power_of_cluster_periods",),
        "coxa.design.closed_form.of_looks": ("power_with_looks",),
        "coxa.design.closed_form.n_of_1": ("power_n_of_1",),
        "coxa.design.closed_form.ordered": ("power_odds_ratio",),
        "coxa.design.closed_form.rates": ("power_rate_ratio",),
        "coxa.design.closed_form.recurrent_events": ("power_recurrent_events",),
        "coxa.design.closed_form.clusters_in_periods": ("power_stepped_wedge", "stepped_wedge"),
        "coxa.design.closed_form.time_to_event": ("events_needed", "power_hazard_ratio"),
        "coxa.design.closed_form.two_proportions": ("power_two_proportions",),
        "coxa.design.closed_form.wins": ("power_win_probability", "power_win_ratio"),
        "coxa.design.handed_over": ("redcap_table",),
        "coxa.design.rerandomisation": ("RerandomisationTest", "rerandomisation_test"),
        "coxa.design.sealed": ("SealedList", "check_seals", "seal"),
        "coxa.design.williams_design": ("williams",),
    },
)
