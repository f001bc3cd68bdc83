"""The page on cost shows what results/*.json say, and they say what is counted now."""

import copy

import pytest
from benchmarks.accept_roofline import judged, met
from benchmarks.cost_pages import COUNTERS, PAGE, ROOFLINE, read, tables
from benchmarks.counter_cases import CASES, MORE, TWELVE
from benchmarks.counter_peers import versions
from benchmarks.counters import loops, ours, theirs, torch_gradients
from benchmarks.roofline_cases import CASES as ROOFLINE_CASES
from benchmarks.training_pages import MARKED, fill

ROWS = {row["name"]: row for row in read(COUNTERS)["rows"]}


def check_page(made: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert fill(page, made) == page


def test_the_page_shows_the_figures() -> None:
    check_page(tables())


def test_check_page_can_fail() -> None:
    made = tables()
    with pytest.raises(AssertionError):
        check_page({**made, "counters": made["counters"].replace("1", "2")})


def test_every_table_has_its_marks() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {found[2] for found in MARKED.finditer(page)} == set(tables())


def test_every_case_is_in_the_table() -> None:
    assert list(ROWS) == [case.name for case in CASES]
    assert len(TWELVE) == 12
    assert len(MORE) >= 8


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ours_is_what_plain_loops_count(case) -> None:
    row, mine = ROWS[case.name], ours(case)
    assert mine == row["depthwise"]
    told = loops(case)
    assert told == row["loops"]
    assert {part: told[part] for part in mine} == mine
    assert told["checked"] > 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_other_counters_say_what_the_table_says(case) -> None:
    pytest.importorskip("fvcore", reason="other counters are not installed")
    if versions() != read(COUNTERS)["versions"]:
        pytest.skip("other counters have other versions than the table's")
    row = copy.deepcopy(ROWS[case.name])
    assert theirs(case) == row["others"]
    assert torch_gradients(case) == row["torch_backward"]


def test_twelve_networks_were_held_against_their_predictions() -> None:
    told = read(ROOFLINE)
    rows = told["networks"]
    assert [row["title"] for row in rows] == [case.title for case in ROOFLINE_CASES]
    assert len(rows) == 12
    fresh = judged(rows)
    assert fresh == {key: told[key] for key in fresh}


def test_networks_of_a_group_cost_the_same() -> None:
    groups: dict[str, list[int]] = {}
    for row in read(ROOFLINE)["networks"]:
        groups.setdefault(row["group"], []).append(row["macs"])
    assert min(map(len, groups.values())) >= 2
    for macs in groups.values():
        assert max(macs) <= 1.06 * min(macs)


def test_judgement_can_be_wrong() -> None:
    rows = copy.deepcopy(read(ROOFLINE)["networks"])
    for row in rows:
        row["predicted_us"] = row["macs"]
    told = judged(rows)
    assert told["ordered_rightly"] == 0
    assert len(told["missed"]) == len(told["pairs_macs_order_wrongly"]) > 0
    assert not met({**told, "thousand_layers_s": 0.1})
