"""How an allocation list and its simulation look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from coxa.allocation.schemes import Scheme, factors_of, in_words, ratio_of, unit_of
from coxa.cli.allocation_files import REDCAP, SEALED, card_labels, redcap_choices
from coxa.cli.show import console
from coxa.design.allocation_list import AllocationList
from coxa.design.balance_and_guessing import Balance, Predictability
from coxa.design.sealed import SHORT_SEED
from coxa.study.comparative import ComparativeStudy

KEYS = ("median", "p95", "largest")
SEEN = {
    "all": "all earlier allocations",
    "stratum": "the earlier allocations of the stratum",
    "factors": "the earlier allocations of each level of the next one",
}


def show_counts_of(plan: ComparativeStudy, allocation: AllocationList, n: int | None) -> None:
    """Print the scheme and the allocations per arm, of the list and of each level and stratum."""
    labels = card_labels(plan)
    _line(allocation.words, style="bold")
    if n is not None and factors_of(allocation.scheme):
        strata = len(allocation.frame[list(factors_of(allocation.scheme))].drop_duplicates())
        _line(f"{strata} strata, each with a list of at least {n}: {len(allocation.frame)} entries")
    elif n is not None and len(allocation.frame) > n:
        _line(f"{len(allocation.frame)} entries: the last block is complete")
    arms = list(allocation.arms)
    head = ["", *(labels["arm"].get(arm, arm) for arm in arms), "total"]
    rows = [
        [_place(labels, row["factor"], row["level"]), *(str(row[arm]) for arm in arms), str(row["total"])]
        for row in allocation.counts().to_dict("records")
    ]
    _show(head, rows)


def _place(labels: dict[str, dict[str, str]], factor: str, level: str) -> str:
    """Return a level or stratum as a reader calls it."""
    if not factor:
        return "All"
    names, words = factor.split(" x "), level.split(", ")
    shown = [labels.get(name, {}).get(word, word) for name, word in zip(names, words, strict=True)]
    return ", ".join(shown) if len(names) > 1 else f"{labels['factor'].get(factor, factor)}: {shown[0]}"


def show_written(
    plan: ComparativeStudy, allocation: AllocationList, written: list[Path], chosen: int | None, quiet: bool
) -> None:
    """Print the hashes, what was written and who may see it."""
    from coxa.design.sealed import seal

    names = {path.name for path in written}
    typer.echo(f"list SHA-256:   {allocation.sha256}")
    if SEALED in names:
        typer.echo(f"sealed SHA-256: {seal(allocation).sha256}")
    if REDCAP in names and not quiet:
        for field, choices in redcap_choices(plan, allocation).items():
            _line(f"REDCap choices of {field}: {choices}")
    public = [str(path) for path in written if path.name == SEALED]
    secret = [str(path) for path in written if path.name != SEALED]
    _line(f"keep from everybody who enrols: {', '.join(secret)}")
    if public:
        _line(f"may be published:               {', '.join(public)}")
    if chosen is not None and chosen < SHORT_SEED and public:
        text = "note: a short seed can be found by trying, and then the sealed list hides nothing; for the list of a "
        _line(text + "trial leave out --seed, and one of 128 bits is drawn", style="yellow")


def show_simulation(scheme: Scheme, found: Balance, guess: Predictability, drawn: bool) -> None:
    """Print how far simulated lists are from the ratio, and how often a guess is right."""
    _line(in_words(scheme), style="bold")
    who = "participants" if unit_of(scheme) == "participant_id" else f"units ({unit_of(scheme)})"
    levels = ", levels drawn alike often" if drawn and factors_of(scheme) else ""
    _line(f"{found.replicates} simulated lists of {found.n} {who}{levels}; no list was drawn")
    ratio = ":".join(map(str, ratio_of(scheme).values()))
    _line(f"\nBalance: {who} by which the arm furthest from {ratio} is off, in the worst level", style="bold")
    _show(
        ["within", "mean", "Monte Carlo error", "median", "95% at most", "largest"],
        [
            [row["within"], f"{row['mean']:.2f}", f"{row['mc_error']:.3f}", *(f"{row[key]:.1f}" for key in KEYS)]
            for row in found.frame.to_dict("records")
        ],
    )
    _line("\nPredictability: guesses of the arm furthest behind its share", style="bold")
    _line(
        f"right {guess.share:.1%} (Monte Carlo error {guess.mc_error:.1%}), knowing {SEEN[guess.sees]}; "
        f"by chance {guess.chance:.1%}; in one list of twenty above {guess.p95:.1%}"
    )


def _show(head: Iterable[str], rows: Iterable[list[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for k, name in enumerate(head):
        table.add_column(Text(name), justify="right" if k else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


def _line(text: str, style: str = "") -> None:
    console().print(Text(text, style=style), soft_wrap=True)
