"""``depthwise data`` on real data, and on data with something wrong."""

import json

import numpy as np
import pytest
from PIL import Image


def test_json_of_the_watch(run_cli, data_file) -> None:
    data_file("seglearn", "data/watch_dataset.npy")
    done = run_cli("data", "watch", "--json")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["samples"] == 3605
    assert seen["rate_hz"] == 50.0
    assert [channel["name"] for channel in seen["channels"]][:2] == ["ax", "ay"]
    assert len(seen["classes"]) == 7


def write_images(folder) -> None:
    draw = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            pixels = draw.integers(0, 256, (9, 9, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")


def test_tables_and_a_sheet_of_images(run_cli, tmp_path) -> None:
    write_images(tmp_path / "pets")
    (tmp_path / "pets" / "cat" / "broken.png").write_bytes(b"")
    sheet = tmp_path / "sheet.png"
    done = run_cli("data", tmp_path / "pets", "--sheet", sheet, "--size", "8,6")
    assert done.returncode == 0, done.stderr
    for words in ("pets", "3x8x6", "image-empty", "broken.png", "1 skipped", "dog"):
        assert words in done.stdout
    with Image.open(sheet) as picture:
        assert picture.width > 500
    again = run_cli("data", tmp_path / "pets", "--sheet", sheet)
    assert again.returncode == 1
    assert "must be a new file" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["data", "wacht"], 2, "did you mean watch"),
        (["data", "nowhere/at-all"], 2, "data must be"),
        (["data", "."], 1, "got none"),
        (["data", "hub:"], 2, "hub: must be followed by a name"),
        (["data", "bad.npz"], 1, "bad.npz"),
        (["data", "watch", "--size", "9,x"], 2, "--size must be"),
        (["data", "watch", "--on-bad", "guess"], 2, "guess"),
        (["data", "pets", "--on-bad", "fail"], 1, "broken.png"),
    ],
)
def test_what_cannot_be_described_is_one_sentence(
    arguments, code, words, run_cli, tmp_path
) -> None:
    if "pets" in arguments:
        write_images(tmp_path / "pets")
        (tmp_path / "pets" / "cat" / "broken.png").write_bytes(b"no image")
    if "bad.npz" in arguments:
        (tmp_path / "bad.npz").write_bytes(b"no arrays")
    done = run_cli(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
