"""Arrays in files: what is written is read, and what is damaged is refused."""

import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from depthwise.data import open_data
from depthwise.data.array_folder import read_array_folder, write_array_folder
from depthwise.data.stored_rows import StoredRows, open_npy
from depthwise.errors import DataError, DepthwiseError, FormatError, OutputExistsError

INPUTS = np.random.default_rng(0).normal(size=(10, 2, 8)).astype(np.float32)
LABELS = np.arange(10) % 2
NAMES = {"classes": ["rest", "run"], "channels": ["x", "y"]}


def save(folder, **changes):
    arrays = {"inputs": INPUTS, "labels": LABELS, **NAMES, **changes}
    path = folder / "toy.npz"
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return path


def test_everything_that_is_stored_is_read(tmp_path) -> None:
    groups = np.array(list("aabbccddee"))
    data = open_data(save(tmp_path, groups=groups, rate_hz=50.0))
    np.testing.assert_array_equal(data.inputs, INPUTS)
    assert (data.classes, data.channels) == (("rest", "run"), ("x", "y"))
    assert data.groups.tolist() == groups.tolist()
    assert (data.name, data.rate_hz) == ("toy", 50.0)


@pytest.mark.parametrize("labels", [LABELS.astype(float), np.array(["b", "a"] * 5)])
def test_labels_may_be_whole_floats_or_words(labels, tmp_path) -> None:
    data = open_data(save(tmp_path, labels=labels, classes=None, channels=None))
    assert data.labels.tolist() == ([0, 1] * 5 if labels[0] == 0 else [1, 0] * 5)
    assert data.channels == ("channel-0", "channel-1")


SOME = [[3], [9, 0, 1, 2, 9], [], list(range(10)), [-1, 4]]


@pytest.mark.parametrize("indices", SOME)
def test_rows_on_disk_equal_rows_in_memory(indices, tmp_path) -> None:
    rows = open_data(save(tmp_path), in_memory_bytes=100).inputs
    assert isinstance(rows, StoredRows)
    picked = np.array(indices, np.int64)
    np.testing.assert_array_equal(rows[picked], INPUTS[picked])
    np.testing.assert_array_equal(rows[2:7], INPUTS[2:7])
    np.testing.assert_array_equal(rows[4], INPUTS[4])


def test_a_compressed_file_must_fit_into_memory(tmp_path) -> None:
    np.savez_compressed(tmp_path / "toy.npz", inputs=INPUTS, labels=LABELS)
    assert len(open_data(tmp_path / "toy.npz")) == 10
    with pytest.raises(FormatError, match="compressed"):
        open_data(tmp_path / "toy.npz", in_memory_bytes=100)


def shards(folder, count: int = 3):
    pieces = ((INPUTS + n, LABELS) for n in range(count))
    return write_array_folder(folder, pieces, groups=["p"] * 10 * count, **NAMES)


@pytest.mark.parametrize("indices", [[0, 29, 10, 9], [], list(range(30))])
def test_shards_read_as_one_array(indices, tmp_path) -> None:
    data = open_data(shards(tmp_path / "toy"))
    whole = np.concatenate([INPUTS, INPUTS + 1, INPUTS + 2])
    picked = np.array(indices, np.int64)
    np.testing.assert_array_equal(data.inputs[picked], whole[picked])
    np.testing.assert_array_equal(data.inputs[5:25], whole[5:25])
    assert data.take([29]).inputs[0:1].tolist() == whole[29:].tolist()
    assert set(data.groups.tolist()) == {"p"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": None}, "must hold inputs and labels"),
        ({"extra": [1]}, "only known names"),
        ({"labels": LABELS[:4]}, "one integer a sample"),
        ({"labels": LABELS + 0.5}, "whole numbers"),
        ({"labels": LABELS * 7}, "must lie in 0…1"),
        ({"labels": np.array(["rest", "walk"] * 5)}, "walk"),
        ({"labels": np.array([{}] * 10)}, "got a pickle"),
        ({"inputs": np.array([{}] * 10)}, "got a pickle"),
        ({"inputs": INPUTS[:, 0]}, r"\[n, C, L\]"),
        ({"inputs": INPUTS[:0], "labels": LABELS[:0]}, "must hold"),
        ({"channels": ["x"]}, "one name"),
        ({"groups": ["a"]}, "groups must be one a sample"),
        ({"parts": ["train", "tset"] * 5}, "parts must be among.*tset"),
        ({"rate_hz": ["fast"]}, "rate_hz .* one number above 0"),
        ({"rate_hz": [50.0, 60.0]}, "rate_hz .* one number above 0"),
        ({"rate_hz": -1.0}, "rate_hz .* one number above 0"),
        ({"inputs": INPUTS[:, :, :0]}, "must hold samples"),
        ({"inputs": INPUTS.astype("<U16")}, "must be numbers; got <U16"),
        ({"inputs": INPUTS + 1j}, "must be numbers; got complex"),
        ({"labels": LABELS - 1, "classes": None}, "at least 0; got -1"),
        ({"inputs": np.full((10, 2, 8), np.nan)}, "must be finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, words, tmp_path) -> None:
    with pytest.raises(DepthwiseError, match=words) as caught:
        open_data(save(tmp_path, **changes))
    assert "toy" in str(caught.value)


@pytest.mark.parametrize("keep", [0, 10, 300, 900])
def test_a_truncated_archive_is_refused(keep: int, tmp_path) -> None:
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match=r"toy\.npz"):
        open_data(path)


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("shape", [(4, 1000, 125_000_000), (-4, 2, 8), (2**40,) * 3])
def test_a_header_that_announces_too_much_is_refused(packed, shape, tmp_path) -> None:
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(256)
    path = save(tmp_path)
    with zipfile.ZipFile(path, "w", packed) as archive:
        archive.writestr("inputs.npy", content)
        archive.writestr("labels.npy", content)
    with pytest.raises(FormatError, match="its header announces"):
        open_data(path)


def test_a_small_file_that_unpacks_to_much_is_refused(tmp_path) -> None:
    path = tmp_path / "toy.npz"
    labels = np.zeros(2_000_000, np.int64)
    np.savez_compressed(path, inputs=INPUTS, labels=labels)
    assert path.stat().st_size < 100_000
    with pytest.raises(FormatError, match=r"must fit into 1000000 bytes; got 16000"):
        open_data(path, in_memory_bytes=1_000_000)


def test_what_is_no_archive_is_refused_unread(tmp_path) -> None:
    np.save(tmp_path / "a.npy", INPUTS)
    for content in ((tmp_path / "a.npy").read_bytes(), pickle.dumps({"a": 1})):
        (tmp_path / "toy.npz").write_bytes(content)
        with pytest.raises(FormatError, match="it is no archive"):
            open_data(tmp_path / "toy.npz")


def test_numbers_of_classes_are_their_names(tmp_path) -> None:
    labels = np.array([3, 10**9, 7, 3, 3] * 2)
    data = open_data(save(tmp_path, labels=labels, classes=None))
    assert data.classes == ("3", "7", "1000000000")
    assert data.labels.tolist() == [0, 2, 1, 0, 0] * 2


def test_nothing_whole_is_refused_even_when_skipping(tmp_path) -> None:
    path = save(tmp_path, inputs=np.full((10, 2, 8), np.inf))
    with pytest.raises(DataError, match="got none"):
        open_data(path, on_bad="skip")


def test_a_file_that_is_cut_or_grows_is_refused(tmp_path) -> None:
    np.save(tmp_path / "a.npy", INPUTS)
    whole = (tmp_path / "a.npy").read_bytes()
    for content in (whole[:-1], whole + b"x", whole[:20], b"", b"not an array"):
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(FormatError, match=r"a\.npy"):
            open_npy(tmp_path / "a.npy")


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path) -> None:
    np.save(tmp_path / "a.npy", INPUTS)
    rows = open_npy(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:200])
    with pytest.raises(FormatError, match="became shorter"):
        rows[8:]


