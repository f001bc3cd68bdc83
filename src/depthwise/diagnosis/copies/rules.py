"""How operators carry copies of channels on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.copies.form import Form, Kinds
from depthwise.diagnosis.links import Link, tie_of, width_of
from depthwise.graph import Call
from depthwise.graph.operators.convolution import conv_windows

Array: TypeAlias = NDArray[Any]
Forms: TypeAlias = Sequence[Form | None]
Rule: TypeAlias = Callable[[Call, Forms, Kinds], "Form | None"]


def _conv(call: Call, forms: Forms, kinds: Kinds) -> Form | None:
    """Compare filters after what they read has been put together by kind."""
    weight, form = call.constant(1), forms[0]
    if weight is None or form is None:
        return None
    filters = np.asarray(weight, np.float64).reshape(*weight.shape[:2], -1)
    padded = any(window.begin > 0 or window.end > 0 for window in conv_windows(call))
    keys, taps, extra = _filters(filters, form, call.integer("group"))
    if padded:
        # Zeros stand at the border, where the offset is not.
        rows = np.concatenate([taps.reshape(len(taps), -1), extra], axis=1)
        return _with_bias(call, kinds.matched(keys, rows, scaled=True))
    made = kinds.matched(keys, taps.reshape(len(taps), -1), scaled=True)
    shifted = made.affine(np.ones(1), extra.sum(axis=1))
    return _with_bias(call, shifted)


def _filters(filters: Array, form: Form, group: int) -> tuple[Array, Array, Array]:
    """Give keys ``[K, a]``, weights of kinds and weights of offsets ``[K, T]``."""
    if group == 1:
        kinds, place = np.unique(form.kind, return_inverse=True)
        by_kind = np.zeros((len(kinds), len(filters), filters.shape[2]))
        np.add.at(by_kind, place, (filters * form.scale[:, None]).swapaxes(0, 1))
        taps = by_kind.swapaxes(0, 1)
        extra = np.einsum("kct,c->kt", filters, form.offset)
        return np.zeros((len(filters), 1), int), taps, extra
    each, width = len(filters) // group, filters.shape[1]
    read = np.arange(group * width).reshape(group, width).repeat(each, axis=0)
    taps = filters * form.scale[read][..., None]
    extra = np.einsum("kct,kc->kt", filters, form.offset[read])
    return form.kind[read], taps, extra


def _with_bias(call: Call, form: Form) -> Form | None:
    bias = call.constant(2) if call.has(2) else np.zeros(1)
    if bias is None:
        return None
    return form.affine(np.ones(1), np.asarray(bias, np.float64).ravel())


def _matrix(call: Call, forms: Forms, kinds: Kinds) -> Form | None:
    weight, form = call.constant(1), forms[0]
    if weight is None or form is None or tie_of(call, 0).link is not Link.MIXED:
        return None
    plain = call.operator.name == "Gemm"
    if plain and (call.real("alpha") != 1 or call.real("beta") != 1):
        return None
    turned = plain and call.flag("transB")
    filters = np.asarray(weight if turned else weight.T, np.float64)[..., None]
    keys, taps, extra = _filters(filters, form, 1)
    made = kinds.matched(keys, taps.reshape(len(taps), -1), scaled=True)
    return _with_bias(call, made.affine(np.ones(1), extra.sum(axis=1)))


def _norm(call: Call, forms: Forms, _kinds: Kinds) -> Form | None:
    arrays = [call.constant(place) for place in range(1, 5)]
    if forms[0] is None or any(array is None for array in arrays):
        return None
    gain, bias, mean, variance = (np.asarray(a, np.float64) for a in arrays)
    gain = gain / np.sqrt(variance + call.real("epsilon"))
    return forms[0].affine(gain, bias - mean * gain)


def _alike(_call: Call, forms: Forms, kinds: Kinds) -> Form | None:
    """Apply one function to every channel: what is equal stays equal."""
    if forms[0] is None:
        return None
    rows = np.stack([forms[0].scale, forms[0].offset], axis=1)
    return kinds.matched(forms[0].kind[:, None], rows, scaled=False)


def _bent(_call: Call, forms: Forms, kinds: Kinds) -> Form | None:
    """Bend at zero: factors above zero go through, and so do offsets in proportion."""
    if forms[0] is None:
        return None
    rows = np.stack([forms[0].scale, forms[0].offset], axis=1)
    keys = np.stack([forms[0].kind, np.sign(forms[0].scale).astype(int)], axis=1)
    made = kinds.matched(keys, rows, scaled=True)
    kind = np.where(made.scale < 0, kinds.fresh(len(rows)).kind, made.kind)
    return Form(kind, np.where(made.scale < 0, 1, made.scale), made.offset)


def _linear(_call: Call, forms: Forms, _kinds: Kinds) -> Form | None:
    return forms[0]


def _added(call: Call, forms: Forms, kinds: Kinds) -> Form | None:
    width = width_of(call.outputs[0].shape)
    one, two = _operands(call, forms, width)
    if isinstance(one, Form) and isinstance(two, Form):
        keys = np.stack([one.kind, two.kind], axis=1)
        rows = np.stack([one.scale, two.scale], axis=1)
        made = kinds.matched(keys, rows, scaled=True)
        return made.affine(np.ones(1), one.offset + two.offset)
    form, number = (one, two) if isinstance(one, Form) else (two, one)
    if not isinstance(form, Form) or number is None or isinstance(number, Form):
        return None
    return form.affine(np.ones(1), number)


def _multiplied(call: Call, forms: Forms, kinds: Kinds) -> Form | None:
    width = width_of(call.outputs[0].shape)
    one, two = _operands(call, forms, width)
    if isinstance(one, Form) and isinstance(two, Form):
        keys = np.stack([one.kind, two.kind], axis=1)
        parts = (one.scale, one.offset, two.scale, two.offset)
        ratios = np.stack([parts[0] * parts[2], *_outer(parts)], axis=1)
        return kinds.matched(keys, ratios, scaled=True)
    form, number = (one, two) if isinstance(one, Form) else (two, one)
    if not isinstance(form, Form) or number is None or isinstance(number, Form):
        return None
    return form.affine(number, np.zeros(1))


def _outer(parts: tuple[Array, Array, Array, Array]) -> list[Array]:
    first, shift, second, other = parts
    return [first * other, shift * second, shift * other]


def _operands(call: Call, forms: Forms, width: int) -> list[Form | Array | None]:
    found: list[Form | Array | None] = []
    for place, form in enumerate(forms[:2]):
        array = call.constants[place]
        if array is not None:
            found.append(_by_channel(np.asarray(array), call.outputs[0].rank, width))
        else:
            fits = form is not None and len(form.kind) == width
            found.append(form if fits else None)
    return found


def _by_channel(array: Array, rank: int, width: int) -> Array | None:
    """Read a constant as one number a channel, if that is what it is."""
    shape = (1,) * (rank - array.ndim) + array.shape
    if len(shape) < 2 or array.size not in {1, width} or array.size != shape[1]:
        return None
    return np.asarray(array, np.float64).ravel()


def _concat(call: Call, forms: Forms, _kinds: Kinds) -> Form | None:
    if tie_of(call, 0).link is not Link.PLACED:
        return None
    known = [form for form in forms if form is not None]
    if len(known) < len(forms):
        return None
    fields = zip(*((f.kind, f.scale, f.offset) for f in known), strict=True)
    return Form(*(np.concatenate(parts) for parts in fields))


_AFFINE = (
    *("Identity", "Dropout", "GlobalAveragePool", "ReduceMean"),
    *("Flatten", "Reshape", "Squeeze"),
)
_SAME_FOR_ALL = (
    *("Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "Gelu", "Elu", "Celu"),
    *("Selu", "Softplus", "Softsign", "Mish", "Exp", "Sqrt", "Abs", "Erf", "MaxPool"),
    *("AveragePool", "GlobalMaxPool", "Resize", "ReduceMax"),
    *("Pad", "Slice"),
)
RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_AFFINE, _linear),
    **dict.fromkeys(_SAME_FOR_ALL, _alike),
    **dict.fromkeys(("Relu", "LeakyRelu"), _bent),
    **dict.fromkeys(("Gemm", "MatMul"), _matrix),
    "Conv": _conv,
    "BatchNormalization": _norm,
    "Add": _added,
    "Mul": _multiplied,
    "Concat": _concat,
}
"""What is not here makes channels of which nothing is known."""
