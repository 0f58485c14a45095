"""The simulated diary study: raw tables and the truth planted in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.errors import OptionError
from coxa.simulate.truth import Truth
from synthetic_data.runner_diary.simulator.course import follow
from synthetic_data.runner_diary.simulator.design import RunnerDesign
from synthetic_data.runner_diary.simulator.people import draw_runners
from synthetic_data.runner_diary.simulator.tables import raw_tables
from synthetic_data.runner_diary.simulator.truths import true_values

if TYPE_CHECKING:
    import pandas as pd

FEWEST_WEEKS = 2


def simulate_runner_diary(
    seed: int, n_per_arm: int = 30, weeks: int = 8, design: RunnerDesign | None = None
) -> tuple[dict[str, pd.DataFrame], Truth]:
    """Simulate a diary of runners with hip-related pain: movement retraining against usual care.

    Parameters
    ----------
    seed
        Seed of the study, not negative. The same seed and design give the same tables.
    n_per_arm
        Participants in each of the two arms.
    weeks
        Length of the diary, 2 weeks or more.
    design
        Parameters of the generator.

    Returns
    -------
    tables : dict of DataFrame
        participants (with a rating of pain in the clinic before and after) and diary (one row per day written down),
        in the columns and codes of the raw files.
    truth : Truth
        What was planted: the coefficients of a linear mixed model under ``planted["fixed_effects"]``, the standard
        deviations under ``planted["pain"]``; and the value of each comparison as pain is rated. It depends on the
        design and the number of weeks, not on `seed`.

    Raises
    ------
    OptionError
        There is nobody in an arm, or the diary is too short.

    Examples
    --------
    >>> tables, truth = simulate_runner_diary(seed=1, n_per_arm=10)
    >>> tables["diary"].columns[:3].tolist()
    ['participant_id', 'study_day', 'pain']
    >>> truth.planted["fixed_effects"]["arm[movement_retraining]:week"]
    -0.15
    >>> bool(abs(truth.value("pain_slope", "movement_retraining").value + 0.15) < 0.01)
    True
    """
    if n_per_arm < 1 or weeks < FEWEST_WEEKS:
        raise OptionError(
            f"n_per_arm is {n_per_arm} and weeks is {weeks}; give at least 1 participant and {FEWEST_WEEKS} weeks"
        )
    parameters = design or RunnerDesign()
    return draw_tables(parameters, n_per_arm, weeks, seed), true_values(parameters, weeks)


def draw_tables(design: RunnerDesign, n_per_arm: int, weeks: int, seed: int) -> dict[str, pd.DataFrame]:
    """Return the raw tables of one study, without the (slower) truth."""
    people = draw_runners(design, n_per_arm, seed)
    return raw_tables(people, follow(design, people, people.arm, weeks, seed), weeks)
