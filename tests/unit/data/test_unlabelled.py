"""Samples to predict on are the same as those that a labelled reader gives."""

import numpy as np
import pytest
from tests.unit.data.bad_images import good as good_images
from tests.unit.data.bad_recordings import WINDOW, table, text
from tests.unit.data.bad_recordings import good as good_recordings

from depthwise.data import Preprocessing, open_data, open_inputs
from depthwise.data.live import live_windows
from depthwise.errors import DataError, UsageError

NAMES = ("ax", "ay", "az")
SENSORS = Preprocessing(
    "sensor", NAMES, (0.0,) * 3, (1.0,) * 3, window=10, step=10, rate_hz=50.0
)
RGB = ("red", "green", "blue")
IMAGES = Preprocessing("image", RGB, (0.0,) * 3, (1.0,) * 3, size=(12, 10), mode="RGB")


def test_a_folder_of_recordings(tmp_path) -> None:
    labelled = open_data(good_recordings(tmp_path), **WINDOW)
    opened = open_inputs(tmp_path, SENSORS)
    np.testing.assert_array_equal(opened.inputs, labelled.inputs)
    assert opened.names.tolist() == labelled.recordings.tolist()
    assert str(opened.report) == "4 read, 0 skipped, 0 repaired, 0 noted"


def test_channels_are_picked_by_name(tmp_path) -> None:
    values = table(0)
    wide = np.concatenate([values[:, [0, 3, 2]], values[:, [1, 1]]], axis=1)
    names = ("time", "az", "ay", "ax", "extra")
    (tmp_path / "a.csv").write_text(text(wide, names))
    opened = open_inputs(tmp_path / "a.csv", SENSORS)
    expected = values[:10, 1:].T.astype(np.float32)
    np.testing.assert_allclose(opened.inputs[0], expected, rtol=1e-6)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_that_the_model_does_not_know_are_not_looked_at(
    suffix: str, tmp_path
) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(table(0), columns=["time", *NAMES])
    frame["remark"] = "gym"
    path = tmp_path / f"a.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    opened = open_inputs(path, SENSORS)
    assert opened.inputs.shape == (4, 3, 10)
    assert str(opened.report) == "1 read, 0 skipped, 0 repaired, 0 noted"
    frame["ay"] = "gym"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    with pytest.raises(DataError, match=r"numbers with a decimal point.*gym|ay"):
        open_inputs(path, SENSORS)


def test_images_in_any_folders(tmp_path) -> None:
    labelled = open_data(good_images(tmp_path))
    opened = open_inputs(tmp_path, IMAGES)
    np.testing.assert_array_equal(opened.inputs, labelled.inputs)
    one = open_inputs(tmp_path / opened.names[5], IMAGES)
    np.testing.assert_array_equal(one.inputs, labelled.inputs[[5]])
    assert one.names.tolist() == [opened.names[5].rpartition("/")[2]]


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_arrays(suffix: str, tmp_path) -> None:
    inputs = np.random.default_rng(0).normal(size=(5, 3, 10))
    path = tmp_path / f"a.{suffix}"
    np.save(path, inputs) if suffix == "npy" else np.savez(path, inputs=inputs)
    opened = open_inputs(path, SENSORS)
    np.testing.assert_array_equal(opened.inputs[:], inputs)
    assert opened.names.tolist() == list("01234")


def test_bad_files_are_left_out_and_counted(tmp_path) -> None:
    good_recordings(tmp_path)
    (tmp_path / "bad.csv").write_text("time,ax,ay\n0,1,2\n")
    with pytest.raises(DataError, match=r"bad\.csv.*no az"):
        open_inputs(tmp_path, SENSORS)
    opened = open_inputs(tmp_path, SENSORS, on_bad="skip")
    assert len(opened) == 16
    assert opened.report.counts() == [("channels-other", 1)]


