"""An entry of the bibliography as Vancouver text, BibTeX or RIS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from coxa.report.references.bibliography import Entry

MOST_AUTHORS = 6
FIELDS = ("title", "journal", "institution", "year", "volume", "number", "pages", "version", "doi")
"""Fields of BibTeX in the order in which they are written."""

BIBTEX_TYPES = {"article": "article", "techreport": "techreport", "software": "misc", "misc": "misc"}
RIS_TYPES = {"article": "JOUR", "techreport": "RPRT", "software": "COMP", "misc": "GEN"}
ESCAPED = {"\\": r"\textbackslash{}", **{sign: rf"\{sign}" for sign in "&%$#_"}, "~": r"\textasciitilde{}"}


def vancouver(entry: Entry) -> str:
    """Write an entry in the style of Vancouver.

    Examples
    --------
    >>> from coxa.report.references.bibliography import entry
    >>> vancouver(entry("laird1982"))
    'Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38(4):963-974. doi:10.2307/2529876'
    """
    authors = [_plain(name) for name in entry.author if name != "others"]
    names = ", ".join(authors[:MOST_AUTHORS])
    if "others" in entry.author or len(authors) > MOST_AUTHORS:
        names += ", et al"
    title = entry.title if entry.title.endswith(("?", ".")) else f"{entry.title}."
    said = " ".join(filter(None, [f"{names}." if names else "", title, _place(entry)]))
    return f"{said} doi:{entry.doi}" if entry.doi else said


def _place(entry: Entry) -> str:
    if entry.journal:
        number = f"({entry.number})" if entry.number else ""
        return f"{entry.journal} {entry.year};{entry.volume}{number}:{entry.pages}."
    version = f"Version {entry.version}." if entry.version else ""
    issued = "; ".join(filter(None, [entry.institution, entry.year]))
    return " ".join(filter(None, [version, f"{issued}." if issued else ""]))


def _plain(name: str) -> str:
    """Return "Holm S" for "Holm, S"; initials without spaces."""
    if name.startswith("{"):
        return name.strip("{}")
    family, _, initials = name.partition(", ")
    return f"{family} {initials.replace(' ', '').replace('-', '')}".strip()


def bibtex(entries: Iterable[Entry]) -> str:
    """Write entries as BibTeX, in the order given.

    Examples
    --------
    >>> from coxa.report.references.bibliography import entry
    >>> print(bibtex([entry("bell2002")]))
    @article{bell2002,
      author = {Bell, R. M. and McCaffrey, D. F.},
      title = {{Bias reduction in standard errors for linear regression with multi-stage samples}},
      journal = {Survey Methodology},
      year = {2002},
      volume = {28},
      number = {2},
      pages = {169--181}
    }
    <BLANKLINE>
    """
    return "\n".join(_bibtex(entry) for entry in entries)


def _bibtex(entry: Entry) -> str:
    fields = [("author", " and ".join(_with_points(name) for name in entry.author))]
    fields += [(name, _bibtex_value(name, getattr(entry, name))) for name in FIELDS]
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields if value)
    return f"@{BIBTEX_TYPES[entry.type]}{{{entry.key},\n{lines}\n}}\n"


def _bibtex_value(name: str, value: str) -> str:
    """Return a value in which signs of BibTeX are text; a title in braces of its own keeps its capitals."""
    if name == "doi":
        return value
    escaped = "".join(ESCAPED.get(sign, sign) for sign in value)
    if name == "title":
        return f"{{{escaped}}}"
    return escaped.replace("-", "--") if name == "pages" else escaped


def _with_points(name: str) -> str:
    """Return "Bell, R. M." for "Bell, R M"."""
    family, comma, initials = name.partition(", ")
    if not comma or name.startswith("{"):
        return name
    return f"{family}, {' '.join(f'{initial}.' for initial in initials.replace('-', '.-').split())}"


def ris(entries: Iterable[Entry]) -> str:
    """Write entries as RIS, in the order given."""
    return "\n".join("\n".join(_ris(entry)) + "\n" for entry in entries)


def _ris(entry: Entry) -> Iterator[str]:
    yield f"TY  - {RIS_TYPES[entry.type]}"
    yield from (f"AU  - {name.strip('{}')}" for name in entry.author if name != "others")
    first, _, last = entry.pages.partition("-")
    tags = (
        ("TI", entry.title),
        ("JO", entry.journal),
        ("PB", entry.institution),
        ("PY", entry.year),
        ("VL", entry.volume),
        ("IS", entry.number),
        ("SP", first),
        ("EP", last),
        ("ET", entry.version),
        ("DO", entry.doi),
    )
    yield from (f"{tag}  - {value}" for tag, value in tags if value)
    yield "ER  - "


def text(entries: Iterable[Entry]) -> str:
    """Write entries as numbered Vancouver references, one a line."""
    return "".join(f"[{number}] {vancouver(entry)}\n" for number, entry in enumerate(entries, start=1))


FORMATS: Mapping[str, Callable[[Iterable[Entry]], str]] = {"bibtex": bibtex, "ris": ris, "text": text}
"""Form -> how entries are written in it."""
