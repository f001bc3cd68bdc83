"""Recordings in every form give the same windows."""

import gzip
from decimal import Decimal

import numpy as np
import pytest
from tests.unit.data.bad_recordings import NAMES, ROWS, table, text
from tests.unit.data.bad_sets import TS

from depthwise.data import open_data
from depthwise.data.columns import Columns
from depthwise.data.window_rows import WindowRows
from depthwise.errors import DataError, FormatError, GeometryError, UsageError

PEOPLE = ("ann", "bob")
KINDS = ("rest", "run")


def series() -> dict[tuple[str, str], np.ndarray]:
    pairs = [(person, kind) for person in PEOPLE for kind in KINDS]
    return {pair: table(number) for number, pair in enumerate(pairs)}


def expected() -> np.ndarray:
    made = [rows[:, 1:].T.reshape(3, 4, 10) for rows in series().values()]
    return np.concatenate([m.transpose(1, 0, 2) for m in made]).astype(np.float32)


def one_table(mark: str = ",", names: tuple[str, ...] = NAMES) -> str:
    lines = [mark.join((*names, "subject", "label"))]
    for (person, kind), rows in series().items():
        body = text(rows, names, mark).splitlines()[1:]
        lines += [f"{line}{mark}{person}{mark}{kind}" for line in body]
    return "\n".join(lines)


def check_windows(data) -> None:
    order = np.lexsort((data.labels, data.groups))
    got, wanted = np.asarray(data.inputs[:])[order], expected()
    np.testing.assert_allclose(got, wanted, rtol=1e-6)
    assert data.channels == ("ax", "ay", "az")
    assert data.groups[order].tolist() == ["ann"] * 8 + ["bob"] * 8
    assert data.classes == KINDS
    assert data.rate_hz == pytest.approx(50)


WINDOW = {"window": 10, "step": 10}


def test_check_windows_can_fail(tmp_path) -> None:
    (tmp_path / "all.csv").write_text(one_table())
    data = open_data(tmp_path / "all.csv", **WINDOW)
    with pytest.raises(AssertionError):
        check_windows(data.take(np.arange(15)))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("form", ["plain", "bom", "crlf", "gzip"])
def test_one_table_is_taken_apart(mark: str, form: str, tmp_path) -> None:
    raw = one_table(mark).encode("utf-8-sig" if form == "bom" else "utf-8")
    raw = raw.replace(b"\n", b"\r\n") if form == "crlf" else raw
    path = tmp_path / ("all.csv.gz" if form == "gzip" else "all.csv")
    path.write_bytes(gzip.compress(raw) if form == "gzip" else raw)
    check_windows(open_data(path, **WINDOW))


def test_a_folder_with_an_index(tmp_path) -> None:
    lines = ["file,label,group"]
    for (person, kind), rows in series().items():
        (tmp_path / person).mkdir(exist_ok=True)
        (tmp_path / person / f"{kind}.csv").write_text(text(rows))
        lines.append(f"{person}/{kind}.csv,{kind},{person}")
    (tmp_path / "recordings.csv").write_text("\n".join(lines))
    data = open_data(tmp_path, **WINDOW)
    check_windows(data)
    assert set(data.recordings.tolist()) == {line.split(",")[0] for line in lines[1:]}


def test_an_index_that_names_a_missing_file(tmp_path) -> None:
    (tmp_path / "recordings.csv").write_text("file,label\nnone.csv,run\n")
    with pytest.raises(DataError, match=r"recordings\.csv:2.*none\.csv"):
        open_data(tmp_path)
    (tmp_path / "recordings.csv").write_text("path,label\nnone.csv,run\n")
    with pytest.raises(FormatError, match="must have the columns"):
        open_data(tmp_path)


def test_parquet_gives_what_csv_gives(tmp_path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    blocks = list(series().values())
    whole = np.concatenate(blocks)
    columns = {name: whole[:, n] for n, name in enumerate(NAMES)}
    columns["subject"] = np.repeat(["ann", "ann", "bob", "bob"], ROWS)
    columns["label"] = np.repeat(["rest", "run"] * 2, ROWS)
    pq.write_table(pa.table(columns), tmp_path / "all.parquet")
    check_windows(open_data(tmp_path / "all.parquet", **WINDOW))


def test_units_of_time_are_in_the_name_and_dates_are_read(tmp_path) -> None:
    start = np.datetime64("2024-05-01T12:00:00")
    millis = [start + np.timedelta64(20 * n, "ms") for n in range(ROWS)]
    for name, times in (("time_ms", range(0, 20 * ROWS, 20)), ("timestamp", millis)):
        lines = [f"{name},x,label", *(f"{t},{n},a" for n, t in enumerate(times))]
        (tmp_path / "a.csv").write_text("\n".join(lines))
        assert open_data(tmp_path / "a.csv", **WINDOW).rate_hz == pytest.approx(50)


@pytest.mark.parametrize("zone", ["Z", "+02:00", "+0200"])
def test_dates_with_a_zone_are_moments(zone, tmp_path) -> None:
    """A clock that is set to another zone within a recording leaves no gap."""
    hours = {"Z": 12, "+02:00": 14, "+0200": 14}[zone]
    zones = [(12, "Z") if n % 2 else (hours, zone) for n in range(ROWS)]
    lines = [
        f"2024-05-01T{hour}:00:{n * 0.02:06.3f}{name},{n},a"
        for n, (hour, name) in enumerate(zones)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["time,x,label", *lines]))
    data = open_data(tmp_path / "a.csv", **WINDOW)
    assert data.rate_hz == pytest.approx(50)
    assert not data.report.repaired


