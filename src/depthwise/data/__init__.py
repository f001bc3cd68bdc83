"""Readers, windows, splits and preprocessing; NumPy and Pillow only."""

from depthwise.data.cross_validation import folds
from depthwise.data.dataset import Dataset, Inputs
from depthwise.data.open import open_data
from depthwise.data.preprocess import Preprocessing
from depthwise.data.rules import ReadReport
from depthwise.data.splits import Split, split, split_by_group

__all__ = [
    "Dataset",
    "Inputs",
    "Preprocessing",
    "ReadReport",
    "Split",
    "folds",
    "open_data",
    "split",
    "split_by_group",
]
