"""Parquet files of images and of series, through the package datasets."""

import importlib
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.unit.data.bad_images import picture
from tests.unit.data.bad_recordings import good as good_recordings

from depthwise.data import open_data
from depthwise.data.hub import read_samples
from depthwise.data.image_set import Target
from depthwise.data.series_rows import SeriesRows
from depthwise.errors import DataError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
IMAGE_INFO = (
    b'{"info": {"features": {"image": {"_type": "Image"}, "label": {"names":'
    b' ["cat", "dog"], "_type": "ClassLabel"}, "subject": {"dtype": "string",'
    b' "_type": "Value"}}}}'
)


@pytest.fixture(autouse=True)
def quiet_and_offline():
    """No progress bars, no look at the Hub."""
    datasets = pytest.importorskip("datasets")
    config = importlib.import_module("datasets.config")
    before = config.HF_HUB_OFFLINE
    config.HF_HUB_OFFLINE = True
    datasets.disable_progress_bars()
    yield
    config.HF_HUB_OFFLINE = before


SERIES = np.arange(16.0).reshape(4, 2, 2).tolist()


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    picture(seed).save(buffer, format="PNG")
    return buffer.getvalue()


def write_images(path, contents, labels):
    columns = {
        "image": [{"bytes": c, "path": None} for c in contents],
        "label": labels,
        "subject": [f"p{n // 2}" for n in range(len(labels))],
    }
    table = pa.table(columns).replace_schema_metadata({"huggingface": IMAGE_INFO})
    pq.write_table(table, path)


def write_series(path, samples, labels):
    pq.write_table(pa.table({"signal": samples, "label": labels}), path)


def read(source, tmp_path, **options):
    cache = tmp_path.parent / f"{tmp_path.name}-cache"
    return read_samples(source, Target(), cache_folder=cache, **options)


def test_images_keep_their_pixels_labels_and_people(tmp_path) -> None:
    path = tmp_path / "train.parquet"
    write_images(path, [png(n) for n in range(6)], [0, 1] * 3)
    held = read(path, tmp_path)
    lazy = read(path, tmp_path, in_memory_bytes=10)
    assert held.inputs.shape == (6, 3, 12, 10)
    assert held.classes == ("cat", "dog")
    assert held.groups.tolist() == ["p0", "p0", "p1", "p1", "p2", "p2"]
    pixels = np.asarray(picture(4)).transpose(2, 0, 1)
    np.testing.assert_array_equal(held.inputs[4], pixels)
    assert not isinstance(lazy.inputs, np.ndarray)
    np.testing.assert_array_equal(lazy.inputs[np.array([4, 1])], held.inputs[[4, 1]])


def test_bad_images_are_left_out_and_the_rest_keep_their_pixels(tmp_path) -> None:
    contents = [png(0), b"", png(2)[:-90], b"text", png(4), png(5)]
    write_images(tmp_path / "a.parquet", contents, [0, 1, 0, 1, 0, -1])
    with pytest.raises(DataError, match="bytes"):
        read(tmp_path / "a.parquet", tmp_path)
    data = read(tmp_path / "a.parquet", tmp_path, on_bad="skip")
    codes = sorted(f.rule.code for f in data.report.skipped)
    assert codes == ["image-empty", "image-format", "image-truncated", "label-missing"]
    assert len(data) == 2
    pixels = np.asarray(picture(4)).transpose(2, 0, 1)
    np.testing.assert_array_equal(data.inputs[1], pixels)


def test_parts_come_from_the_names_of_files(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / ".cache")
    write_series(tmp_path / "train-00000.parquet", SERIES[:2], ["a", "b"])
    write_series(tmp_path / "test-00000.parquet", SERIES[2:], ["a", "b"])
    data = open_data(tmp_path)
    assert data.inputs.shape == (4, 2, 2)
    order = np.argsort(data.parts, kind="stable")
    assert data.parts[order].tolist() == ["test", "test", "train", "train"]
    assert data.inputs[order][0].tolist() == SERIES[2]
    assert data.classes == ("a", "b")


