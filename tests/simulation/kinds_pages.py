"""The lines of other pages on size and coverage, one for each method of outcomes that are no means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Read:
    """A method as a page has it.

    kind, method, plan : what the line says of it
    page   : the page, without `-size.md`
    name   : what a row of the page calls it
    where  : what else a row has to have, column: value
    """

    kind: str
    method: str
    plan: str
    page: str
    name: str
    where: tuple[tuple[str, str], ...] = ()


READ = (
    Read("yes or no", "two proportions, Newcombe", "`proportions`", "responder", "counted, Newcombe"),
    Read(
        "yes or no",
        "two proportions, score",
        "`limits: miettinen-nurminen`",
        "binary",
        "Miettinen-Nurminen, no covariate",
    ),
    Read("yes or no", "logistic, standardised, blocks", "`logistic`", "binary", "adjusted, Ye, blocks, small samples"),
    Read("yes or no", "logistic, standardised, coin", "`logistic`", "binary", "adjusted, Ye, coin, small samples"),
    Read("yes or no", "logistic, delta method", "`variance: ge`", "binary", "adjusted, Ge"),
    Read("yes or no", "model of the score, delta method", "`responder_mmrm`", "responder", "risk difference"),
    Read("yes or no", "mixed model, conditional odds ratio", "`glmm`", "glmm", "conditional odds ratio, t"),
    Read("yes or no", "mixed model, risk difference", "`glmm`", "glmm", "marginal risk difference, t"),
    Read("levels", "proportional odds", "`ordinal`", "ordinal", "odds ratio, adjusted"),
    Read("levels", "win probability, Brunner-Munzel", "`mann_whitney`", "ordinal", "win probability, Brunner-Munzel"),
    Read("levels", "win probability by the model", "`ordinal`", "ordinal", "win probability, by the adjusted model"),
    Read("levels", "row mean scores", "`row_mean_scores` of `ordinal`", "ordinal", "row mean scores, ranks"),
    Read(
        "counts",
        "negative binomial, α = 0.5",
        "`counts`",
        "counts",
        "negative binomial, observed",
        (("dispersion α", "0.5"),),
    ),
    Read("counts", "quasi-Poisson, α = 0.5", "`counts`", "counts", "quasi-Poisson", (("dispersion α", "0.5"),)),
    Read("counts", "Poisson with HC3, α = 0.5", "`counts`", "counts", "HC3", (("dispersion α", "0.5"),)),
    Read("times", "log-rank", "`kaplan_meier`", "time-to-event", "log-rank"),
    Read("times", "log-rank, adjusted", "`adjusted_test`", "adjusted-log-rank", "adjusted for age"),
    Read("times", "Cox", "`cox`", "time-to-event", "Cox, log hazard ratio"),
    Read("times", "restricted means", "`kaplan_meier`", "time-to-event", "difference of restricted means"),
    Read("times", "shares at a time", "`kaplan_meier`", "time-to-event", "difference of shares at a time"),
    Read("times", "events that come again", "`recurrent`", "time-to-event", "events that come again, LWYY, corrected"),
    Read("ranking", "win ratio", "`win_ratio`", "win", "win ratio", (("variance", "u_statistic"),)),
    Read("ranking", "net benefit", "`win_ratio`", "win", "net benefit", (("variance", "u_statistic"),)),
)


def read_lines(folder: Path) -> Iterator[str]:
    """Yield the line of each method, read from the pages in a folder."""
    for one in READ:
        text = (folder / f"{one.page}-size.md").read_text(encoding="utf-8")
        rows = [row for row in rows_of(text) if one.name in row.values() and set(one.where) <= set(row.items())]
        at = {row["per arm"]: row for row in rows}
        size, coverage = (", ".join(at[n].get(word, "") for n in ("20", "40", "80")) for word in ("size", "coverage"))
        trials = re.search(r"([\d,]+) trials of each line", text)
        assert trials is not None
        yield (
            f"| {one.kind} | {one.method} | {one.plan} | {size} | {coverage.strip(', ')} | "
            f"[{trials.group(1)}]({one.page}-size.md) |"
        )


def rows_of(text: str) -> Iterator[dict[str, str]]:
    """Yield the rows of all tables of a page, column: cell."""
    head: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            head = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not head:
            head = cells
        elif not set(line) <= set("|- "):
            yield dict(zip(head, cells, strict=True))
