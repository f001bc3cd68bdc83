"""Other runtimes, one small file each, with the same four functions.

``version()``, ``open_session(path, threads)``, ``run(session, inputs)``, and
``prepare(session, inputs)``: the quickest call there is, on inputs that are in place.
"""

from __future__ import annotations

from typing import Any

from depthwise.errors import UnknownNameError
from depthwise.measure.peers import litert, ncnn_runtime, onnx_runtime, openvino

PEERS: dict[str, Any] = {
    "onnxruntime": onnx_runtime,
    "openvino": openvino,
    "litert": litert,
    "ncnn": ncnn_runtime,
}
"""Runtimes by the word that selects them."""


def peer(name: str) -> Any:
    """Look a runtime up.

    Args:
        name: One of ``PEERS``.

    Returns:
        The module.

    Raises:
        UnknownNameError: If there is no such runtime.

    Example:
        >>> peer("onnxruntime").version().split(".")[0]
        '1'
    """
    if name not in PEERS:
        raise UnknownNameError.of("runtime", name, PEERS)
    return PEERS[name]
