"""Spectra of real signals; a complex number is a last axis of two real ones.

A short-time Fourier transform is a strided convolution whose kernels are cosines and
sines under a window, and a transform of a whole axis is a product with their matrix.
"""

from __future__ import annotations

import numpy as np

from depthwise.bridge.aten import movement, selection
from depthwise.bridge.aten.call import AtenCall, Handler, positive
from depthwise.bridge.tape import Array
from depthwise.graph import Shape


def _waves(size: int, *, half: bool) -> Array:
    """Make cosines and negative sines: ``[2, frequencies, size]``, in float64."""
    count = size // 2 + 1 if half else size
    # Whole turns are taken off before the product is scaled: exact for any size.
    turns = np.outer(np.arange(count), np.arange(size)) % size / size
    return np.stack([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)])


def _short_time(call: AtenCall) -> str:
    """Slide windowed waves over a signal."""
    size = call.integer("n_fft")
    given = call.plain("hop_length"), call.plain("onesided")
    hop = size // 4 if given[0] is None else call.integer("hop_length")
    waves = _waves(size, half=given[1] is None or bool(given[1]))
    if call.plain("normalized"):
        waves = waves / np.sqrt(size)
    count = waves.shape[1]
    kernels = waves.reshape(2 * count, 1, size).astype(_real_type(call))
    weight = _windowed(call, call.array(kernels), size)
    is_row = len(call.shape()) == 1
    where = call.vector(0, 1) if is_row else call.vector(1)
    signal = call.emit("Unsqueeze", [call.tensor(), where])
    found = call.emit("Conv", [signal, weight], {"strides": (hop,)})
    frames = call.result_shape[-1]
    batch: Shape = (1,) if is_row else call.shape()[:1]
    found = call.reshape(found, (*batch, 2, count, frames))
    found = call.emit("Transpose", [found], {"perm": (0, 2, 3, 1)})
    return call.emit("Squeeze", [found, call.vector(0)]) if is_row else found


def _windowed(call: AtenCall, kernels: str, size: int) -> str:
    """Weigh kernels by the window, which lies in the middle of them."""
    window = call.tensor("window")
    given = call.plain("win_length")
    width = size if given is None else call.integer("win_length")
    if not window:
        window = call.array(np.ones(width, _real_type(call)))
    left = (size - width) // 2
    if width < size:
        ends = call.vector(left, size - width - left)
        window = call.emit("Pad", [window, ends])
    return call.emit("Mul", [kernels, window])


def _whole(call: AtenCall) -> str:
    """Transform a whole axis, cut or filled up with zeros to n elements."""
    rank = len(call.shape())
    axis = positive(call.integer("dim"), rank)
    have = call.size(axis)
    size = have if call.plain("n") is None else call.integer("n")
    scale = {None: 1.0, "backward": 1.0, "forward": 1 / size, "ortho": size**-0.5}
    waves = _waves(size, half=call.op == "fft_rfft") * scale[call.plain("norm")]
    used = min(have, size)
    matrix = waves[:, :, :used].transpose(2, 1, 0).reshape(used, -1)
    value = call.tensor()
    if used < have:
        bounds = [call.vector(v) for v in (0, used, axis)]
        value = call.emit("Slice", [value, *bounds])
    rest = [one for one in range(rank) if one != axis]
    value = call.emit("Transpose", [value], {"perm": (*rest, axis)})
    product = [value, call.array(matrix.astype(_real_type(call)))]
    found = call.emit("MatMul", product)
    outer = (call.shape()[one] for one in rest)
    found = call.reshape(found, (*outer, waves.shape[1], 2))
    back = (*range(axis), rank - 1, *range(axis, rank - 1), rank)
    return call.emit("Transpose", [found], {"perm": back})


def _real_type(call: AtenCall) -> str:
    return str(call.fake().dtype).removeprefix("torch.")


def _part(index: int) -> Handler:
    def handler(call: AtenCall) -> str:
        axis = len(call.shape())
        return call.emit("Gather", [call.tensor(), call.scalar(index)], {"axis": axis})

    return handler


def _size(call: AtenCall) -> str:
    return call.emit("ReduceL2", [call.tensor(), call.vector(-1)], {"keepdims": 0})


def _same(call: AtenCall) -> str:
    return call.tensor()


def _reshape(call: AtenCall) -> str:
    return call.reshape(call.tensor(), (*call.result_shape, 2))


def _permute(call: AtenCall) -> str:
    order = (*movement.order_of(call), len(call.shape()))
    return call.emit("Transpose", [call.tensor()], {"perm": order})


HANDLERS: dict[str, Handler] = {
    "stft": _short_time,
    "fft_rfft": _whole,
    "fft_fft": _whole,
    "abs": _size,
    "real": _part(0),
    "imag": _part(1),
    **dict.fromkeys(movement.RESHAPES, _reshape),
    **dict.fromkeys(movement.PERMUTES, _permute),
    **{name: selection.HANDLERS[name] for name in ("slice", "select", "narrow")},
    **dict.fromkeys(("view_as_real", "view_as_complex"), _same),
    **dict.fromkeys(("clone", "contiguous", "detach", "alias", "resolve_conj"), _same),
}
"""Operators that take or give complex numbers."""
