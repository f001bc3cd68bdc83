"""Files appear whole or not at all."""

import json

import pytest

from depthwise.files import to_json, write_json, write_text, write_with


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")

    def fail(place):
        place.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_with(path, fail)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_that_cannot_be_begun_is_named_as_the_user_knows_it(tmp_path):
    path = tmp_path / ("a" * 250)  # with what is added it is too long a name
    with pytest.raises(OSError, match="too long") as caught:
        write_text(path, "hello")
    assert caught.value.filename == str(path)


def test_json_has_no_numbers_that_json_lacks(tmp_path):
    value = {"a": float("nan"), "b": [float("inf"), 1.5], "é": (1, True, None)}
    path = write_json(tmp_path / "deep" / "a.json", value)
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read == {"a": None, "b": [None, 1.5], "é": [1, True, None]}
    assert to_json(read) + "\n" == path.read_text(encoding="utf-8")
