"""Bad input is refused, left out or repaired by a rule, named, and counted."""

import pytest
from tests.unit.data.bad_images import IMAGE_CASES
from tests.unit.data.bad_recordings import RECORDING_CASES
from tests.unit.data.bad_sets import SET_CASES
from tests.unit.data.cases import Case

from depthwise.data import open_data
from depthwise.data.rulebook import RULES
from depthwise.errors import DataError

CASES = [*IMAGE_CASES, *RECORDING_CASES, *SET_CASES]
# Splits apply this one; tests/unit/data/test_splits.py.
ELSEWHERE = {"class-unseen"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_is_named_and_counted(case: Case, tmp_path) -> None:
    source = case.build(tmp_path)
    data = open_data(source, on_bad="skip", **case.options)
    outcome = RULES[case.rule].outcome
    kinds = {"drop": "skipped", "repair": "repaired", "note": "noted"}
    findings = getattr(data.report, kinds[outcome])
    ours = [finding for finding in findings if finding.rule.code == case.rule]
    assert len(ours) == case.times
    assert case.named in str(ours[0])
    assert len(data) == case.kept
    assert (case.rule, case.times) in data.report.counts()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_refused_unless_it_can_be_kept(case: Case, tmp_path) -> None:
    source = case.build(tmp_path)
    if RULES[case.rule].outcome == "drop":
        with pytest.raises(DataError, match="must") as caught:
            open_data(source, on_bad="fail", **case.options)
        assert case.named in caught.value.message
        assert "skip" in caught.value.hint
    else:
        data = open_data(source, on_bad="fail", **case.options)
        assert len(data) == case.kept


@pytest.mark.parametrize("case", SET_CASES[:1] + RECORDING_CASES[:1], ids=str)
def test_places_are_named_by_rule(case: Case, tmp_path) -> None:
    source = case.build(tmp_path)
    report = open_data(source, on_bad="skip", **case.options).report
    (line,) = report.named()
    assert line.startswith(f"1 times {case.rule}: ")
    assert case.named in line


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} | ELSEWHERE == set(RULES)
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) >= len(CASES) - 1
