"""What of a plan is the protocol, as data: what is done, without where the data are and what things are called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from coxa.study.plan import Study

NOT_PROTOCOL = ("title", "registration", "data_cut", "source", "data", "report")
"""Keys of a plan that do not say what is done: names and numbers of the study, where the data and the assumptions come
from, up to which day they reach, and how they are shown."""

LEFT_OUT = {"data", "report"}
"""Keys of a plan that a lock does not keep at all."""

LABEL = "label"
"""Key of a part that only says how it is called."""


def plan_content(study: Study) -> dict[str, Any]:
    """Return a plan as data, without `data` and `report`: what a lock keeps.

    Defaults are written out, so that another default of a later coxa is seen as a change; those that say nothing (no
    value, no members) are not, so that the content can be read as a plan again.
    """
    return _told(study.model_dump(mode="json", exclude=LEFT_OUT), written_content(study))


def written_content(study: Study) -> dict[str, Any]:
    """Return a plan as data without its defaults, and without `data` and `report`."""
    return study.model_dump(mode="json", exclude=LEFT_OUT, exclude_defaults=True)


def protocol(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a plan's content that is the protocol.

    Parameters
    ----------
    content
        From `plan_content`, or from a lock.

    Returns
    -------
    dict
        Without `NOT_PROTOCOL` and labels; the levels of a category as a sorted list, since their order and their
        labels are for the eye.

    Examples
    --------
    >>> protocol({"title": "Hips", "arms": {"exercise": {"label": "Exercise", "reference": False}}})
    {'arms': {'exercise': {'reference': False}}}
    """
    kept = {key: _unlabelled(value) for key, value in content.items() if key not in NOT_PROTOCOL}
    if "covariates" in kept:
        kept["covariates"] = {name: _levels_sorted(part) for name, part in kept["covariates"].items()}
    return kept


def meaning_sha256(content: Mapping[str, Any]) -> str:
    """Return the hash of what a plan means: that of its protocol, whatever the order of the keys."""
    return data_sha256(protocol(content))


def data_sha256(data: Any) -> str:
    """Return the SHA-256 of plain data, as JSON with sorted keys and no spaces.

    Examples
    --------
    >>> data_sha256({"a": 1, "b": [2]}) == data_sha256({"b": [2], "a": 1})
    True
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _told(full: Any, written: Any) -> Any:
    """Leave out the defaults that say nothing."""
    if not isinstance(full, Mapping):
        return full
    within = written if isinstance(written, Mapping) else {}
    return {
        key: _told(value, within.get(key))
        for key, value in full.items()
        if key in within or not (value is None or value == [] or value == {})
    }


def _unlabelled(value: Any) -> Any:
    """Leave out labels at every depth; a part that is itself named `label` stays."""
    if not isinstance(value, Mapping):
        return [_unlabelled(item) for item in value] if isinstance(value, list) else value
    return {key: _unlabelled(inner) for key, inner in value.items() if key != LABEL or isinstance(inner, Mapping)}


def _levels_sorted(part: Any) -> Any:
    levels = part.get("levels") if isinstance(part, Mapping) else None
    return {**part, "levels": sorted(map(str, levels))} if levels else part
