"""Arguments of a wrong kind, answered by name: what was expected, what was given, and what to give instead."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from os import PathLike
from typing import Any, ParamSpec, TypeVar

import pandas as pd

from coxa.errors import OptionError, in_brief
from coxa.frames import ColumnarFrame, as_pandas

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Kind:
    """What an argument has to be.

    of     : types, one of which it is
    words  : the same in words
    remedy : an imperative sentence
    many   : whether a sequence of them may be given too
    as_one : makes one kind of what is given, before the function starts
    """

    of: tuple[type, ...]
    words: str
    remedy: str
    many: bool = False
    as_one: Callable[[Any], Any] | None = None

    def fits(self, value: Any) -> bool:
        """Return whether a value is of this kind; true and false are no numbers."""
        if self.many and not isinstance(value, str) and hasattr(value, "__iter__"):
            return all(self.fits(each) for each in value)
        return isinstance(value, self.of) and not (isinstance(value, bool) and bool not in self.of)


WHOLE = Kind((numbers.Integral,), "a whole number", "Give one without quotation marks, such as 60.")
WHOLES = Kind(WHOLE.of, "a whole number, or several", "Give one, or a list such as [60, 80].", many=True)
NUMBER = Kind((numbers.Real,), "a number", "Give one without quotation marks, such as 0.8.")
TEXT = Kind((str,), "text", "Give a name in quotation marks.")
FRAME = Kind(
    (pd.DataFrame, ColumnarFrame),
    "a table (`pandas.DataFrame`, or one of polars or pyarrow)",
    "Make one by `pandas.DataFrame(...)`.",
    as_one=as_pandas,
)
FRAMES = Kind(
    (Mapping,),
    "frames by the name of their table",
    'Give for example {"participants": people, "assessments": scores}.',
    as_one=lambda frames: {name: as_pandas(frame) for name, frame in frames.items()},
)
DATA = Kind(
    (str, PathLike, Mapping),
    "a path, or frames by the name of their table",
    'Give for example "data/" or {"participants": people, "assessments": scores}.',
)
PATH = Kind((str, PathLike), "a path", "Give it as text or as a `pathlib.Path`.")


def kinds(**expected: Kind) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Check the kinds of some arguments of a function, before it starts.

    Parameters
    ----------
    **expected
        Name of an argument -> what it has to be. One whose default is None may be None.

    Raises
    ------
    OptionError
        When the function is called: an argument is of another kind.

    Examples
    --------
    >>> @kinds(n=WHOLE)
    ... def doubled(n):
    ...     return 2 * n
    >>> doubled("4")
    Traceback (most recent call last):
    coxa.errors.OptionError: doubled: `n` is '4' (str), not a whole number. Give one without quotation marks, such \
as 60.
    """

    def checked(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            bound = signature.bind_partial(*args, **kwargs)
            for name, value in bound.arguments.items():
                kind = expected.get(name)
                optional = value is None and signature.parameters[name].default is None
                if kind is not None and not optional and not kind.fits(value):
                    raise OptionError(
                        f"{function.__name__}: `{name}` is {in_brief(value)}, not {kind.words}. {kind.remedy}"
                    )
                if kind is not None and kind.as_one is not None and not optional:
                    bound.arguments[name] = kind.as_one(value)
            return function(*bound.args, **bound.kwargs)

        return call

    return checked
