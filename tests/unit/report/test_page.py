"""Pages are one file, and nothing in them can end their script early."""

import re

from depthwise.report import Section, Table, render_page
from depthwise.report.figures import bars, heatmap, lines


def test_text_is_escaped_and_scripts_stay_closed():
    hostile = "</script><b>"
    figure = bars(hostile, [hostile], {hostile: [1.0]}, y_title=hostile)
    table = Table((hostile,), ((hostile,),))
    page = render_page(hostile, hostile, [Section(hostile, hostile, [figure], table)])
    assert "</script><b>" not in page
    assert page.count("</script>") == 2
    assert "&lt;/script&gt;" in page


def test_pages_load_nothing_from_elsewhere():
    figure = lines("t", {"a": ([1, 2], [3, 4])}, x_title="x", y_title="y")
    page = render_page("t", "", [Section("s", figures=[figure])])
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="http', page)
    assert "script" not in render_page("t", "", [Section("s")])


def test_gaps_in_a_heatmap_are_null():
    figure = heatmap(
        "t", [[float("nan"), 1.0]], rows=["a"], columns=["b", "c"], limits=(0, 1)
    )
    assert list(figure.data[0].z[0]) == [None, 1.0]
