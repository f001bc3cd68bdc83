"""What happens to bad input: every rule, what was found, and how it is counted.

A finding is *refused* (with ``on_bad="fail"``) or *skipped* (with ``"skip"``) if its
rule says "drop"; it is repaired, in the way the rule states, or only noted, otherwise.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from depthwise.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

OnBad: TypeAlias = Literal["fail", "skip"]
SKIP_HINT: Final = 'on_bad="skip" (--on-bad skip) leaves such input out'
Outcome: TypeAlias = Literal["drop", "repair", "note"]


@dataclass(frozen=True)
class Rule:
    """One rule about input.

    Args:
        code: Its name, such as "image-truncated".
        sentence: What must hold.
        outcome: "drop", "repair" or "note".
        remedy: What is done, in words.
    """

    code: str
    sentence: str
    outcome: Outcome
    remedy: str


@dataclass(frozen=True)
class Finding:
    """One place where input broke a rule.

    Args:
        rule: The rule.
        path: The file, with the line or row where that helps.
        got: What was found there.
    """

    rule: Rule
    path: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: {self.rule.sentence}; got {self.got}"


@dataclass(frozen=True)
class ReadReport:
    """What reading came across, counted.

    Args:
        read: How many files or recordings were kept.
        skipped: What was left out.
        repaired: What was kept after a repair.
        noted: What was kept as it is, and deserves a look.

    Example:
        >>> print(ReadReport(read=3))
        3 read, 0 skipped, 0 repaired, 0 noted
    """

    read: int = 0
    skipped: tuple[Finding, ...] = ()
    repaired: tuple[Finding, ...] = ()
    noted: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        head = (
            f"{self.read} read, {len(self.skipped)} skipped,"
            f" {len(self.repaired)} repaired, {len(self.noted)} noted"
        )
        return "\n".join([head, *(f"  {n} times {code}" for code, n in self.counts())])

    def counts(self) -> list[tuple[str, int]]:
        """Count the findings by rule.

        Returns:
            Pairs of rule and count, the most frequent first.
        """
        found = (*self.skipped, *self.repaired, *self.noted)
        return Counter(finding.rule.code for finding in found).most_common()

    def why_nothing(self) -> str:
        """Say why nothing may be left.

        Returns:
            How many were left out and what was wrong with the first, or nothing.

        Example:
            >>> ReadReport(read=3).why_nothing()
            ''
        """
        if not self.skipped:
            return ""
        return f"{len(self.skipped)} left out, the first: {self.skipped[0]}"

    def named(self, most: int = 3) -> list[str]:
        """Name what was left out and repaired, by rule.

        Args:
            most: How many of each rule are named.

        Returns:
            A line a rule: how often, its code, and the first places.

        Example:
            >>> rule = Rule("cut", "an image must be whole", "drop", "left out")
            >>> found = tuple(Finding(rule, f"{n}.png", "half") for n in "abcd")
            >>> ReadReport(read=3, skipped=found).named()
            ['4 times cut: a.png, b.png, c.png and 1 more']
        """
        places: dict[str, list[str]] = {}
        for finding in (*self.skipped, *self.repaired, *self.noted):
            places.setdefault(finding.rule.code, []).append(finding.path)
        lines = []
        for code, count in self.counts():
            more = f" and {count - most} more" if count > most else ""
            first = ", ".join(places[code][:most])
            lines.append(f"{count} times {code}: {first}{more}")
        return lines

    def to_dict(self) -> dict[str, object]:
        """Say the same in plain lists and numbers, for JSON.

        Returns:
            ``read`` and, for each outcome, a list of rule, path and what was found.
        """

        def rows(findings: Sequence[Finding]) -> list[dict[str, str]]:
            return [
                {"rule": f.rule.code, "path": f.path, "got": f.got} for f in findings
            ]

        return {
            "read": self.read,
            "skipped": rows(self.skipped),
            "repaired": rows(self.repaired),
            "noted": rows(self.noted),
        }


def settle(findings: Sequence[Finding], *, read: int, on_bad: OnBad) -> ReadReport:
    """Refuse or count what was found.

    Args:
        findings: Everything that reading came across.
        read: How many files or recordings were kept.
        on_bad: "fail" refuses at the first finding to drop; "skip" counts it.

    Returns:
        The count of everything.

    Raises:
        DataError: With "fail", if anything has to be dropped.

    Example:
        >>> rule = Rule("cut", "an image must be whole", "drop", "left out")
        >>> found = [Finding(rule, "a.png", "its half"), Finding(rule, "b.png", "none")]
        >>> print(settle(found, read=8, on_bad="skip"))
        8 read, 2 skipped, 0 repaired, 0 noted
          2 times cut
    """
    check_on_bad(on_bad)
    dropped = [f for f in findings if f.rule.outcome == "drop"]
    if dropped and on_bad == "fail":
        more = f"{len(dropped) - 1} more like it; " if len(dropped) > 1 else ""
        raise DataError(str(dropped[0]), f"{more}{SKIP_HINT}")
    return ReadReport(
        read=read,
        skipped=tuple(dropped),
        repaired=tuple(f for f in findings if f.rule.outcome == "repair"),
        noted=tuple(f for f in findings if f.rule.outcome == "note"),
    )


def check_on_bad(on_bad: str) -> None:
    """Refuse any word but the two.

    Args:
        on_bad: What the user asked for.

    Raises:
        UsageError: If it is neither "fail" nor "skip".
    """
    if on_bad not in {"fail", "skip"}:
        raise UsageError(f"on_bad must be 'fail' or 'skip'; got {on_bad!r}")
