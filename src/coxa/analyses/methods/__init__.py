"""The kinds of models of a plan, one file each, named by the word that the plan has for it.

A kind of model `word` has its options in `coxa.study.models.<word>` and its `METHOD` in `coxa.analyses.methods.<word>`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from coxa.analyses.methods.method import Method, Telling, Words
from coxa.study.analysis import Analysis

__all__ = ["Method", "Telling", "Words", "method_of"]


def method_of(analysis: Analysis) -> Method:
    """Return the method of an analysis of a plan."""
    return _method(analysis.model)


@cache
def _method(word: str) -> Method:
    method = import_module(f"{__name__}.{word}").METHOD
    assert isinstance(method, Method)
    return method
