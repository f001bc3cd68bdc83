"""Older operators in the form of the one opset that a graph has.

A row says: before this opset, an operator is converted so. The table covers every
operator of the table of operators that changed between the oldest opset and today's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from depthwise.formats.build import Build
from depthwise.formats.draft import Draft
from depthwise.formats.versions.changed import (
    batch_norm,
    group_norm,
    reduction_without_axes,
    resize,
    resize_10,
    softmax,
    upsample_7,
)
from depthwise.formats.versions.moved import (
    Convert,
    axes_to_input,
    clip,
    dropout,
    equal_parts,
    integers_to_inputs,
    pad,
    split,
)
from depthwise.formats.versions.oldest import (
    aligned,
    batch_norm_6,
    dropout_6,
    per_channel,
    without_phase,
)

_REDUCTIONS = (
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSumSquare",
)
_ALWAYS = 23

CONVERSIONS: Mapping[str, tuple[tuple[int, Convert], ...]] = MappingProxyType(
    {
        "Add": ((7, aligned),),
        "BatchNormalization": ((7, batch_norm_6), (14, batch_norm)),
        "Clip": ((11, clip),),
        "Div": ((7, aligned),),
        "Dropout": ((7, dropout_6), (12, dropout)),
        "Gemm": ((7, without_phase),),
        "GroupNormalization": ((21, group_norm),),
        "Hardmax": ((13, softmax),),
        "LogSoftmax": ((13, softmax),),
        "Mul": ((7, aligned),),
        "PRelu": ((7, per_channel),),
        "Pad": ((11, pad),),
        "Pow": ((7, aligned),),
        "ReduceSum": ((13, axes_to_input), (_ALWAYS, reduction_without_axes)),
        "Resize": ((11, resize_10), (_ALWAYS, resize)),
        "Slice": ((10, integers_to_inputs("starts", "ends", "axes")),),
        "Softmax": ((13, softmax),),
        "Split": ((13, split), (18, equal_parts)),
        "Squeeze": ((13, integers_to_inputs("axes")),),
        "Sub": ((7, aligned),),
        "Unsqueeze": ((13, integers_to_inputs("axes")),),
        "Upsample": ((9, upsample_7), (_ALWAYS, resize_10)),
    }
    | dict.fromkeys(
        _REDUCTIONS, ((18, axes_to_input), (_ALWAYS, reduction_without_axes))
    ),
)
"""Operator -> (opset, conversion) rows: the first whose opset is newer applies."""


def convert(draft: Draft, opset: int, build: Build) -> list[Draft]:
    """Bring one node into today's form.

    Args:
        draft: A node of the file.
        opset: The file's version of the operators.
        build: What is known so far; new constants are added to it.

    Returns:
        One node or several that define the same outputs.

    Raises:
        FormatError: If the node breaks the rules of its own version.
        UnsupportedOperatorError: If it has no form today.
    """
    for newer, conversion in CONVERSIONS.get(draft.op, ()):
        if opset < newer:
            return conversion(draft, build)
    return [draft]
