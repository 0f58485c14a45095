"""The simulated trial: raw tables and the truth planted in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.simulate.truth import Truth
from synthetic_data.hip_oa_trial.simulator.course import follow
from synthetic_data.hip_oa_trial.simulator.design import HipOADesign
from synthetic_data.hip_oa_trial.simulator.people import draw_people
from synthetic_data.hip_oa_trial.simulator.tables import raw_tables
from synthetic_data.hip_oa_trial.simulator.truths import true_values

if TYPE_CHECKING:
    import pandas as pd


def simulate_hip_oa_trial(
    seed: int, n_per_arm: int = 63, design: HipOADesign | None = None
) -> tuple[dict[str, pd.DataFrame], Truth]:
    """Simulate a trial of exercise and of manual therapy against usual care in hip osteoarthritis.

    Parameters
    ----------
    seed
        Seed of the trial, not negative. The same seed and design give the same tables.
    n_per_arm
        Participants in each of the three arms.
    design
        Parameters of the generator; the published ones if not given.

    Returns
    -------
    tables : dict of DataFrame
        participants, screening, items (HOOS, 0 best to 4 worst), assessments (pain 0 to 10, -9 not answered), sessions,
        events, adverse_events and co_interventions, in the columns and codes of the raw files.
    truth : Truth
        What was planted, and the value of each estimand. It depends on the design only, not on `seed`.

    Raises
    ------
    ValueError
        If the design's correlations are not possible.

    Examples
    --------
    >>> tables, truth = simulate_hip_oa_trial(seed=1, n_per_arm=20)
    >>> sorted(tables["participants"]["arm"].unique())
    ['exercise', 'manual_therapy', 'usual_care']
    >>> bool(truth.value("primary", "exercise").value > 5)
    True
    """
    parameters = design or HipOADesign()
    tables = draw_tables(parameters, n_per_arm, seed)
    return tables, true_values(parameters)


def draw_tables(design: HipOADesign, n_per_arm: int, seed: int) -> dict[str, pd.DataFrame]:
    """Return the raw tables of one trial, without the (slower) truth."""
    people = draw_people(design, n_per_arm, seed)
    return raw_tables(design, people, follow(design, people, people.arm, seed), seed)
