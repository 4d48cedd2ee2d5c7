"""The report as one HTML file: no script, no outside reference, pictures inside."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from demo.report.content import Report

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).parent / "report.html"


def to_html(report: Report) -> bytes:
    """Set a report as HTML, UTF-8."""
    return _template().render(report=report).encode("utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(TEMPLATE.read_text("utf-8"))
