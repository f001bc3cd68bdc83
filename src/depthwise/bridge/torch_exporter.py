"""torch's own ONNX exporter, for what the tables of operators here do not spell."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn
from torch.export import ExportedProgram

from depthwise.bridge.examples import Example, arguments_of
from depthwise.bridge.exporting import export_any_batch, export_fixed_batch, silence
from depthwise.errors import GraphError, MissingDependencyError
from depthwise.graph import OPSET

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def export_onnx(module: nn.Module, example_or_shape: Example, path: Path) -> None:
    """Write a module as an ONNX file with torch's own exporter.

    It takes several times as long as ``trace``, and knows more operators: whoever
    reads the file back gets a Graph of a module that ``trace`` refuses.

    Args:
        module: Any module; it is left as it is.
        example_or_shape: As for ``trace``.
        path: The file to write.

    Raises:
        GraphError: If torch cannot export the module.
        MissingDependencyError: If onnxscript is not installed.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "net.onnx"
        >>> export_onnx(nn.Linear(4, 2), (1, 4), path)
        >>> path.stat().st_size > 100
        True
    """
    if importlib.util.find_spec("onnxscript") is None:
        msg = "torch's ONNX exporter needs the package onnxscript; it is not installed"
        raise MissingDependencyError(msg, "pip install onnxscript")
    arguments = arguments_of(module, example_or_shape)
    try:
        program = export_any_batch(module, arguments, lambda: None)
    except GraphError:
        program = export_fixed_batch(module, arguments, lambda: None)
    try:
        with _quiet():
            _write(program, path)
    except Exception as error:
        first = _COLOUR.sub("", str(error)).strip().split("\n", 1)[0]
        raise GraphError(f"torch's ONNX exporter must succeed; got {first}") from error


def _write(program: ExportedProgram, path: Path) -> None:
    result = torch.onnx.export(program, dynamo=True, opset_version=OPSET, verbose=False)
    if result is not None:
        result.save(str(path))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.CRITICAL)
    aside = contextlib.redirect_stderr(io.StringIO())
    try:
        with silence(), aside, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
