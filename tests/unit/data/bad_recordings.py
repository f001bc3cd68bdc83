"""Folders of recordings, each with one thing spoilt."""

import gzip
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.unit.data.cases import Case

ROWS = 40
WINDOW = {"window": 10, "step": 10}
GOOD = 16
NAMES = ("time", "ax", "ay", "az")


def table(seed: int, rows: int = ROWS) -> np.ndarray:
    """Time at 50 Hz and three channels."""
    values = np.random.default_rng(seed).normal(size=(rows, 4)).round(3)
    values[:, 0] = (np.arange(rows) * 0.02).round(3)
    return values


def text(values: np.ndarray, names: tuple[str, ...] = NAMES, mark: str = ",") -> str:
    rows = [mark.join(f"{v:g}" for v in row) for row in values]
    return "\n".join([mark.join(names), *rows]) + "\n"


def good(root: Path) -> Path:
    """Two classes of two recordings of four windows."""
    for label, start in (("rest", 0), ("run", 2)):
        (root / label).mkdir(parents=True)
        for number in range(start, start + 2):
            (root / label / f"r{number}.csv").write_text(text(table(number)))
    return root


def with_text(content: str | bytes, name: str = "bad.csv") -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        raw = content.encode() if isinstance(content, str) else content
        (good(root) / "run" / name).write_bytes(raw)
        return root

    return build


def spoilt(change: Callable[[np.ndarray], object], seed: int = 9) -> str:
    values = table(seed)
    made = change(values)
    return text(values if made is None else made)


def set_cell(row: int, column: int, value: float) -> Callable[[np.ndarray], None]:
    def change(values: np.ndarray) -> None:
        values[row, column] = value

    return change


def gap(values: np.ndarray) -> None:
    values[25:, 0] += 1.0


def flat(values: np.ndarray) -> None:
    values[:, 2] = 0.25


def slow(values: np.ndarray) -> None:
    values[:, 0] *= 2


def two_labels(root: Path) -> Path:
    rows = text(table(9)).splitlines()
    words = ["label", *["run"] * 20, *["rest"] * 20]
    good(root)
    for path in root.glob("*/*.csv"):
        path.unlink()
    for name in ("a", "b"):
        lines = [f"{row},{word}" for row, word in zip(rows, words, strict=True)]
        (root / f"{name}.csv").write_text("\n".join(lines))
    same = [f"{row},{words[1] if n else 'label'}" for n, row in enumerate(rows)]
    (root / "c.csv").write_text("\n".join(same))
    return root


def no_label(root: Path) -> Path:
    (good(root) / "nobody.csv").write_text(text(table(9)))
    return root


def across_parts(root: Path) -> Path:
    for part, seed in (("train", 0), ("val", 4), ("test", 8)):
        good(root / part)
        for path in (root / part).glob("*/*.csv"):
            path.write_text(text(table(int(path.stem[1:]) + seed)))
    (root / "train" / "run" / "again.csv").write_text(text(table(10)))
    return root


def same_rows_as_rest(root: Path) -> Path:
    (good(root) / "run" / "same.csv").write_text(text(table(0)))
    return root


def broken_parquet(root: Path) -> Path:
    (good(root) / "run" / "half.parquet").write_bytes(b"PAR1" + bytes(100))
    return root


_ROWS = text(table(9))
_SWAPPED = text(table(9)[:, [0, 3, 1, 2]], ("time", "az", "ax", "ay"))
_FIVE = text(table(9)[:, [0, 1, 2]], ("time", "ax", "ay"))
_RAGGED = _ROWS.replace("\n", "\n1,2\n", 5).replace("\n1,2\n", "\n", 4)
_COMMAS = text(table(9), mark=";").replace(".", ",")
_LATIN = _ROWS.replace("az", "beschleunigung-für-z").encode("latin-1")


_HEADLESS = _ROWS.split("\n", 1)[1]
_WIDE = ",".join(f"c{n}" for n in range(10_001)) + "\n" + ",".join("1" * 10_001) + "\n"
_NUMBERED = "\n".join(f"{n - 1 if n else ''},{r}" for n, r in enumerate(_ROWS.split()))
_TRAILED = "\n".join(f"{row}," for row in _ROWS.split())
_NUL = _ROWS.replace("0.38,", "0.38\0,")
_HUGE = spoilt(set_cell(12, 1, 1e300))


def dated(number: int, zone: str) -> str:
    return f"2024-05-01T10:00:{number * 0.02:06.3f}{zone}"


def with_dates(zone: str = "", missing: int = -1) -> str:
    """The good rows with dates for seconds, one of which may be missing."""
    head, *rows = _ROWS.split()
    made = [head]
    for number, row in enumerate(rows):
        when = "" if number == missing else dated(number, zone)
        made.append(when + row[row.index(",") :])
    return "\n".join(made)


def in_milliseconds(root: Path) -> Path:
    """Milliseconds since 1970 in a column that does not say so, in every file."""
    for path in good(root).glob("*/*.csv"):
        head, *rows = path.read_text().split()
        for number, row in enumerate(rows):
            rows[number] = f"{1714550400000 + 20 * number}{row[row.index(',') :]}"
        path.write_text("\n".join([head, *rows]))
    return root


def corrupt_gzip(root: Path) -> Path:
    content = bytearray(gzip.compress(_ROWS.encode()))
    content[60:90] = b"\xff" * 30
    (good(root) / "run" / "bad.csv.gz").write_bytes(content)
    return root