@pytest.mark.parametrize("shape", [(5, 2, 10), (5, 3, 11), (5, 3, 10, 1)])
def test_other_shapes_are_refused(shape, tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(DataError, match="must have the shape"):
        open_inputs(tmp_path / "a.npy", SENSORS)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_broken_samples_of_arrays_are_refused_or_left_out(suffix, tmp_path) -> None:
    inputs = np.random.default_rng(0).normal(size=(5, 3, 10)).astype(np.float32)
    inputs[1, 2, 3], inputs[4, 0, 0] = np.nan, np.inf
    path = tmp_path / f"a.{suffix}"
    np.save(path, inputs) if suffix == "npy" else np.savez(path, inputs=inputs)
    with pytest.raises(DataError, match=f"{suffix} sample 1: samples must be finite"):
        open_inputs(path, SENSORS)
    opened = open_inputs(path, SENSORS, on_bad="skip")
    assert opened.names.tolist() == ["0", "2", "3"]
    np.testing.assert_array_equal(opened.inputs[:], inputs[[0, 2, 3]])
    assert opened.report.counts() == [("sample-broken", 2)]
    assert opened.report.read == 3


def test_nothing_there_is_one_sentence(tmp_path) -> None:
    with pytest.raises(DataError, match="that exists"):
        open_inputs(tmp_path / "none.csv", SENSORS)
    (tmp_path / "empty").mkdir()
    for asked in (SENSORS, IMAGES):
        with pytest.raises(DataError, match="got none"):
            open_inputs(tmp_path / "empty", asked)


def test_the_error_says_what_was_wrong_with_all(tmp_path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("time,ax,ay,az\n")
    with pytest.raises(DataError, match="got none") as caught:
        open_inputs(tmp_path, SENSORS, on_bad="skip")
    assert caught.value.hint.startswith("2 left out, the first: ")
    assert "a.csv: a recording must have rows" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("a.parquet", IMAGES, "must be images"),
        ("a.csv", IMAGES, "must be images"),
        ("t10k-images-idx3-ubyte.gz", IMAGES, "must be images"),
        ("toy_TEST.ts", SENSORS, "must be recordings in CSV or Parquet"),
        ("a.png", SENSORS, "must be recordings in CSV or Parquet"),
    ],
)
def test_files_of_another_kind_are_refused(name, asked, words, tmp_path) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match=words) as caught:
        open_inputs(tmp_path / name, asked)
    assert "--labels" in caught.value.hint


def rows(count: int) -> list[str]:
    return [f"{n},{n + 0.5},{-n}" for n in range(count)]


@pytest.mark.parametrize("header", [[], ["az,ax,ay"], ["t,ax,ay,az"]])
@pytest.mark.parametrize("hop", [1, 3, 10, 25])
def test_live_windows_are_those_of_the_whole_recording(header, hop: int) -> None:
    whole = np.array([[n, n + 0.5, -n] for n in range(40)], np.float32).T
    lines = rows(40)
    if header == ["az,ax,ay"]:
        lines = [f"{-n},{n},{n + 0.5}" for n in range(40)]
    if header == ["t,ax,ay,az"]:
        lines = [f"noon,{row}" for row in lines]
    made = list(live_windows([*header, *lines], SENSORS, hop=hop))
    assert [window.row for window in made] == list(range(10, 41, hop))
    for window in made:
        expected = whole[:, window.row - 10 : window.row]
        np.testing.assert_array_equal(window.values, expected)


def test_a_window_comes_before_the_next_row_is_read() -> None:
    seen = []

    def lines():
        for number, line in enumerate(rows(12)):
            seen.append(number)
            yield line

    first = next(live_windows(lines(), SENSORS))
    assert first.row == 10
    assert seen == list(range(10))


