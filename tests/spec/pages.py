"""A page of a report without the scripts that coxa puts into it."""

from __future__ import annotations

import re

from coxa.report.output.interaction import engine, page_script


def without_scripts(html: str) -> str:
    """Return a page without its script, its engine and the charts for it; any other script stays."""
    html = html.replace(f"<script>{page_script()}</script>", "")
    html = html.replace(f'<script type="text/plain" id="engine">{engine()}</script>', "")
    return re.sub(r'<script type="application/json"[^>]*>[^<]*</script>', "", html)
