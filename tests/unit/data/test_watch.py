"""The real recordings, and pickles that try to run something."""

import pickle

import numpy as np
import pytest

from depthwise.data import open_data
from depthwise.data.watch import read_pickled_arrays, read_watch
from depthwise.errors import FormatError


@pytest.fixture(scope="module")
def watch_path(data_file):
    return data_file("seglearn", "data/watch_dataset.npy")


def test_the_recordings_are_all_there(watch_path) -> None:
    data = read_watch(watch_path)
    assert data.inputs.shape == (3605, 6, 128)
    assert data.inputs.dtype == np.float32
    assert data.channels == ("ax", "ay", "az", "wx", "wy", "wz")
    assert data.classes == ("PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW")
    assert set(data.groups.tolist()) == {str(n) for n in range(1, 11)}
    assert len(set(data.recordings.tolist())) == 140
    assert data.rate_hz == 50.0


def test_it_equals_the_plain_pickle(watch_path) -> None:
    ours = read_pickled_arrays(watch_path)
    theirs = np.load(watch_path, allow_pickle=True).item()
    for mine, other in zip(ours["X"], theirs["X"], strict=True):
        np.testing.assert_array_equal(mine, other)
    for key in ("y", "subject", "side"):
        np.testing.assert_array_equal(ours[key], theirs[key])


def test_the_name_opens_it(watch_path) -> None:
    data = open_data("watch", window=256, step=256)
    assert data.inputs.shape[1:] == (6, 256)
    first = read_pickled_arrays(watch_path)["X"][0]
    np.testing.assert_array_equal(data.inputs[1], first[256:512].T.astype(np.float32))


class Hostile:
    def __reduce__(self):
        return (print, ("this must never run",))


class Import:
    def __reduce__(self):
        return (__import__, ("os",))


@pytest.mark.parametrize("payload", [Hostile(), Import(), {"X": [Hostile()]}])
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_hostile_pickle_is_refused(payload, protocol, tmp_path, capsys) -> None:
    path = write_pickle(tmp_path / "watch.npy", payload, protocol)
    with pytest.raises(FormatError, match="arrays and nothing else"):
        read_pickled_arrays(path)
    assert capsys.readouterr().out == ""


def write_pickle(path, payload, protocol: int = 2):
    header = {"descr": "|O", "fortran_order": False, "shape": ()}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        pickle.dump(payload, file, protocol=protocol)
    return path


@pytest.mark.parametrize("keep", [0, 5, 60, 200, 100_000])
def test_a_truncated_file_is_refused(keep: int, watch_path, tmp_path) -> None:
    short = tmp_path / "watch.npy"
    short.write_bytes(watch_path.read_bytes()[:keep])
    with pytest.raises(FormatError):
        read_watch(short)


@pytest.mark.parametrize("payload", [{"X": []}, [1, 2]])
def test_a_pickle_of_something_else_is_refused(payload, tmp_path) -> None:
    with pytest.raises(FormatError, match="must hold"):
        read_watch(write_pickle(tmp_path / "watch.npy", payload))


def test_an_array_of_numbers_is_refused(tmp_path) -> None:
    np.save(tmp_path / "watch.npy", np.zeros(3))
    with pytest.raises(FormatError, match="one object"):
        read_watch(tmp_path / "watch.npy")
