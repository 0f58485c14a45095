"""Plans of published trials, ready to be simulated: one study file each, with its source and figures."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from coxa.arguments import TEXT, kinds
from coxa.errors import check_known
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.reading.read import parse_study


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets, in alphabetical order.

    Examples
    --------
    >>> "moa-2013" in preset_names()
    True
    """
    names = (entry.name for entry in files("coxa.simulate.presets").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def preset_bytes(name: str) -> bytes:
    """Return the study file of a preset; `OptionError` with the nearest name if there is none."""
    check_known("preset", name, preset_names())
    return files("coxa.simulate.presets").joinpath(f"{name}.yaml").read_bytes()


@kinds(name=TEXT)
@cache
def preset(name: str) -> ComparativeStudy:
    """Return the plan of a published trial, with assumptions calibrated to its figures.

    Parameters
    ----------
    name
        One of `preset_names()`.

    Returns
    -------
    ComparativeStudy
        With `assumptions`, to be simulated, and `source`: the paper, its figures, and what is a working value.

    Raises
    ------
    OptionError
        There is no such preset; the nearest name is suggested.

    Examples
    --------
    >>> preset("harris-hayes-2020").source.trial
    'Harris-Hayes 2020'
    """
    return with_arms(parse_study(preset_bytes(name), name=f"{name}.yaml"), "A preset")
