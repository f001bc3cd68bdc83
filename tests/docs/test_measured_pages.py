"""Pages show what results/*.json say, in every table that they have marks for."""

from collections.abc import Mapping

import pytest
from benchmarks import cost_pages, diagnosis_page, separation_page, training_pages
from benchmarks.pages import MARKED, Pages

MODULES = (cost_pages, diagnosis_page, separation_page, training_pages)
EVERY = [pytest.param(m.PAGES, id=m.__name__.rpartition(".")[2]) for m in MODULES]


def check_pages(pages: Pages, made: Mapping[str, str]) -> None:
    for path, text in pages.filled(made).items():
        assert path.read_text(encoding="utf-8") == text, path.name


@pytest.mark.parametrize("pages", EVERY)
def test_pages_show_the_figures(pages: Pages) -> None:
    check_pages(pages, pages.tables())


@pytest.mark.parametrize("pages", EVERY)
def test_check_pages_can_fail(pages: Pages) -> None:
    made = pages.tables()
    for name, table in made.items():
        with pytest.raises(AssertionError, match=r"\.md"):
            check_pages(pages, {**made, name: table.replace("|", "/")})


@pytest.mark.parametrize("pages", EVERY)
def test_every_table_has_its_marks(pages: Pages) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in pages.paths)
    marks = {found[2] for found in MARKED.finditer(texts)}
    assert marks == set(pages.tables()) != set()
