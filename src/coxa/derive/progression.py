"""Pain-guided progression: weeks in which the rules of pain monitoring were kept, and which rule was broken."""

from __future__ import annotations

import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.pain_monitor import PainBands, pain_monitoring
from coxa.errors import OptionError

RULES = ("excessive", "unsettled", "rising")
"""What breaks a week: a day above acceptable pain, pain not settled by the next morning, a rise of the mean."""


@kinds(data=FRAME)
def progression(
    data: pd.DataFrame,
    bands: PainBands | str = "silbernagel_thomee",
    *,
    tolerance: float = 0.0,
    min_recorded: int = 4,
    first_day: int = 1,
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Say of each participant's weeks whether pain-guided progression was kept, and how it was broken.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day. `pain`, and where the data have them `pain_during` (the worse of the two
        counts) and `pain_next_morning`, in points; higher is worse. Not changed.
    bands : PainBands or str
        Cut points, or the name of published ones.
    tolerance : float
        Points by which the mean of a week may exceed that of the week before.
    min_recorded : int
        Days with pain in a week, 1 to 7, without which nothing is known of it.
    first_day : int
        Day on which week 1 begins.
    participant, day : str
        Columns that say whose row it is, and of which day.

    Returns
    -------
    DataFrame
        The columns of `pain_monitoring`, and `excessive`, `unsettled`, `rising` (whether the rule was broken; a rule
        of which nothing is known was not) and `kept` (none was); missing in weeks with too few days. A change from a
        week with too few days is not counted.

    Raises
    ------
    OptionError
        `min_recorded` is not 1 to 7, or as for `pain_monitoring`.
    DataError
        As for `pain_monitoring`.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": [1, 2, 8, 9], "pain": [2, 4, 4, 6],
    ...     "pain_next_morning": [1, 1, 3, 2]})
    >>> progression(d, min_recorded=2)[["week", "kept", "excessive", "unsettled", "rising"]].to_numpy().tolist()
    [[1, True, False, False, False], [2, False, True, True, True]]
    """
    if not 1 <= min_recorded <= 7:
        raise OptionError(f"`min_recorded` is {min_recorded}. Give a number of days of a week, 1 to 7.")
    rated = data if "pain_next_morning" in data else data.assign(pain_next_morning=float("nan"))
    during = ["pain", "pain_during"] if "pain_during" in rated else "pain"
    weeks = pain_monitoring(
        rated, bands, pain=during, tolerance=tolerance, first_day=first_day, participant=participant, day=day
    )
    enough = weeks["days_recorded"] >= min_recorded
    known_before = enough.groupby(weeks[participant], observed=True).shift(1, fill_value=False)
    broken = {
        "excessive": weeks["share_excessive"].gt(0),
        "unsettled": weeks["share_settled"].lt(1),
        "rising": weeks["rising"].fillna(False).astype(bool) & known_before,
    }
    flags = {name: flag.astype("boolean").mask(~enough) for name, flag in broken.items()}
    return weeks.assign(**flags, kept=~(flags["excessive"] | flags["unsettled"] | flags["rising"]))
