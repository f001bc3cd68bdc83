"""Readers, windows, splits and preprocessing; NumPy and Pillow only."""

from depthwise.data.array_folder import write_array_folder
from depthwise.data.columns import Columns
from depthwise.data.cross_validation import folds
from depthwise.data.dataset import Dataset, Inputs
from depthwise.data.description import describe
from depthwise.data.leaks import find_leaks
from depthwise.data.live import live_windows
from depthwise.data.open import open_data
from depthwise.data.preprocess import Preprocessing
from depthwise.data.rules import ReadReport
from depthwise.data.sheet import write_sheet
from depthwise.data.splits import Split, split, split_by_group
from depthwise.data.unlabelled import open_inputs

__all__ = [
    "Columns",
    "Dataset",
    "Inputs",
    "Preprocessing",
    "ReadReport",
    "Split",
    "describe",
    "find_leaks",
    "folds",
    "live_windows",
    "open_data",
    "open_inputs",
    "split",
    "split_by_group",
    "write_array_folder",
    "write_sheet",
]
