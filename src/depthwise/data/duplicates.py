"""Equal samples: within a part, across parts, and under two classes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from depthwise.data.rulebook import found
from depthwise.data.statistics import batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depthwise.data.dataset import Array, Indices, Inputs
    from depthwise.data.rules import Finding

# Later parts keep their copy: what is scored stays, what is trained on gives way.
RANK: Final = {"": 0, "train": 0, "validation": 1, "test": 2}


@dataclass(frozen=True)
class Fingerprints:
    """What tells equal samples apart from different ones.

    Args:
        names: What to call each sample in messages.
        labels: Class of each sample.
        parts: Part of each sample, or empty text.
        hashes: Hash of each sample; empty for one that is out already.
    """

    names: Sequence[str]
    labels: Sequence[str]
    parts: Sequence[str]
    hashes: Sequence[str]


def judge_copies(prints: Fingerprints) -> tuple[Array, list[Finding]]:
    """Apply the rules on equal samples.

    Args:
        prints: The samples.

    Returns:
        Which samples are to be left out, bool ``[n]``, and the findings.

    Example:
        >>> prints = Fingerprints("pqr", "aab", ["train", "test", "test"], "xxy")
        >>> drop, findings = judge_copies(prints)
        >>> drop.tolist(), findings[0].rule.code
        ([True, False, False], 'duplicate-across')
    """
    drop = np.zeros(len(prints.hashes), bool)
    findings: list[Finding] = []
    for copies in _copies(prints.hashes):
        if len({prints.labels[n] for n in copies}) > 1:
            drop[copies] = True
            findings += _say(prints, "sample-mislabelled", copies[1:], copies[0])
            continue
        last = max(RANK[prints.parts[n]] for n in copies)
        early = [n for n in copies if RANK[prints.parts[n]] < last]
        kept = [n for n in copies if RANK[prints.parts[n]] == last]
        drop[early] = True
        findings += _say(prints, "duplicate-across", early, kept[0])
        findings += _say(prints, "duplicate-within", kept[1:], kept[0])
    return drop, findings


def _copies(hashes: Sequence[str]) -> Iterator[list[int]]:
    """Indices of each set of samples with one hash, if they are two or more."""
    known: dict[str, list[int]] = defaultdict(list)
    for index, digest in enumerate(hashes):
        if digest:
            known[digest].append(index)
    return (copies for copies in known.values() if len(copies) > 1)


def _say(
    prints: Fingerprints, code: str, copies: Sequence[int], first: int
) -> list[Finding]:
    other = f"a copy of {prints.names[first]} ({prints.labels[first]})"
    return [
        found(code, f"{prints.names[n]} ({prints.labels[n]})", other) for n in copies
    ]


def hash_samples(inputs: Inputs) -> tuple[str, ...]:
    """Hash the values of every sample, in bounded memory.

    Args:
        inputs: ``[n, C, …]``.

    Returns:
        One hash a sample.

    Example:
        >>> one, other, again = hash_samples(np.array([[[1]], [[2]], [[1]]]))
        >>> one == again, one == other
        (True, False)
    """
    return tuple(hash_values(sample) for batch in batches(inputs) for sample in batch)


def number_copies(hashes: Sequence[str]) -> Indices:
    """Give equal samples one number.

    Args:
        hashes: One a sample.

    Returns:
        int64 ``[n]``, from 0.

    Example:
        >>> number_copies(["x", "y", "x"]).tolist()
        [0, 1, 0]
    """
    numbers: Indices = np.unique(hashes, return_inverse=True)[1]
    return numbers.astype(np.int64)


def hash_values(values: Array) -> str:
    """Hash the values of one sample.

    Args:
        values: Of any shape and type.

    Returns:
        32 hexadecimal digits.
    """
    return hashlib.blake2b(values.tobytes(), digest_size=16).hexdigest()
