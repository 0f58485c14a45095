"""Elements of WordprocessingML that python-docx has no words for."""

from __future__ import annotations

from typing import Any


def element(name: str, /, *children: Any, **attributes: str) -> Any:
    """Return an element, for example `element("w:tab", val="right", pos="9000")`; attributes are of Word as well."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    made.extend(children)
    return made


def field(paragraph: Any, instruction: str, shown: str) -> None:
    """Add a field: what it computes, and what it shows until it is computed anew."""
    open_field(paragraph, instruction)
    paragraph.add_run(shown)
    close_field(paragraph)


def open_field(paragraph: Any, instruction: str) -> None:
    """Begin a field; what is added until `close_field` is what it shows."""
    from docx.oxml.ns import qn

    code = element("w:instrText")
    code.text = f" {instruction} "
    code.set(qn("xml:space"), "preserve")
    for inner in (element("w:fldChar", fldCharType="begin"), code, element("w:fldChar", fldCharType="separate")):
        paragraph.add_run()._r.append(inner)


def close_field(paragraph: Any) -> None:
    """End a field."""
    paragraph.add_run()._r.append(element("w:fldChar", fldCharType="end"))