def named_twice(root: Path) -> Path:
    rows = [f"{p.parent.name}/{p.name},{p.parent.name}" for p in good(root).glob("*/*")]
    text = "\n".join(["file,label", *sorted(rows), "rest/r0.csv,run"])
    (root / "recordings.csv").write_text(text)
    return root


def decomposed_name(root: Path) -> Path:
    """One class, written by two file systems."""
    for number, form in enumerate(("NFC", "NFD")):
        folder = root / unicodedata.normalize(form, "Zür")
        folder.mkdir()
        (folder / f"{form}.csv").write_text(text(table(20 + number)))
    return good(root)


def empty_class(root: Path) -> Path:
    (good(root) / "jump").mkdir()
    return root


def case(name: str, rule: str, content: str | bytes, kept: int) -> Case:
    return Case(name, rule, with_text(content), "bad.csv", kept, options=WINDOW)


RECORDING_CASES = [
    Case(
        "class in two forms of Unicode",
        "name-form",
        decomposed_name,
        "NFD.csv",
        GOOD + 8,
        options=WINDOW,
    ),
    Case(
        "class without recordings",
        "folder-empty",
        empty_class,
        "jump",
        GOOD,
        options=WINDOW,
    ),
    case("zero bytes", "table-empty", "", GOOD),
    case("header alone", "table-empty", "time,ax,ay,az\n", GOOD),
    case("row of other length", "table-ragged", _RAGGED, GOOD),
    case("column named twice", "table-ragged", _ROWS.replace("ay", "ax"), GOOD),
    case("word among numbers", "table-text", _ROWS.replace("0.02,", "soon,"), GOOD),
    case("decimal commas", "table-text", _COMMAS, GOOD),
    case("not UTF-8", "table-encoding", _LATIN, GOOD),
    case(
        "rows out of order",
        "time-unsorted",
        spoilt(lambda v: v[np.random.default_rng(0).permutation(ROWS)]),
        GOOD + 4,
    ),
    Case(
        "time begins anew",
        "time-restart",
        with_text(_ROWS + text(table(10)).split("\n", 1)[1]),
        "bad.csv",
        GOOD + 8,
        options=WINDOW,
    ),
    case(
        "times twice",
        "time-repeated",
        spoilt(lambda v: np.repeat(v, [2] * 3 + [1] * 37, axis=0)),
        GOOD + 4,
    ),
    case("gap in time", "time-gap", spoilt(gap), GOOD + 3),
    case("time missing", "time-broken", spoilt(set_cell(3, 0, np.nan)), GOOD),
    case("NaN sample", "value-missing", spoilt(set_cell(12, 1, np.nan)), GOOD + 3),
    case("infinite sample", "value-infinite", spoilt(set_cell(12, 1, np.inf)), 19),
    case("shorter than a window", "recording-short", text(table(9, 9)), GOOD),
    case("a channel less", "channels-other", _FIVE, GOOD),
    case("another channel", "channels-other", _ROWS.replace("az", "gz"), GOOD),
    case("channels in another order", "channels-order", _SWAPPED, GOOD + 4),
    case("constant channel", "channel-constant", spoilt(flat), GOOD + 4),
    case("half the rate", "rate-other", spoilt(slow), GOOD),
    Case(
        "no header",
        "table-header",
        with_text(_HEADLESS),
        "bad.csv:1",
        GOOD,
        options=WINDOW,
    ),
    case("ten thousand columns", "table-wide", _WIDE, GOOD),
    case("row numbers without a name", "column-nameless", _NUMBERED, GOOD + 4),
    case("a separator ends each row", "column-nameless", _TRAILED, GOOD + 4),
    Case(
        "NUL byte",
        "table-text",
        with_text(_NUL),
        "bad.csv:21 time",
        GOOD,
        options=WINDOW,
    ),
    case("beyond 32 bits", "value-infinite", _HUGE, GOOD + 3),
    Case(
        "date of another form",
        "table-text",
        with_text(with_dates().replace("2024-05-01T10:00:00.38", "1/5/24 10:00.38")),
        "bad.csv:21 time",
        GOOD,
        options=WINDOW,
    ),
    case("date missing", "time-broken", with_dates(missing=7), GOOD),
    Case(
        "milliseconds that are not named so",
        "rate-odd",
        in_milliseconds,
        "0.05 Hz",
        GOOD,
        times=4,
        options=WINDOW,
    ),
    Case(
        "corrupt gzip",
        "file-unreadable",
        corrupt_gzip,
        "bad.csv.gz",
        GOOD,
        options=WINDOW,
    ),
    Case(
        "file named twice in the index",
        "file-unreadable",
        named_twice,
        "recordings.csv:6",
        GOOD,
        options=WINDOW,
    ),
    Case(
        "no label",
        "label-missing",
        no_label,
        "nobody.csv",
        GOOD,
        options=WINDOW,
    ),
    Case(
        "two labels in a file",
        "label-mixed",
        two_labels,
        "a.csv",
        4,
        times=2,
        options={**WINDOW, "label": "file"},
    ),
    Case(
        "recording in two parts",
        "duplicate-across",
        across_parts,
        "again.csv",
        48,
        options=WINDOW,
    ),
    Case(
        "one recording, two classes",
        "sample-mislabelled",
        same_rows_as_rest,
        "same.csv",
        GOOD - 4,
        options=WINDOW,
    ),
    Case(
        "damaged Parquet",
        "table-damaged",
        broken_parquet,
        "half.parquet",
        GOOD,
        options=WINDOW,
    ),
]