@pytest.mark.parametrize(
    "bad",
    [
        "1,2",
        "1,2,x",
        "1,2,nan",
        "1,2,inf",
        "1,2,3,4",
        '"1,2,3',
        "1,2," + "9" * 200_000,
        "1,2,\0",
        "1,2,\ufffd",
    ],
)
def test_a_bad_row_is_refused_or_no_window_spans_it(bad: str) -> None:
    lines = [*rows(12), bad, *rows(13)]
    with pytest.raises(DataError, match="row 13"):
        list(live_windows(lines, SENSORS, hop=1))
    made = list(live_windows(lines, SENSORS, hop=1, on_bad="skip"))
    assert [window.row for window in made] == [10, 11, 12, 23, 24, 25, 26]
    assert [window.skipped for window in made] == [0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("head", ["", "\ufeffax,ay,az", "\n\n", "t,az,ay,ax,note"])
def test_streams_come_in_the_forms_that_files_have(mark: str, head: str) -> None:
    if head.startswith("t,"):
        lines = [head, *(f"{n},{n + 2},{n + 1},{n},?" for n in range(12))]
    else:
        lines = [*head.split("\n"), *(f"{n},{n + 1},{n + 2}" for n in range(12))]
    marked = [line.replace(",", mark) for line in lines]
    first, *_ = live_windows(marked, SENSORS, hop=1)
    assert first.values[:, :3].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]


def at_the_end(lines: list[str], **options: str) -> str:
    windows = live_windows(lines, SENSORS, hop=5, **options)
    while True:
        try:
            next(windows)
        except StopIteration as end:
            return str(end.value)


def test_a_stream_that_ends_is_summed_up() -> None:
    assert at_the_end(rows(16)) == "16 rows, 0 skipped, 2 windows"
    short = at_the_end(["ax,ay,az", *rows(9)])
    assert short == "9 rows, 0 skipped, 0 windows; a window needs 10 rows in a row"
    bad = at_the_end([*rows(12), "1,2,x", "1,2", *rows(10)], on_bad="skip")
    assert bad.startswith("24 rows, 2 skipped, 2 windows; the first skipped: row 13: ")


def test_a_stream_that_cannot_be_is_refused() -> None:
    with pytest.raises(DataError, match="must name the channels"):
        list(live_windows(["ax,ay", *rows(3)], SENSORS))
    with pytest.raises(UsageError, match="hop"):
        list(live_windows(rows(3), SENSORS, hop=0))
    with pytest.raises(UsageError, match="window"):
        list(live_windows(rows(3), IMAGES))


def test_the_index_of_a_folder_is_no_recording(tmp_path) -> None:
    good_recordings(tmp_path)
    before = open_inputs(tmp_path, SENSORS)
    (tmp_path / "recordings.csv").write_text("file,label\nrest/0.csv,rest\n")
    after = open_inputs(tmp_path, SENSORS)
    assert after.names.tolist() == before.names.tolist()


def test_data_that_only_labelled_readers_read_are_named_so(tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "Toy_TEST.ts").write_text("@data\n1,2:a\n")
    samples = tmp_path / "samples.parquet"
    pandas.DataFrame({"signal": [[1.0, 2.0]], "label": ["a"]}).to_parquet(samples)
    for source in (tmp_path / "series", samples):
        with pytest.raises(DataError, match="must be recordings") as caught:
            open_inputs(source, SENSORS)
        assert caught.value.hint == "--labels reads labelled data of every kind"


@pytest.mark.parametrize("name", ["A.PARQUET", "A.CSV.GZ"])
def test_suffixes_may_be_in_capitals(tmp_path, name) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(table(0), columns=["time", *NAMES])
    path = tmp_path / name
    if name.endswith("GZ"):
        frame.to_csv(path, index=False, compression="gzip")
    else:
        frame.to_parquet(path)
    assert open_inputs(path, SENSORS).inputs.shape == (4, 3, 10)


def test_windows_know_the_row_of_their_newest_sample(tmp_path) -> None:
    values = table(0)
    lines = text(np.delete(values, 12, axis=0), ("time", *NAMES)).splitlines()
    lines[9:11] = lines[10:8:-1]  # rows 9 and 10 the other way round
    (tmp_path / "a.csv").write_text("\n".join(lines))
    opened = open_inputs(tmp_path / "a.csv", SENSORS)
    newest = [list(map(float, lines[row].split(",")))[1:] for row in opened.rows]
    np.testing.assert_allclose(opened.inputs[:, :, -1], newest, rtol=1e-6)
    assert opened.rows.tolist() == [9, 22, 32]
