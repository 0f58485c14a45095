"""What of a plan is the protocol, as data, and what differs between two states of it, key by key.

The protocol is what is done, without where the data are and what things are called.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from coxa.findings import Finding
from coxa.study.kinds import study_of
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


KeyPath = tuple[str, ...]

PARTS = {
    "arms": "arm",
    "visits": "visit",
    "outcomes": "outcome",
    "covariates": "covariate",
    "intercurrent_events": "intercurrent event",
    "estimands": "estimand",
    "analyses": "analysis",
}
"""Section of a plan -> what one of its named parts is called."""


@dataclass(frozen=True, slots=True)
class Change:
    """One key that says something else.

    path   : of the key, from the top of the plan
    before : the value before; None where there was none
    after  : the value after; None where there is none

    Examples
    --------
    >>> Change(("analyses", "primary", "covariance"), ["us"], ["cs"]).what
    'analysis primary: covariance'
    """

    path: KeyPath
    before: Any
    after: Any

    @property
    def what(self) -> str:
        """The key in words, as the plan names its parts."""
        return path_words(self.path)

    def finding(self, file: str, rule: str, remedy: str) -> Finding:
        """Return the change as an error of a lock."""
        said = f"{value_words(self.before)} -> {value_words(self.after)}"
        return Finding("error", file, rule, remedy, field=self.what, value=said)


def plan_changes(old: Study | Mapping[str, Any], new: Study | Mapping[str, Any]) -> tuple[Change, ...]:
    """List what differs between the protocols of two plans.

    Parameters
    ----------
    old, new
        Plans, or the content of plans as a lock keeps it.

    Returns
    -------
    tuple of Change
        In the order of the plan. A part that was added or taken out is one change, with what it says beside its
        defaults. A list is one value. Comments, labels, the order of keys, and what else is not of the protocol (see
        `coxa.study.locking.content`) are no changes; nor is a default that was written out.

    Examples
    --------
    >>> import coxa
    >>> plan = coxa.preset("moa-2013")
    >>> analysis = plan.analyses["primary"].model_copy(update={"conf_level": 0.9})
    >>> later = plan.model_copy(update={"analyses": {"primary": analysis}})
    >>> [(change.what, change.before, change.after) for change in plan_changes(plan, later)]
    [('analysis primary: conf level', 0.95, 0.9)]
    """
    (full_old, short_old), (full_new, short_new) = _both(old), _both(new)
    return tuple(
        Change(path, _at(short_old, path, before), _at(short_new, path, after))
        for path, before, after in _differences(full_old, full_new, ())
    )


def path_words(path: KeyPath) -> str:
    """Return a path of keys in words.

    Examples
    --------
    >>> path_words(("analyses", "primary", "covariance"))
    'analysis primary: covariance'
    >>> path_words(("visits", "week_12", "window"))
    'visit week 12: window'
    >>> path_words(("estimands", "main", "intercurrent_events", "hip_surgery", "strategy"))
    'estimand main: intercurrent events, hip surgery, strategy'
    """
    head, *rest = path
    if head in PARTS and rest:
        name, *below = rest
        said = f"{PARTS[head]} {name.replace('_', ' ')}"
    else:
        said, below = head.replace("_", " "), rest
    return f"{said}: {', '.join(step.replace('_', ' ') for step in below)}" if below else said


def value_words(value: Any) -> str:
    """Return a value of a plan in words.

    Examples
    --------
    >>> value_words(None), value_words(True), value_words([0.0, 100.0]), value_words({"min": 5, "events": ["a", "b"]})
    ('not given', 'yes', '0, 100', 'min: 5; events: a, b')
    """
    if value is None or value in ([], {}):
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list):
        return ", ".join(_inner(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{str(key).replace('_', ' ')}: {_inner(inner)}" for key, inner in value.items())
    return str(value)


def _inner(value: Any) -> str:
    return f"({value_words(value)})" if isinstance(value, Mapping) and value else value_words(value)


def _both(plan: Study | Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a plan's protocol with and without defaults.

    What an older coxa kept gets the defaults of this one for keys that it did not know; where this one no longer takes
    the plan, it is compared as it stands.
    """
    if isinstance(plan, Study):
        return protocol(plan_content(plan)), protocol(written_content(plan))
    try:
        return _both(study_of(plan))
    except ValidationError:
        return protocol(plan), protocol(plan)


def _differences(old: Any, new: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any, Any]]:
    if old == new:
        return
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        yield path, old, new
        return
    for key in dict.fromkeys((*new, *old)):
        yield from _differences(old.get(key), new.get(key), (*path, str(key)))


def _at(short: Any, path: KeyPath, full: Any) -> Any:
    """Return a part as it was written, without its defaults; a single value as it is."""
    if not isinstance(full, Mapping):
        return full
    for step in path:
        short = short.get(step, {}) if isinstance(short, Mapping) else {}
    return short or full
