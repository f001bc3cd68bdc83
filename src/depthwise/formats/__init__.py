"""Graphs in files: ONNX and model folders."""

from depthwise.formats.folder import ModelFolder, load_folder, save_folder
from depthwise.formats.onnx_file import load_known, load_onnx
from depthwise.formats.unknown import UnknownNode
from depthwise.formats.write import save_onnx

__all__ = [
    "ModelFolder",
    "UnknownNode",
    "load_folder",
    "load_known",
    "load_onnx",
    "save_folder",
    "save_onnx",
]
