"""The text of a proposed plan: its keys, and above each the reason that speaks for it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from coxa.importing.proposal import Proposal


def proposed_text(proposal: Proposal) -> str:
    """Return the plan of a proposal as YAML.

    Examples
    --------
    >>> reasons = {"data.file": "the only file"}
    >>> print(proposed_text(Proposal("audit", {"audit": "hip", "data": {"file": "a.csv"}}, reasons, (), ())), end="")
    # Proposed from files; what is open is asked, and nothing is guessed.
    audit: hip
    data:
      # the only file
      file: a.csv
    """
    yaml = YAML(typ="rt")
    yaml.width = 4096
    held = _commented(proposal.plan, (), proposal.comments)
    held.yaml_set_start_comment("Proposed from files; what is open is asked, and nothing is guessed.")
    written = io.StringIO()
    yaml.dump(held, written)
    return written.getvalue()


def _commented(part: Mapping[Any, Any], path: tuple[str, ...], comments: Mapping[str, str]) -> Any:
    """Return a part of the plan with its comments."""
    held = CommentedMap()
    for key, value in part.items():
        held[key] = _value(value, (*path, str(key)), comments)
        if why := comments.get(".".join((*path, str(key)))):
            held.yaml_set_comment_before_after_key(key, before=" ".join(why.split()), indent=2 * len(path))
    return held


def _value(value: Any, path: tuple[str, ...], comments: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return _commented(value, path, comments)
    if isinstance(value, list | tuple):
        listed = CommentedSeq(_value(one, path, {}) for one in value)
        if not any(isinstance(one, Mapping) for one in value):
            listed.fa.set_flow_style()
        return listed
    return value
