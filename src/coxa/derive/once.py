"""What is derived from a cohort, or from the rows of an estimand, is derived once and kept beside its tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pandas as pd


class Keeper(Protocol):
    """A record of tables that are never changed, with room for what was derived from them."""

    @property
    def derived(self) -> dict[tuple[str, ...], Any]:
        """Name of a function, and the names that it was called with -> what it returned for these tables."""


Source = TypeVar("Source", bound=Keeper)
Result = TypeVar("Result")
Given = ParamSpec("Given")


def once(function: Callable[Concatenate[Source, Given], Result]) -> Callable[Concatenate[Source, Given], Result]:
    """Call a function of a cohort, or of a dataset, once for each; later calls return what it returned.

    Calls that name something else of the source, as an outcome, are kept apart; what is no name is the same for all
    calls with a source, such as the plan of a dataset.

    Frames are handed out as copies that share their values (copy-on-write), so that a caller who adds a column changes
    no one else's.
    """
    function_name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(source: Source, *given: Given.args, **named: Given.kwargs) -> Result:
        key = (function_name, *(value for value in given if isinstance(value, str)))
        if key not in source.derived:
            source.derived[key] = function(source, *given, **named)
        return _handed_out(source.derived[key])

    return kept


def _handed_out(result: Any) -> Any:
    if isinstance(result, pd.DataFrame):
        return result.copy(deep=False)
    return tuple(map(_handed_out, result)) if type(result) is tuple else result
