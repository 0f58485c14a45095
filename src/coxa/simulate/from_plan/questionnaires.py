"""The answers to questionnaires, whole forms as a trial collects them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.instruments import load_instrument
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.tables import Calendar, visit_rows
from coxa.simulate.seeds import generator

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def item_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar, seed: int) -> pd.DataFrame:
    """Return the answers, one row per visit with the items side by side; of several instruments one row per item.

    Items of scales that the plan does not name are answered, on average, as those of the scales that it names.
    """
    import pandas as pd

    frame, person, visit = visit_rows(design, drawn, when)
    scored: dict[str, list[int]] = {}
    for k, name in enumerate(design.outcomes):
        if design.measures[k].items:
            scored.setdefault(str(design.study.outcomes[name].instrument), []).append(k)
    forms = {instrument: _form(design, drawn, instrument, places, seed) for instrument, places in scored.items()}
    wide = {}
    for instrument, codes in forms.items():
        items = list(load_instrument(instrument).items)
        missing = (
            generator(f"item gaps of {instrument}", seed).random(codes.shape) < design.assumptions.dropout.item_gaps
        )
        answers = pd.DataFrame(codes[person, visit], columns=items).astype("Int16").mask(missing[person, visit])
        wide[instrument] = pd.concat([frame, answers], axis=1)
    if len(wide) == 1:
        instrument, only = next(iter(wide.items()))
        return only.rename(columns={item: f"{instrument}_{item}" for item in load_instrument(instrument).items})
    long = [
        one.melt(list(frame), var_name="item", value_name="value").assign(instrument=instrument)
        for instrument, one in wide.items()
    ]
    return pd.concat(long, ignore_index=True).dropna(subset=["value"]).reset_index(drop=True)


def _form(design: TrialDesign, drawn: DrawnTrial, instrument: str, places: list[int], seed: int) -> NDArray[np.int16]:
    """Return (n, m, j) answers to every item of an instrument, in the order of the form."""
    known = load_instrument(instrument)
    version = known.choose_version(design.study.outcomes[design.outcomes[places[0]]].version)
    ranges = [known.item_range(item, version) for item in known.items]
    low, span = (np.array([getattr(one, end) for one in ranges]) for end in ("low", "high"))
    span = span - low
    n, m = drawn.present.shape
    codes = np.full((n, m, len(ranges)), -1, dtype=np.int16)
    answered = np.zeros(len(ranges), dtype=bool)
    for k in places:
        where = [known.items.index(item) for item in design.measures[k].items]
        codes[:, :, where] = drawn.codes[design.outcomes[k]]
        answered[where] = True
    if not answered.all():
        height = ((codes[:, :, answered] - low[answered]) / span[answered]).mean(axis=2)[:, :, None]
        rest = low[~answered] + np.floor(
            span[~answered] * height + _uniform(instrument, (n, m, int((~answered).sum())), seed)
        )
        codes[:, :, ~answered] = np.minimum(rest, low[~answered] + span[~answered])
    return codes


def _uniform(instrument: str, shape: tuple[int, int, int], seed: int) -> Floats:
    return generator(f"other items of {instrument}", seed).random(shape)
