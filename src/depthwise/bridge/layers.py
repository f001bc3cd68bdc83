"""Which layer of torch.nn a node is, and which of its operands the layer holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from depthwise.bridge.operators.padding import torch_pads
from depthwise.graph import Batch, Call
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.transposed import scatters_of
from depthwise.graph.shapes import concrete

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class Layer:
    """A layer of torch.nn that can stand for a node.

    Args:
        kind: Its class.
        settings: Arguments of the class.
        tensors: Names within the layer to positions of the node's operands.
        pads: Padding to apply to the input first, in torch's order.
    """

    kind: Callable[..., nn.Module]
    settings: Mapping[str, Any]
    tensors: Mapping[str, int]
    pads: tuple[int, ...] = ()

    def build(self, dtype: torch.dtype) -> nn.Module:
        """Make the layer, its tensors not yet filled.

        Args:
            dtype: Element type of its tensors.

        Returns:
            The layer.
        """
        if not self.tensors:
            return self.kind(**self.settings)
        skip_init: Callable[..., nn.Module] = nn.utils.skip_init
        return skip_init(self.kind, **self.settings, dtype=dtype)


def layer_of(call: Call) -> Layer | None:
    """Find the layer of torch.nn that does what a node does.

    Args:
        call: Any call.

    Returns:
        The layer; None where none does, or where its weights are computed.
    """
    rule = _RULES.get(call.node.op)
    others = (size for kind in call.inputs[1:] if kind for size in kind.shape)
    if any(isinstance(size, Batch) for size in others):
        return None
    layer = rule(call) if rule else None
    if layer is None:
        return None
    held = [call.constant(index) for index in layer.tensors.values()]
    return None if any(array is None for array in held) else layer


def _with_bias(call: Call, *, bias: int = 2) -> dict[str, int]:
    return {"weight": 1, "bias": bias} if call.has(bias) else {"weight": 1}


def _conv(call: Call) -> Layer | None:
    windows = conv_windows(call)
    if len(windows) > 3:
        return None
    outputs, inputs, *taps = concrete(call.shape(1))
    group = call.integer("group")
    begins = tuple(w.begin for w in windows)
    pads: tuple[int, ...] = ()
    if begins != tuple(w.end for w in windows) or min(begins) < 0:
        pads = torch_pads([(w.begin, w.end) for w in windows])
        begins = (0,) * len(windows)
    settings = {
        "in_channels": inputs * group,
        "out_channels": outputs,
        "kernel_size": tuple(taps),
        "stride": tuple(w.stride for w in windows),
        "padding": begins,
        "dilation": tuple(w.dilation for w in windows),
        "groups": group,
        "bias": call.has(2),
    }
    return Layer(_CONVOLUTIONS[len(windows) - 1], settings, _with_bias(call), pads)


def _conv_transpose(call: Call) -> Layer | None:
    scatters = scatters_of(call)
    windows = [s.window for s in scatters]
    inputs, outputs, *taps = concrete(call.shape(1))
    group = call.integer("group")
    plain = [w.stride * (w.size - 1) + w.reach - 2 * w.begin for w in windows]
    extra = tuple(s.outputs - size for s, size in zip(scatters, plain, strict=True))
    fits = [
        w.begin >= 0 and 0 <= more < max(w.stride, w.dilation)
        for more, w in zip(extra, windows, strict=True)
    ]
    if not all(fits) or len(windows) > 3:
        return None
    settings = {
        "in_channels": inputs,
        "out_channels": outputs * group,
        "kernel_size": tuple(taps),
        "stride": tuple(w.stride for w in windows),
        "padding": tuple(w.begin for w in windows),
        "output_padding": extra,
        "dilation": tuple(w.dilation for w in windows),
        "groups": group,
        "bias": call.has(2),
    }
    return Layer(_TRANSPOSED[len(windows) - 1], settings, _with_bias(call))


def _linear(call: Call) -> Layer | None:
    plain = call.real("alpha") == call.real("beta") == 1
    turned = call.flag("transB") and not call.flag("transA")
    if not plain or not turned or (call.has(2) and len(call.shape(2)) != 1):
        return None
    outputs, inputs = concrete(call.shape(1))
    settings = {"in_features": inputs, "out_features": outputs, "bias": call.has(2)}
    return Layer(nn.Linear, settings, _with_bias(call))


def _batch_norm(call: Call) -> Layer | None:
    rank = call.type(0).rank
    if not 2 <= rank <= 5:
        return None
    (channels,) = concrete(call.shape(1))
    settings = {
        "num_features": channels,
        "eps": call.real("epsilon"),
        "momentum": round(1 - call.real("momentum"), 12),
    }
    tensors = {"weight": 1, "bias": 2, "running_mean": 3, "running_var": 4}
    return Layer(_BATCH_NORMS[rank - 2], settings, tensors)


def _group_norm(call: Call) -> Layer | None:
    (channels,) = concrete(call.shape(1))
    settings = {
        "num_groups": call.integer("num_groups"),
        "num_channels": channels,
        "eps": call.real("epsilon"),
    }
    return Layer(nn.GroupNorm, settings, {"weight": 1, "bias": 2})


def _layer_norm(call: Call) -> Layer | None:
    rank = call.type(0).rank
    whole = call.shape()[call.integer("axis") % rank :]
    covers = call.shape(1) == whole and call.has(2) and call.shape(2) == whole
    if not covers or len(call.node.outputs) > 1:
        return None
    settings = {"normalized_shape": whole, "eps": call.real("epsilon")}
    return Layer(nn.LayerNorm, settings, {"weight": 1, "bias": 2})


def _dropout(call: Call) -> Layer | None:
    if len(call.node.outputs) > 1:
        return None
    ratio = call.constant(1) if call.has(1) else None
    if call.has(1) and ratio is None:
        return None
    share = 0.5 if ratio is None else float(ratio.reshape(-1)[0])
    return Layer(nn.Dropout, {"p": round(share, 7)}, {})


_RULES: dict[str, Callable[[Call], Layer | None]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _linear,
    "BatchNormalization": _batch_norm,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "Dropout": _dropout,
}