def test_shards_of_two_kinds_are_refused(tmp_path) -> None:
    folder = shards(tmp_path / "toy")
    np.save(folder / "inputs-00001.npy", INPUTS[:, :1])
    with pytest.raises(FormatError, match="of one kind"):
        open_data(folder)


def test_a_damaged_description_is_refused(tmp_path) -> None:
    folder = shards(tmp_path / "toy")
    (folder / "dataset.json").write_text("{")
    with pytest.raises(FormatError, match="JSON"):
        read_array_folder(folder)


def test_nothing_is_overwritten(tmp_path) -> None:
    (tmp_path / "toy").mkdir()
    with pytest.raises(OutputExistsError, match="toy"):
        shards(tmp_path / "toy")


def test_an_interrupted_write_leaves_nothing(tmp_path) -> None:
    def pieces():
        yield INPUTS, LABELS
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_array_folder(tmp_path / "toy", pieces(), **NAMES)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
import numpy as np
from pathlib import Path
from depthwise.data import write_array_folder
def pieces():
    yield np.zeros((2, 1, 4)), np.array([0, 1])
    os.kill(os.getpid(), signal.SIGKILL)
write_array_folder(Path(sys.argv[1]), pieces(), classes=["a", "b"], channels=["x"])
"""


def test_a_killed_write_never_looks_finished(tmp_path, cli_env) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "toy")]
    done = subprocess.run(command, env=cli_env, check=False)
    assert done.returncode == -9
    assert not (tmp_path / "toy").exists()
    with pytest.raises(DataError, match="got none"):
        open_data(tmp_path)
    assert len(open_data(shards(tmp_path / "toy"))) == 30


FULL_DISK = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from depthwise.data.array_folder import write_array_folder
from depthwise.errors import DataError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
pieces = ((np.zeros((n, 1, 1000)), np.zeros(n, int)) for n in (2, 20))
try:
    write_array_folder(Path(sys.argv[1]), pieces, classes=["a"], channels=["x"])
except DataError as error:
    print(error)
"""


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, cli_env) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "toy")],
        env=cli_env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "must fit on the disk" in done.stdout
    assert list(tmp_path.iterdir()) == []


BOUNDED = """
import resource, sys
import numpy as np
from pathlib import Path
from depthwise.data import open_data
from depthwise.data.preprocess import Preprocessing
data = open_data(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
draw = np.random.default_rng(0)
for _ in range(40):
    rows = draw.integers(0, len(data), 256)
    assert data.inputs[rows].shape == (256, 8, 512)
Preprocessing.fit(data, np.arange(0, len(data), 100))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(data.inputs.shape[0], (after - before) >> 10)
"""


def test_a_set_of_20_gb_is_read_in_bounded_memory(tmp_path, cli_env) -> None:
    """The file is sparse: it takes no room, but every read is a real one."""
    count = 20 * 1024**3 // (8 * 512 * 4)
    folder = tmp_path / "huge"
    folder.mkdir()
    header = {"descr": "<f4", "fortran_order": False, "shape": (count, 8, 512)}
    with (folder / "inputs.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 20 * 1024**3)
    np.save(folder / "labels.npy", np.arange(count) % 2)
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(folder)],
        env=cli_env,
        capture_output=True,
        text=True,
        check=True,
    )
    rows, grown_mb = map(int, done.stdout.split())
    assert rows == count
    assert grown_mb < 200