def test_series_are_read_on_demand_and_judged(tmp_path) -> None:
    good = np.arange(24.0).reshape(4, 2, 3)
    samples = [*good.tolist(), [[1.0, 2], [3, 4]], [[np.nan] * 3] * 2, [[1.0], [2, 3]]]
    write_series(tmp_path / "a.parquet", samples, list("abababa"))
    data = read(tmp_path / "a.parquet", tmp_path, on_bad="skip", in_memory_bytes=1)
    assert isinstance(data.inputs, SeriesRows)
    np.testing.assert_array_equal(data.inputs[:], good)
    np.testing.assert_array_equal(data.inputs[np.array([3, 0])], good[[3, 0]])
    assert data.report.counts() == [("table-ragged", 2), ("sample-broken", 1)]
    assert data.inputs[2].tolist() == good[2].tolist()


def test_a_series_in_two_parts_is_left_out_of_the_earlier(tmp_path) -> None:
    write_series(tmp_path / "train.parquet", SERIES[:3], list("aba"))
    write_series(tmp_path / "test.parquet", [SERIES[1], SERIES[3]], list("ba"))
    files = {part: [tmp_path / f"{part}.parquet"] for part in ("train", "test")}
    with pytest.raises(DataError, match="one part only"):
        read(files, tmp_path)
    data = read(files, tmp_path, on_bad="skip")
    assert [f.rule.code for f in data.report.skipped] == ["duplicate-across"]
    assert sorted(data.parts.tolist()) == ["test", "test", "train", "train"]


def test_one_nested_file_among_recordings_is_left_out(tmp_path) -> None:
    good_recordings(tmp_path)
    write_series(tmp_path / "run" / "lists.parquet", SERIES, list("abab"))
    data = open_data(tmp_path, on_bad="skip", window=10, step=10)
    assert data.report.counts() == [("table-text", 1)]
    assert len(data) == 16
    with pytest.raises(DataError, match=r"lists\.parquet signal.*list"):
        open_data(tmp_path, window=10, step=10)


def test_tables_of_two_kinds_say_why_they_cannot_be_one(tmp_path) -> None:
    write_series(tmp_path / "train.parquet", SERIES[:2], list("ab"))
    write_series(tmp_path / "test.parquet", [[1.0, 2], [3.0, 4]], list("ab"))
    files = {part: [tmp_path / f"{part}.parquet"] for part in ("train", "test")}
    with pytest.raises(DataError, match="must be loadable") as caught:
        read(files, tmp_path)
    assert "An error occurred" not in caught.value.message


def test_one_channel_may_be_a_plain_list(tmp_path) -> None:
    write_series(tmp_path / "a.parquet", [[1.0, 2, 3]] * 4, [0, 1, 0, 1])
    data = read(tmp_path / "a.parquet", tmp_path)
    assert data.inputs.shape == (4, 1, 3)
    assert data.classes == ("0", "1")


def test_a_table_without_labels_is_refused(tmp_path) -> None:
    pq.write_table(pa.table({"signal": [[1.0, 2]] * 3}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="one of labels"):
        read(tmp_path / "a.parquet", tmp_path)


def test_what_cannot_be_loaded_is_one_sentence(tmp_path) -> None:
    with pytest.raises(DataError, match="must be loadable"):
        read("hub:nobody/has-this-dataset", tmp_path)


def test_without_the_package_the_command_is_named(cli_env) -> None:
    code = (
        "import sys; sys.modules['datasets'] = None\n"
        "from depthwise.data import open_data\n"
        "from depthwise.errors import MissingDependencyError\n"
        "try: open_data('hub:x')\n"
        "except MissingDependencyError as error: print(error.hint)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=cli_env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "pip install 'depthwise[hub]'"


def test_the_picture_helper_is_what_is_stored() -> None:
    image = Image.open(io.BytesIO(png(3)))
    np.testing.assert_array_equal(np.asarray(image), np.asarray(picture(3)))