def test_separators_within_quotes_separate_nothing(tmp_path) -> None:
    rows = [
        '"time";"x, y, z, of all";"label"',
        *(f"{n};{n % 7};a" for n in range(ROWS)),
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    data = open_data(tmp_path / "a.csv", **WINDOW)
    assert data.channels == ("x, y, z, of all",)


def test_row_numbers_are_no_channel(tmp_path) -> None:
    rows = [",time,x,label", *(f"{n},{n},{n % 7},a" for n in range(ROWS))]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert open_data(tmp_path / "a.csv", **WINDOW).channels == ("x",)


@pytest.mark.parametrize("part", ["trian", "Test "])
def test_a_part_that_is_none_is_refused(part, tmp_path) -> None:
    (tmp_path / "a.csv").write_text(one_table())
    (tmp_path / "recordings.csv").write_text(f"file,label,part\na.csv,run,{part}1\n")
    with pytest.raises(FormatError, match=r"recordings\.csv:2 must be one of"):
        open_data(tmp_path, **WINDOW)


def test_parquet_decimals_are_numbers(tmp_path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    cells = [Decimal(n) / 8 for n in range(ROWS)]
    table = pa.table({"x": cells, "label": ["a"] * ROWS})
    pq.write_table(table, tmp_path / "a.parquet")
    data = open_data(tmp_path / "a.parquet", **WINDOW)
    assert data.inputs[0, 0, :3].tolist() == [0, 0.125, 0.25]


def test_columns_can_be_named(tmp_path) -> None:
    content = one_table().replace("subject", "who").replace("label", "what")
    (tmp_path / "all.csv").write_text(content)
    columns = Columns(group="who", label="what")
    check_windows(open_data(tmp_path / "all.csv", columns=columns, **WINDOW))


def test_windows_take_the_label_of_most_rows(tmp_path) -> None:
    lines = ["x,label", *(f"{n % 7},{'a' if n < 14 else 'b'}" for n in range(40))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    data = open_data(tmp_path / "a.csv", **WINDOW)
    assert data.labels.tolist() == [0, 1, 1, 1]
    assert data.rate_hz is None
    with pytest.raises(DataError, match="one label"):
        open_data(tmp_path / "a.csv", label="file", **WINDOW)


def test_windows_beyond_memory_are_cut_on_demand(tmp_path) -> None:
    (tmp_path / "all.csv").write_text(one_table())
    data = open_data(tmp_path / "all.csv", in_memory_bytes=10, **WINDOW)
    assert isinstance(data.inputs, WindowRows)
    check_windows(data)
    assert data.inputs[3].shape == (3, 10)


def test_no_window_spans_a_gap(tmp_path) -> None:
    rows = table(0, 100)
    rows[:, 1] = np.arange(100)
    rows[37:, 0] += 5
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.csv").write_text(text(rows))
    data = open_data(tmp_path, window=10, step=1)
    assert np.all(np.diff(data.inputs[:, 0], axis=1) == 1)
    starts = data.inputs[:, 0, 0].astype(int).tolist()
    assert starts == [*range(28), *range(37, 91)]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"window": 0}, GeometryError),
        ({"window": 10, "step": -1}, GeometryError),
        ({"label": "guess"}, UsageError),
        ({"window": 41}, DataError),
    ],
)
def test_windows_that_cannot_be_are_refused(options, error, tmp_path) -> None:
    (tmp_path / "all.csv").write_text(one_table())
    with pytest.raises(error):
        open_data(tmp_path / "all.csv", **options)


def test_series_are_read_whole_or_in_windows(tmp_path) -> None:
    (tmp_path / "toy_TRAIN.ts").write_text(TS)
    (tmp_path / "toy_TEST.ts").write_text(TS.replace("3", "8"))
    data = open_data(tmp_path)
    assert data.inputs.shape == (8, 2, 3)
    assert data.inputs[4].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert data.classes == ("down", "up")
    assert data.parts.tolist() == ["test"] * 4 + ["train"] * 4
    cut = open_data(tmp_path / "toy_TRAIN.ts", window=2, step=1)
    assert cut.inputs.shape == (8, 2, 2)
    assert cut.parts is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1,2:3,4:up\n", "no line @data"),
        ("@timeStamps true\n@data\n", "time stamps"),
        ("@data\n1,2:3,4:up\n1,2,3:4,5,6:up\n", "one length"),
        ("@data\n", "got none"),
    ],
)
def test_series_that_are_none_are_refused(content: str, words: str, tmp_path) -> None:
    (tmp_path / "a.ts").write_text(content)
    with pytest.raises((FormatError, DataError), match=words):
        open_data(tmp_path / "a.ts")
