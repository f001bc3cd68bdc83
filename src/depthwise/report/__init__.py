"""Terminal tables, JSON and self-contained HTML pages."""

from depthwise.report.page import Section, Table, render_page, write_page
from depthwise.report.terminal import stderr, stdout, table, thousands

__all__ = [
    "Section",
    "Table",
    "render_page",
    "stderr",
    "stdout",
    "table",
    "thousands",
    "write_page",
]
