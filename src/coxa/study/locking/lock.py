"""Lock a plan: its content, its hashes and a date, kept beside it, so that later changes can be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date as Date
from pathlib import Path
from typing import Any

from coxa.arguments import kinds
from coxa.errors import LockError, OptionError, PlanError
from coxa.files import save
from coxa.findings import Finding, Findings
from coxa.study.locking.content import Change, data_sha256, meaning_sha256, plan_changes, plan_content
from coxa.study.plan import PLAN_OR_PATH, Study
from coxa.study.reading.read import read_study
from coxa.version import __version__

FORMAT, VERSION = "coxa lock", 1
SUFFIX = ".lock.json"


@dataclass(frozen=True, slots=True)
class LockEntry:
    """A state of a plan that was locked.

    study          : short identifier of the study
    date           : day of locking, as YYYY-MM-DD
    reason         : why the plan was amended; empty for the first entry, unless one was given
    coxa           : version that wrote the entry
    plan_sha256    : hash of the bytes of the study file
    meaning_sha256 : hash of its protocol, which comments, labels and the order of keys do not touch
    plan           : content of the plan, without `data` and `report`
    previous       : `sha256` of the entry before; empty in the first
    sha256         : hash of all of the above
    """

    study: str
    date: str
    reason: str
    coxa: str
    plan_sha256: str
    meaning_sha256: str
    plan: dict[str, Any]
    previous: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Lock:
    """What is locked of a plan.

    file    : name of the lock
    entries : the first lock and its amendments, in order; never empty

    Examples
    --------
    >>> from pathlib import Path
    >>> plan = [
    ...     "{study: tiny, title: Tiny, design: service,",
    ...     "visits: {baseline: {day: 0}, week_6: {day: 42}},",
    ...     "outcomes: {pain: {label: Pain, unit: points, range: [0, 10], higher_is_better: false}}}",
    ... ]
    >>> _ = Path("study.yaml").write_text(" ".join(plan), encoding="utf-8")
    >>> held = lock("study.yaml", date="2026-01-15")
    >>> held.last == held.first, list(held.amendments())
    (True, [])
    """

    file: str
    entries: tuple[LockEntry, ...]

    @property
    def first(self) -> LockEntry:
        """The plan as it was locked first."""
        return self.entries[0]

    @property
    def last(self) -> LockEntry:
        """The plan with its last amendment; its hash covers all entries before."""
        return self.entries[-1]

    def amendments(self) -> Iterator[tuple[LockEntry, tuple[Change, ...]]]:
        """Yield each amendment with what it changed."""
        for before, after in zip(self.entries, self.entries[1:], strict=False):
            yield after, plan_changes(before.plan, after.plan)


def lock(study: Study | str | Path, reason: str = "", date: str | Date | None = None) -> Lock:
    """Lock a plan, or append an amendment to its lock.

    Parameters
    ----------
    study
        A plan that was read from a file, or the path of its study file. The lock is written beside it:
        `study.lock.json` for `study.yaml`.
    reason
        Why the plan was changed since it was locked; what is known by then of the data belongs here.
    date
        Day of locking, as YYYY-MM-DD; today unless given.

    Returns
    -------
    Lock
        With all entries. An unchanged plan adds none.

    Raises
    ------
    LockError
        If the plan changed and no reason is given, or the lock that is there is damaged.
    PlanError
        If the plan has faults, or was not read from a file.
    OptionError
        If the date is none, or lies before the last entry.

    Examples
    --------
    >>> from pathlib import Path
    >>> plan = [
    ...     "{study: tiny, title: Tiny, design: service,",
    ...     "visits: {baseline: {day: 0}, week_6: {day: 42}},",
    ...     "outcomes: {pain: {label: Pain, unit: points, range: [0, 10], higher_is_better: false}}}",
    ... ]
    >>> _ = Path("study.yaml").write_text(" ".join(plan), encoding="utf-8")
    >>> locked = lock("study.yaml", date="2026-01-15")
    >>> locked.file, [entry.date for entry in locked.entries]
    ('study.lock.json', ['2026-01-15'])
    >>> lock("study.yaml", date="2026-02-01") == locked
    True
    >>> lock("study.yaml", reason="the sponsor asked for a second comparison; no outcome was seen")  # doctest: +SKIP
    """
    plan = study if isinstance(study, Study) else read_study(study)
    path = lock_path(plan)
    if path is None:
        found = Finding(
            "error",
            "plan",
            "the plan was not read from a study file, and only such a plan can be locked",
            "Read it with `read_study`.",
        )
        raise PlanError("the plan was not read from a file", Findings((found,)))
    day = day_text(date)
    held = read_lock(plan)
    if held is None:
        entries: tuple[LockEntry, ...] = (_entry(plan, day, reason, ""),)
    else:
        changes = plan_changes(held.last.plan, plan)
        if not changes:
            return held
        if not reason.strip():
            raise _refused(held, changes)
        if day < held.last.date:
            raise OptionError(
                f"{held.file} was last locked on {held.last.date}, and {day} is earlier. Give a later date."
            )
        entries = (*held.entries, _entry(plan, day, reason, held.last.sha256))
    made = Lock(path.name, entries)
    _write(made, path)
    return made


@kinds(study=PLAN_OR_PATH)
def read_lock(study: Study | str | Path) -> Lock | None:
    """Read the lock of a plan.

    Parameters
    ----------
    study
        A plan, the path of its study file, or that of the lock itself.

    Returns
    -------
    Lock or None
        None where the plan was not locked, or was not read from a file.

    Raises
    ------
    LockError
        If the lock was damaged or edited: a hash does not fit its content.

    Examples
    --------
    >>> import coxa
    >>> print(read_lock(coxa.preset("moa-2013")))
    None
    """
    path = lock_path(study)
    if path is None or not path.is_file():
        return None
    return parse_lock(path.read_bytes(), path.name)


def lock_path(study: Study | str | Path) -> Path | None:
    """Return where the lock of a plan is, or would be; None for a plan that has no file."""
    if isinstance(study, Study):
        return None if study.origin is None else lock_path(Path(study.origin.folder) / study.origin.name)
    path = Path(study)
    return path if path.name.endswith(SUFFIX) else path.with_name(path.stem + SUFFIX)


def parse_lock(raw: bytes, file: str) -> Lock:
    """Check the bytes of a lock; see `read_lock`."""
    try:
        held = json.loads(raw.decode("utf-8"))
        told, version, entries = held["format"], held["version"], list(held["entries"])
    except (ValueError, TypeError, KeyError):
        raise _damaged(file, "the lock cannot be read") from None
    if told != FORMAT or not entries:
        raise _damaged(file, "the file is not a lock")
    if version != VERSION:
        raise LockError(
            f"{file} has another format",
            Findings((Finding("error", file, f"the lock has format {version}", "Read it with a newer coxa."),)),
        )
    made: list[LockEntry] = []
    for number, entry in enumerate(entries, start=1):
        given = dict(entry) if isinstance(entry, dict) else {}
        stated = given.pop("sha256", None)
        previous = made[-1].sha256 if made else ""
        if stated != data_sha256(given) or given.get("previous") != previous:
            raise _damaged(file, f"the hash of entry {number} does not fit what the entry says", f"entry {number}")
        try:
            made.append(LockEntry(**given, sha256=stated))
        except TypeError:
            raise _damaged(file, f"entry {number} has other keys than a lock", f"entry {number}") from None
    return Lock(file, tuple(made))


def _entry(plan: Study, day: str, reason: str, previous: str) -> LockEntry:
    content = plan_content(plan)
    told: dict[str, Any] = {
        "study": plan.study,
        "date": day,
        "reason": reason.strip(),
        "coxa": __version__,
        "plan_sha256": plan.origin.sha256 if plan.origin else "",
        "meaning_sha256": meaning_sha256(content),
        "plan": content,
        "previous": previous,
    }
    return LockEntry(**told, sha256=data_sha256(told))


def _write(made: Lock, path: Path) -> None:
    """Write a lock in one go: what is there stays whole if anything fails."""
    data = {"format": FORMAT, "version": VERSION, "entries": [asdict(entry) for entry in made.entries]}
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    save(path, text)


def day_text(date: str | Date | None) -> str:
    """Return a day as YYYY-MM-DD; today where none is given.

    Raises
    ------
    OptionError
        If it is no day.

    Examples
    --------
    >>> day_text("2026-01-15")
    '2026-01-15'
    """
    if date is None:
        return Date.today().isoformat()
    try:
        return Date.fromisoformat(str(date)).isoformat()
    except ValueError:
        raise OptionError(f"{str(date)!r} is not a day. Write it as YYYY-MM-DD, for example 2026-01-15.") from None


def _damaged(file: str, rule: str, field: str | None = None) -> LockError:
    remedy = (
        "Put back the file as coxa wrote it, from version control or a copy. Without one, move it away and "
        "lock the plan again. Reports then show the day of the new lock."
    )
    return LockError(
        f"{file} is damaged, or was edited", Findings((Finding("error", file, rule, remedy, field=field),))
    )


def _refused(held: Lock, changes: tuple[Change, ...]) -> LockError:
    remedy = 'Give the reason (`coxa lock STUDY.YAML --reason "..."`), or undo the change.'
    found = (change.finding(held.file, f"the plan changed since {held.last.date}", remedy) for change in changes)
    return LockError(f"the plan was locked on {held.last.date} and changed since", Findings.of(found))
