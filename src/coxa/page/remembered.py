"""What the page remembers of a study between two requests: in a file of its folder, so that nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from coxa.files import save
from coxa.page.home import RECORD, Place, is_plain_file


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was chosen for a study.

    files    : names of the data files that the plan is proposed for, from the folder of the study
    kind     : the kind of plan that was asked for; empty where it is left to the files
    answers  : answers that were given, by the key of their question
    proposed : SHA-256 of the plan as it was last proposed; empty where it never was
    before   : text of the plan before its last change; None where there was none
    """

    files: tuple[str, ...] = ()
    kind: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    proposed: str = ""
    before: str | None = None


def recall(place: Place) -> Remembered:
    """Return what is remembered of a study; nothing where its record is missing or damaged."""
    path = place.folder / RECORD
    if not is_plain_file(path):
        return Remembered()
    try:
        kept: Any = json.loads(path.read_text(encoding="utf-8"))
        return Remembered(
            tuple(map(str, kept.get("files", ()))),
            str(kept.get("kind", "")),
            {str(key): str(word) for key, word in kept.get("answers", {}).items()},
            str(kept.get("proposed", "")),
            kept.get("before"),
        )
    except (ValueError, AttributeError, TypeError):
        return Remembered()


def remember(place: Place, **changed: Any) -> Remembered:
    """Change some of what is remembered of a study, and keep it."""
    now = replace(recall(place), **changed)
    content = {**asdict(now), "answers": dict(now.answers)}
    save(place.folder / RECORD, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return now
