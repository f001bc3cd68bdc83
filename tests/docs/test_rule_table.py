"""The table of rules in the page on data is the table in the code."""

import re
from pathlib import Path

import pytest

from depthwise.data.rulebook import RULES
from depthwise.data.rules import Rule

DONE = {"drop": "left out", "repair": "repaired", "note": "noted"}


def row(rule: Rule) -> str:
    return f"| `{rule.code}` | {rule.sentence} | {DONE[rule.outcome]} | {rule.remedy} |"


def check_table(page: str) -> None:
    shown = re.findall(r"^\| `[a-z0-9]+-.*\|$", page, re.MULTILINE)
    assert [line for line in shown if line.count("|") == 5] == [
        row(rule) for rule in RULES.values()
    ]


def test_the_page_shows_every_rule(repo_root: Path) -> None:
    check_table((repo_root / "docs" / "data.md").read_text(encoding="utf-8"))


def test_check_table_can_fail(repo_root: Path) -> None:
    page = (repo_root / "docs" / "data.md").read_text(encoding="utf-8")
    with pytest.raises(AssertionError):
        check_table(page.replace("left out", "kept", 1).replace("| repaired", "| x", 1))
