"""What is decoded is what is in the picture."""

import gzip
import json

import numpy as np
import pytest
from PIL import Image
from tests.unit.data.bad_images import (
    bytes_that_are_no_text,
    deep_colour,
    good,
    picture,
)

from depthwise.data import open_data
from depthwise.data.idx import read_idx
from depthwise.data.image_file import decode
from depthwise.data.image_rows import ImageRows
from depthwise.errors import DataError, FormatError, UsageError


def write(folder, name: str, image: Image.Image, **options):
    image.save(folder / name, **options)
    return folder / name


def test_pixels_and_classes_are_those_of_the_files(tmp_path) -> None:
    data = open_data(good(tmp_path))
    assert data.inputs.shape == (8, 3, 12, 10)
    assert data.classes == ("cat", "dog")
    assert data.channels == ("red", "green", "blue")
    for number, name in enumerate(data.files.tolist()):
        with Image.open(tmp_path / name) as image:
            pixels = np.asarray(image)
        np.testing.assert_array_equal(data.inputs[number], pixels.transpose(2, 0, 1))
        assert name.startswith(data.classes[data.labels[number]])
    assert str(data.report) == "8 read, 0 skipped, 0 repaired, 0 noted"


def test_parts_come_from_folders(tmp_path) -> None:
    good(tmp_path / "train")
    for name, start in (("val", 10), ("test", 20)):
        for seed, label in enumerate(("cat", "dog"), start=start):
            (tmp_path / name / label).mkdir(parents=True)
            picture(seed).save(tmp_path / name / label / "a.png")
    data = open_data(tmp_path)
    counts = dict(zip(*np.unique(data.parts, return_counts=True), strict=True))
    assert counts == {"train": 8, "validation": 2, "test": 2}
    assert data.classes == ("cat", "dog")


def test_large_sets_are_decoded_on_demand(tmp_path) -> None:
    held = open_data(good(tmp_path))
    lazy = open_data(tmp_path, in_memory_bytes=100)
    assert not isinstance(lazy.inputs, np.ndarray)
    picked = np.array([7, 0, 3])
    np.testing.assert_array_equal(lazy.inputs[picked], held.inputs[picked])
    np.testing.assert_array_equal(lazy.take(picked).inputs[1:], held.inputs[[0, 3]])


def test_all_grey_stays_grey_and_the_mode_can_be_asked_for(tmp_path) -> None:
    for label, seed in (("a", 0), ("b", 1)):
        (tmp_path / label).mkdir()
        write(tmp_path / label, "x.png", picture(seed, (6, 6)))
        write(tmp_path / label, "y.png", picture(seed + 5, (6, 6)))
    assert open_data(tmp_path).inputs.shape == (4, 1, 6, 6)
    assert open_data(tmp_path, mode="RGB", size=(4, 5)).inputs.shape == (4, 3, 4, 5)
    with pytest.raises(UsageError, match="'L' or 'RGB'"):
        open_data(tmp_path, mode="CMYK")


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_orientation_gives_the_upright_picture(turn: int, tmp_path) -> None:
    upright = picture(3)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = upright.transpose(undo[turn]) if turn > 1 else upright
    path = write(tmp_path, "a.png", stored, exif=exif)
    pixels = decode(path, size=(12, 10), mode="RGB")
    np.testing.assert_array_equal(pixels, np.asarray(upright).transpose(2, 0, 1))


