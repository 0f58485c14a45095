"""How presets look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from coxa.cli.show import console
from coxa.simulate.presets.document import arm_words, figure_words, origin_words, published_words, simulated_words
from coxa.simulate.published import Comparison
from coxa.study.comparative import ComparativeStudy

COLUMNS = ("preset", "trial", "arms", "n", "primary outcome", "paper")


def show_presets(rows: Iterable[Sequence[str]]) -> None:
    """Print the list of presets, and how to start from one."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name == "preset", justify="right" if name == "n" else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)
    console().print(Text("coxa presets NAME shows one; coxa new FOLDER --preset NAME starts from it.", style="dim"))


def show_preset(name: str, study: ComparativeStudy, told: Sequence[Comparison], quiet: bool) -> None:
    """Print a preset: source, arms, published figures beside simulated ones, working values."""
    source = study.source
    assert source is not None
    out = console()
    if not quiet:
        out.print(Text(f"{name}: {study.title}", style="bold"), soft_wrap=True)
        registered = f"; {source.registration}" if source.registration else ""
        out.print(Text(f"{source.trial}: {source.paper}{registered}"), soft_wrap=True)
        out.print(Text(f"read at: {'; '.join(source.addresses)}"), soft_wrap=True)
        for words in arm_words(study):
            out.print(Text(f"  {words}"), soft_wrap=True)
    out.print(_table(study, told))
    if not quiet:
        for title, lines in (("working values, not of the paper", source.working), ("left out", source.left_out)):
            out.print(Text(f"{title}:", style="bold"))
            for line in lines:
                out.print(Text(f"  {line}"), soft_wrap=True)


def _table(study: ComparativeStudy, told: Sequence[Comparison]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("figure", overflow="fold")
    for name in ("published (95% CI)", "simulated", "may be off by"):
        table.add_column(name, justify="right")
    table.add_column("origin", overflow="fold")
    for one in told:
        simulated, allowed = simulated_words(one)
        figure = one.figure
        words = (figure_words(study, figure), published_words(figure), simulated, allowed, origin_words(figure))
        table.add_row(*(Text(word, style="" if one.within else "red") for word in words))
    return table
