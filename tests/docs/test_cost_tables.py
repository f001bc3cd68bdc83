"""The figures on the page on cost are what is counted now."""

import copy

import pytest
from benchmarks.accept_roofline import judged, met
from benchmarks.counter_cases import CASES, MORE, TWELVE
from benchmarks.counter_peers import versions
from benchmarks.counters import loops, ours, theirs, torch_gradients
from benchmarks.pages import figures_of
from benchmarks.roofline_cases import CASES as ROOFLINE_CASES

ROWS = {row["name"]: row for row in figures_of("counters")["rows"]}


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
    if versions() != figures_of("counters")["versions"]:
        pytest.skip("other counters have other versions than the table's")
    row = copy.deepcopy(ROWS[case.name])
    assert theirs(case) == row["others"]
    assert torch_gradients(case) == row["torch_backward"]


def test_twelve_networks_were_held_against_their_predictions() -> None:
    told = figures_of("roofline")
    rows = told["networks"]
    assert [row["title"] for row in rows] == [case.title for case in ROOFLINE_CASES]
    assert len(rows) == 12
    fresh = judged(rows)
    assert fresh == {key: told[key] for key in fresh}


def test_networks_of_a_group_cost_the_same() -> None:
    groups: dict[str, list[int]] = {}
    for row in figures_of("roofline")["networks"]:
        groups.setdefault(row["group"], []).append(row["macs"])
    assert min(map(len, groups.values())) >= 2
    for macs in groups.values():
        assert max(macs) <= 1.06 * min(macs)


def test_judgement_can_be_wrong() -> None:
    rows = copy.deepcopy(figures_of("roofline")["networks"])
    for row in rows:
        row["predicted_us"] = row["macs"]
    told = judged(rows)
    assert told["ordered_rightly"] == 0
    assert len(told["missed"]) == len(told["pairs_macs_order_wrongly"]) > 0
    assert not met({**told, "thousand_layers_s": 0.1})