def test_exif_that_says_nothing_changes_nothing(tmp_path) -> None:
    picture(3).save(good(tmp_path) / "cat" / "plain.jpg")
    plain = decode(tmp_path / "cat" / "plain.jpg", size=(12, 10), mode="RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    number = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"
    assert number in exif.tobytes()
    for stored in (b"\x00\x63", b"\x00\x00"):
        odd = exif.tobytes().replace(number, number[:-2] + stored)
        write(tmp_path / "cat", "plain.jpg", picture(3), exif=odd)
        data = open_data(tmp_path)
        assert not data.report.repaired
        np.testing.assert_array_equal(data.inputs[4], plain)
    text = exif.tobytes().replace(number, number[:3] + b"\x02" + number[4:])
    for broken in (text, b"Exif\0\0MM\0*\0\0", b"Exif\0\0nonsense"):
        write(tmp_path / "cat", "plain.jpg", picture(3), exif=broken)
        data = open_data(tmp_path)
        assert not data.report.repaired
        np.testing.assert_array_equal(data.inputs[4], plain)


def test_sixteen_bits_of_colour_keep_their_high_byte(tmp_path) -> None:
    path = tmp_path / "deep.png"
    path.write_bytes(deep_colour())
    found = decode(path, size=(12, 10), mode="RGB")
    values = np.random.default_rng(68).integers(0, 65536, (12, 10, 3))
    np.testing.assert_array_equal(found, (values // 256).transpose(2, 0, 1))


def test_names_that_are_no_text_are_written_out(tmp_path) -> None:
    data = open_data(bytes_that_are_no_text(tmp_path))
    assert data.classes == (r"\xff\xfe", "cat", "dog")
    assert data.files[-2] == r"\xff\xfe/\xe984.png"
    json.dumps(
        [data.files.tolist(), data.report.to_dict()], ensure_ascii=False
    ).encode()


def test_clear_pixels_become_white(tmp_path) -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, :, 3] = 255
    path = write(tmp_path, "a.png", Image.fromarray(pixels))
    made = decode(path, size=(2, 2), mode="L")
    assert made.tolist() == [[[0, 0], [255, 255]]]


def test_sixteen_bits_become_eight(tmp_path) -> None:
    deep = np.array([[0, 128, 257, 32896, 65407, 65535]], np.uint16)
    path = write(tmp_path, "a.png", Image.fromarray(deep))
    made = decode(path, size=(1, 6), mode="L")
    assert made.tolist() == [[[0, 0, 1, 128, 255, 255]]]


@pytest.mark.parametrize(
    ("shape", "resize"), [((20, 30), None), ((5, 50), 12), ((7, 7), 9)]
)
def test_any_size_is_brought_to_the_one_asked_for(shape, resize, tmp_path) -> None:
    flat = Image.fromarray(np.full((*shape, 3), 77, np.uint8))
    path = write(tmp_path, "a.png", flat)
    made = decode(path, size=(8, 6), mode="RGB", resize=resize)
    assert made.shape == (3, 8, 6)
    assert np.unique(made).tolist() == [77]


def test_the_centre_is_kept(tmp_path) -> None:
    pixels = np.zeros((4, 10), np.uint8)
    pixels[:, 3:7] = 200
    path = write(tmp_path, "a.png", Image.fromarray(pixels))
    assert decode(path, size=(4, 4), mode="L").min() == 200


def test_an_image_that_breaks_later_is_named(tmp_path) -> None:
    path = write(tmp_path, "a.png", picture(0))
    rows = ImageRows((path,), (12, 10), "RGB")
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(DataError, match=r"a\.png"):
        rows[0:1]


@pytest.mark.parametrize("label", ["", "cat"])
def test_a_folder_without_images_is_refused(label: str, tmp_path) -> None:
    (tmp_path / label).mkdir(exist_ok=True)
    with pytest.raises(DataError, match="got none"):
        open_data(tmp_path)


def idx(path, content: bytes, packed: bool):
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


IDX = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(12))


@pytest.mark.parametrize("packed", [False, True])
def test_idx_images_find_their_labels(packed: bool, tmp_path) -> None:
    suffix = ".gz" if packed else ""
    head = IDX[: -2 * 6]
    for name, content in (("train", IDX), ("t10k", head + bytes(range(20, 32)))):
        idx(tmp_path / f"{name}-images-idx3-ubyte{suffix}", content, packed)
        labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 1, 0])
        idx(tmp_path / f"{name}-labels-idx1-ubyte{suffix}", labels, packed)
    data = open_data(tmp_path)
    assert data.inputs.shape == (4, 1, 2, 3)
    assert data.parts.tolist() == ["test", "test", "train", "train"]
    one = open_data(tmp_path / f"train-images-idx3-ubyte{suffix}")
    assert one.inputs[1].ravel().tolist() == list(range(6, 12))
    assert one.labels.tolist() == [1, 0]


def test_idx_reads_other_types(tmp_path) -> None:
    raw = bytes([0, 0, 13, 1, 0, 0, 0, 2]) + np.array([1.5, -2], ">f4").tobytes()
    assert read_idx(idx(tmp_path / "a.idx", raw, packed=True)).tolist() == [1.5, -2]


DAMAGED = {
    "empty": b"",
    "other header": b"PNG!",
    "a byte short": IDX[:-1],
    "a byte long": IDX + b"x",
    "half a header": IDX[:9],
    "half a gzip": gzip.compress(IDX, mtime=0)[:-9],
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_idx_file_is_refused(content: bytes, tmp_path) -> None:
    with pytest.raises(FormatError, match=r"a\.idx"):
        read_idx(idx(tmp_path / "a.idx", content, packed=False))


@pytest.mark.parametrize(
    "labels", [None, bytes([0, 0, 8, 1, 0, 0, 0, 1, 1])], ids=["none", "one for two"]
)
def test_images_without_their_labels_are_refused(labels, tmp_path) -> None:
    path = idx(tmp_path / "train-images-idx3-ubyte", IDX, packed=False)
    if labels is not None:
        (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    with pytest.raises(FormatError, match="labels"):
        open_data(path)
