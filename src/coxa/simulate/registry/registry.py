"""A whole registry: episodes of care of several clinics, the plan that reads them, and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from coxa.arguments import WHOLE, kinds
from coxa.cards import Card, Carded
from coxa.errors import OptionError
from coxa.simulate.registry.block import block_frame, draw_block
from coxa.simulate.registry.plan import registry_plan
from coxa.simulate.registry.truth import RegistryTruth, Sums, truth_of
from coxa.simulate.registry.units import draw_units
from coxa.study.audit.assumptions import RegistryAssumptions
from coxa.study.audit.plan import AuditPlan

BLOCK = 250_000
"""Episodes of a block: about 150 MB while they are drawn."""


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedRegistry(Carded):
    """A registry simulated from its assumptions.

    episodes : one row per episode of care, under coxa's names; gaps are missing
    plan     : the plan of an audit that reads them
    truth    : what was planted, and what follows from it
    seed     : its seed

    Examples
    --------
    >>> from coxa.study import RegistryAssumptions
    >>> registry = simulate_registry(RegistryAssumptions(clinics=9), seed=1, episodes=400)
    >>> registry.episodes["clinic"].nunique(), registry.plan.main
    (9, 'pain')
    """

    episodes: pd.DataFrame = field(repr=False)
    plan: AuditPlan = field(repr=False)
    truth: RegistryTruth = field(repr=False)
    seed: int

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        facts = {
            "Seed": str(self.seed),
            "Episodes": str(len(self.episodes)),
            "Clinics": str(self.episodes["clinic"].nunique()),
            "Main outcome": str(self.plan.main),
        }
        note = "`coxa.audit_clinics(registry.plan, registry.episodes)` audits it; `.truth` has what was planted"
        return Card("Simulated registry", facts, note=note)


@kinds(seed=WHOLE)
def simulate_registry(assumptions: RegistryAssumptions, *, seed: int, episodes: int | None = None) -> SimulatedRegistry:
    """Simulate a registry of clinics.

    Parameters
    ----------
    assumptions
        What is assumed of it; `RegistryAssumptions()` is a registry of twelve clinics with two outliers.
    seed
        Not negative. The same assumptions, number of episodes and seed give the same rows.
    episodes
        Instead of the number in the assumptions.

    Returns
    -------
    SimulatedRegistry
        Episodes, a plan that reads them, and the truth.

    Raises
    ------
    OptionError
        The seed is negative, or there is no episode.

    Examples
    --------
    >>> registry = simulate_registry(RegistryAssumptions(), seed=1, episodes=500)
    >>> len(registry.episodes), registry.truth.clinics["planted"].tolist()[2]
    (500, 'better')
    """
    n = _number(assumptions, seed, episodes)
    units, frames = draw_units(assumptions, seed), []
    sums = Sums.of(units)
    for block, place in enumerate(range(0, n, BLOCK)):
        drawn = draw_block(assumptions, units, seed, block, min(BLOCK, n - place), place)
        sums.add(assumptions, drawn)
        frames.append(block_frame(assumptions, units, drawn))
    rows = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return SimulatedRegistry(rows, registry_plan(assumptions), truth_of(assumptions, units, sums), seed)


@kinds(seed=WHOLE)
def registry_blocks(
    assumptions: RegistryAssumptions, *, seed: int, episodes: int | None = None, block: int = BLOCK
) -> Iterator[pd.DataFrame]:
    """Yield the episodes of a registry in blocks, for one that does not fit into memory.

    Parameters
    ----------
    assumptions, seed, episodes
        As for `simulate_registry`.
    block
        Episodes of a block. Another size gives other rows of the same registry.

    Yields
    ------
    DataFrame
        At most `block` episodes.

    Examples
    --------
    >>> [len(frame) for frame in registry_blocks(RegistryAssumptions(), seed=1, episodes=500, block=200)]
    [200, 200, 100]
    """
    n = _number(assumptions, seed, episodes)
    units = draw_units(assumptions, seed)
    for number, place in enumerate(range(0, n, block)):
        drawn = draw_block(assumptions, units, seed, number, min(block, n - place), place)
        yield block_frame(assumptions, units, drawn)


def _number(assumptions: RegistryAssumptions, seed: int, episodes: int | None) -> int:
    """Return the number of episodes; raise `OptionError` where seed or number make no registry."""
    if seed < 0:
        raise OptionError(f"`seed` is {seed}. Give a whole number of 0 or more.")
    n = assumptions.episodes if episodes is None else episodes
    if n < 1:
        raise OptionError(f"`episodes` is {n}. Give a whole number of 1 or more.")
    return n
