"""What every page must be in a browser."""

from typing import Any

# Bars, points, lines, cells of a heatmap and slices, however Plotly draws them.
MARKS = (
    ".point path, .points path, .js-line, .hm image, image, .slice path, .fills path"
)
COUNTS = f"""
return Array.from(document.querySelectorAll('.figure')).map(
  (figure) => figure.querySelectorAll("{MARKS}").length);
"""


def check_page(page: Any, figures: int) -> None:
    """The page complains of nothing, and each of so many figures has marks."""
    assert page.get_log("browser") == []
    marks = page.execute_script(COUNTS)
    assert len(marks) == figures
    assert all(marks), marks
