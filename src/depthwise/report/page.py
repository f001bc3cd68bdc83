"""Self-contained HTML pages: one file, opens offline, light and dark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from depthwise.errors import MissingDependencyError
from depthwise.files import write_text

_WRAPPED = 24
"""Characters from which on words are wrapped."""
_LONG = 60
"""Characters from which on a cell is a sentence."""


@dataclass(frozen=True)
class Table:
    """Rows of text under a heading row.

    Args:
        head: Column titles.
        rows: Cells; every row as long as the head.

    Example:
        >>> Table(("kind", "macs"), (("dense", "972"),)).head
        ('kind', 'macs')
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def is_prose(self, column: int) -> bool:
        """Tell whether a column holds sentences, which are set left and wrapped.

        Args:
            column: Its position, from 0.

        Returns:
            True if a cell is longer than 60 characters.
        """
        return any(len(row[column]) > _LONG for row in self.rows)

    @property
    def looks(self) -> list[str]:
        """How every column is set."""
        return [self.look(column) for column in range(len(self.head))]

    def look(self, column: int) -> str:
        """Say how a column is set.

        Args:
            column: Its position, from 0.

        Returns:
            "prose" for sentences, "phrase" for what is shorter but wrapped, "words"
            for other text, and nothing for figures.
        """
        if self.is_prose(column):
            return "prose"
        cells = [row[column] for row in self.rows]
        text = "".join(cells)
        letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
        if letters <= 2 * digits:
            return ""
        return "phrase" if max(map(len, cells)) > _WRAPPED else "words"


@dataclass(frozen=True)
class Section:
    """One part of a page: a title, a sentence, and what there is to look at.

    Args:
        title: Heading.
        text: A paragraph that says what is seen.
        figures: Plotly figures.
        table: Rows, or None.
        details: Tables by what they hold, folded away: what figures show, in numbers.

    Example:
        >>> Section("Cost", "By layer.").title
        'Cost'
    """

    title: str
    text: str = ""
    figures: Sequence[Any] = ()
    table: Table | None = None
    details: Mapping[str, Table] = field(default_factory=dict)


def render_page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """Write a page as one piece of HTML, scripts and styles inside.

    Args:
        title: The page's title.
        lead: The sentence under it.
        sections: Parts, in order.

    Returns:
        The HTML.

    Raises:
        MissingDependencyError: If Plotly or Jinja2 is not installed.

    Example:
        >>> "<h2>Cost</h2>" in render_page("t", "", [Section("Cost", "By layer.")])
        True
    """
    figures = [figure for section in sections for figure in section.figures]
    return render("page.html", figures, title=title, lead=lead, sections=sections)


def render(template: str, figures: Sequence[Any], **values: Any) -> str:
    """Fill in one of the package's templates.

    Args:
        template: Its file name.
        figures: Plotly figures; the template's n-th element of class "figure" shows
            the n-th of them.
        **values: What the template reads.

    Returns:
        The HTML.

    Raises:
        MissingDependencyError: If Plotly or Jinja2 is not installed.

    Example:
        >>> page = render("page.html", (), title="t", lead="", sections=())
        >>> page.startswith("<!doctype html>")
        True
    """
    try:
        import jinja2
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        msg = f"pages need Plotly and Jinja2; got no {error.name}"
        raise MissingDependencyError(msg, "pip install 'depthwise[report]'") from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("depthwise.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(
        figures=[safe_json(json.loads(figure.to_json())) for figure in figures],
        script=get_plotlyjs() if figures else "",
        **values,
    )


def write_page(path: Path, title: str, lead: str, sections: Sequence[Section]) -> Path:
    """Render a page and write it, whole or not at all.

    Args:
        path: The file to write.
        title: The page's title.
        lead: The sentence under it.
        sections: Parts, in order.

    Returns:
        The path.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_page(folder / "a.html", "t", "", [Section("Cost")]).name
        'a.html'
    """
    return write_text(path, render_page(title, lead, sections))


def safe_json(value: Any) -> str:
    r"""Write JSON that cannot end the script element it stands in.

    Args:
        value: Anything that JSON can hold.

    Returns:
        The text.

    Example:
        >>> safe_json("</script>")
        '"<\\/script>"'
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("</", "<\\/")
