"""The description says what is in the data, and finds what is planted."""

import json

import numpy as np
import pytest
from PIL import Image, ImageColor

from depthwise.data import (
    Dataset,
    describe,
    find_leaks,
    open_data,
    split,
    split_by_group,
    write_sheet,
)
from depthwise.data.sheet import CELL, COLOURS, LEGEND, draw_sheet

DRAW = np.random.default_rng(0)


def toy(inputs, labels, **names) -> Dataset:
    channels = tuple(f"s{c}" for c in range(inputs.shape[1]))
    classes = tuple(f"k{c}" for c in range(max(labels) + 1))
    return Dataset(inputs, np.array(labels), classes, channels, "toy", **names)


def test_counts_and_moments_of_the_watch(data_file) -> None:
    data_file("seglearn", "data/watch_dataset.npy")
    data = open_data("watch")
    seen = describe(data).to_dict()
    assert sum(seen["classes"].values()) == sum(seen["groups"].values()) == 3605
    assert (seen["samples"], seen["shape"], seen["recordings"]) == (3605, [6, 128], 140)
    flat = np.moveaxis(data.inputs, 1, 0).reshape(6, -1).astype(np.float64)
    np.testing.assert_allclose(seen["correlation"], np.corrcoef(flat), atol=1e-9)
    assert seen["mean_absolute_correlation"] < 0.1
    assert (seen["copies"], seen["leaks"]) == ([], [])


def test_a_constant_channel_has_no_correlation() -> None:
    inputs = DRAW.normal(size=(4, 3, 8))
    inputs[:, 1] = 5
    seen = describe(toy(inputs, [0, 1, 0, 1])).to_dict()
    assert seen["correlation"][1] == [None, None, None]
    assert seen["channels"][1]["std"] == 0
    assert json.loads(json.dumps(seen)) == seen


def test_planted_copies_and_leaks_are_found() -> None:
    inputs = DRAW.normal(size=(8, 2, 4))
    inputs[4], inputs[6], inputs[1] = inputs[0], inputs[3], inputs[0]
    data = toy(
        inputs,
        [0, 0, 1, 1, 0, 1, 0, 2],
        parts=np.array(["train"] * 4 + ["test"] * 4),
        groups=np.array(list("aabbbccc")),
    )
    seen = describe(data)
    rules = sorted(copy.rule.code for copy in seen.copies)
    assert rules == ["duplicate-across", "duplicate-across", "sample-mislabelled"]
    assert seen.leaks == (
        "group 'b' is in train and test",
        "class 'k2' is tested and not in train",
    )


def test_splits_made_here_leak_nothing_and_others_do() -> None:
    groups = np.repeat(list("abcdef"), 4)
    data = toy(DRAW.normal(size=(24, 1, 4)), [0, 1] * 12, groups=groups)
    assert find_leaks(data, split(data)) == ()
    assert find_leaks(data, split_by_group(data, ["a"], validation=["b"])) == ()
    plain = toy(data.inputs, [0, 1] * 12)
    assert len(find_leaks(data, split(plain))) > 0
    assert find_leaks(data) == ()


def test_the_sheet_shows_the_samples(tmp_path) -> None:
    pixels = np.zeros((4, 3, 5, 5), np.uint8)
    pixels[[0, 2]] = np.array([200, 10, 30], np.uint8)[:, None, None]
    path = write_sheet(toy(pixels, [0, 1, 0, 1]), tmp_path / "a.png", columns=2)
    with Image.open(path) as picture:
        sheet = np.asarray(picture)
    colours = {tuple(c) for c in sheet.reshape(-1, 3).tolist()}
    assert {(200, 10, 30), (0, 0, 0), (255, 255, 255)} <= colours
    count = int(np.sum(np.all(sheet == [200, 10, 30], axis=-1)))
    assert count == 2 * CELL * CELL


def test_the_sheet_names_the_channels_in_the_colours_of_their_lines() -> None:
    data = toy(DRAW.normal(size=(4, 2, 30)), [0, 1, 0, 1])
    sheet = np.asarray(draw_sheet(data, columns=2))
    drawn = {tuple(c) for c in sheet[:-LEGEND].reshape(-1, 3).tolist()}
    legend = {tuple(c) for c in sheet[-LEGEND:].reshape(-1, 3).tolist()}
    for colour in COLOURS[:2]:
        assert ImageColor.getrgb(colour) in drawn & legend
    assert ImageColor.getrgb(COLOURS[2]) not in drawn | legend


@pytest.mark.parametrize("shape", [(3, 1, 9), (3, 7, 20), (3, 2, 4, 6), (3, 1, 3, 900)])
def test_any_shape_can_be_drawn(shape) -> None:
    sheet = np.asarray(draw_sheet(toy(DRAW.normal(size=shape), [0, 1, 0])))
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 2
