"""Weights that other libraries published, under our names.

    ours                     timm                  torchvision    Lite0 package
    stem.conv  .norm         conv_stem  bn1        features.0.*   _conv_stem  _bn0
    expand.conv  .norm       conv_pw  bn1          0.0  0.1       _expand_conv  _bn0
    depthwise  _norm         conv_dw  bn2 (1)      i.0  i.1       _depthwise_conv  _bn1
    between.reduce .expand   se.conv_reduce ...    i.fc1  i.fc2
    pointwise  _norm         conv_pwl  bn3 (2)     i ...          _project_conv  _bn2
    head.conv  .norm         conv_head  bn2 (3)    features.-1.*  _conv_head  _bn1
    classifier               classifier            classifier.-1  _fc

(1) bn1 and (2) conv_pw, bn2 in blocks that expand nothing; (3) in V3 the last block,
where conv_head is the hidden linear layer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from torch import nn

from depthwise.errors import FormatError, UnknownNameError
from depthwise.nn.blocks import Residual, SqueezeExcite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from depthwise.nn.network import Network

Names = dict[str, str]
EXPAND: Final = ("expand.conv", "expand.norm")
DEPTHWISE: Final = ("unit.depthwise", "unit.depthwise_norm")
EXCITE: Final = ("unit.between.reduce", "unit.between.expand")
POINTWISE: Final = ("unit.pointwise", "unit.pointwise_norm")


@dataclass(frozen=True)
class Kind:
    """What one of our blocks has inside.

    Args:
        expands: Whether it expands its channels first.
        squeezes: Whether it has squeeze-excite.
    """

    expands: bool
    squeezes: bool


def timm_block(kind: Kind) -> Names:
    """Name the layers of a block as timm does.

    Args:
        kind: What the block has inside.

    Returns:
        Our names by theirs.

    Example:
        >>> timm_block(Kind(expands=False, squeezes=False))["bn1"]
        'unit.depthwise_norm'
    """
    excite = dict(zip(("se.conv_reduce", "se.conv_expand"), EXCITE, strict=True))
    theirs: tuple[str, ...]
    ours: tuple[str, ...]
    if kind.expands:
        theirs = ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3")
        ours = (*EXPAND, *DEPTHWISE, *POINTWISE)
    else:
        theirs = ("conv_dw", "bn1", "conv_pw", "bn2")
        ours = (*DEPTHWISE, *POINTWISE)
    return {**dict(zip(theirs, ours, strict=True)), **excite}


def torchvision_block(kind: Kind) -> Names:
    """Number the layers of a block as torchvision does, V2 and V3 at once.

    Args:
        kind: What the block has inside.

    Returns:
        Our names by theirs; V2 numbers the projection and its norm one by one.

    Example:
        >>> torchvision_block(Kind(expands=True, squeezes=True))["2.fc1"]
        'unit.between.reduce'
    """
    pairs = [EXPAND] * kind.expands + [DEPTHWISE]
    names: Names = {}
    for place, (conv, norm) in enumerate(pairs):
        names |= {f"{place}.0": conv, f"{place}.1": norm}
    last = len(pairs)
    conv, norm = POINTWISE
    if kind.squeezes:
        reduce, expand = EXCITE
        names |= {f"{last}.fc1": reduce, f"{last}.fc2": expand}
        last += 1
    return names | {
        f"{last}.0": conv,
        f"{last}.1": norm,
        f"{last}": conv,
        f"{last + 1}": norm,
    }


def lite_block(kind: Kind) -> Names:
    """Name the layers of a block as efficientnet-lite-pytorch does.

    Args:
        kind: What the block has inside; both kinds have the same names.

    Returns:
        Our names by theirs.

    Example:
        >>> lite_block(Kind(expands=True, squeezes=False))["_project_conv"]
        'unit.pointwise'
    """
    expand = dict(zip(("_expand_conv", "_bn0"), EXPAND, strict=True))
    theirs = ("_depthwise_conv", "_bn1", "_project_conv", "_bn2")
    rest = dict(zip(theirs, (*DEPTHWISE, *POINTWISE), strict=True))
    return {**(expand if kind.expands else {}), **rest}


@dataclass(frozen=True)
class Library:
    """How a library names the weights of a whole network.

    Args:
        block: Pattern of a block's prefix; its groups are the block's numbers.
        layers: Our names by theirs inside a block of a kind.
        whole: Our names by theirs outside blocks; `{last}` is the number after the
            blocks'.
        hidden: The same in networks with a hidden linear layer; these win.
        after: Names inside a block that stands after our last.
    """

    block: str
    layers: Callable[[Kind], Names]
    whole: Names
    hidden: Names
    after: Names


LIBRARIES: Final = {
    "timm": Library(
        r"blocks\.(\d+)\.(\d+)\.",
        timm_block,
        {
            "conv_stem": "stem.conv",
            "bn1": "stem.norm",
            "conv_head": "head.conv",
            "bn2": "head.norm",
            "classifier": "classifier",
        },
        hidden={"conv_head": "pool.2"},
        after={"conv": "head.conv", "bn1": "head.norm"},
    ),
    "torchvision": Library(
        r"features\.(\d+)\.(?:conv|block)\.",
        torchvision_block,
        {
            "features.0.0": "stem.conv",
            "features.0.1": "stem.norm",
            "features.{last}.0": "head.conv",
            "features.{last}.1": "head.norm",
            "classifier.1": "classifier",
        },
        hidden={"classifier.0": "pool.2", "classifier.3": "classifier"},
        after={},
    ),
    "efficientnet-lite-pytorch": Library(
        r"_blocks\.(\d+)\.",
        lite_block,
        {
            "_conv_stem": "stem.conv",
            "_bn0": "stem.norm",
            "_conv_head": "head.conv",
            "_bn1": "head.norm",
            "_fc": "classifier",
        },
        hidden={},
        after={},
    ),
}


def rename_published(
    state: Mapping[str, Tensor], network: Network, *, library: str
) -> dict[str, Tensor]:
    """Give a published state our names; `load_state_dict` then takes it.

    Args:
        state: The library's `state_dict()`, in any order.
        network: The same architecture of ours, with `conv="separable"`.
        library: A key of `LIBRARIES`.

    Returns:
        The same tensors under our names.

    Raises:
        UnknownNameError: If the library is in no table.
        FormatError: If a weight has no place in the network.

    Example:
        >>> import torch
        >>> from depthwise.nn import mobilenet_v1
        >>> state = {"blocks.1.0.bn1.weight": torch.ones(64)}
        >>> state |= {"blocks.0.0.bn1.weight": torch.ones(32)}
        >>> list(rename_published(state, mobilenet_v1(), library="timm"))
        ['stages.1.0.depthwise_norm.weight', 'stages.0.0.depthwise_norm.weight']
    """
    if library not in LIBRARIES:
        raise UnknownNameError.of("library", library, LIBRARIES)
    table = _layer_names(LIBRARIES[library], state, network)
    renamed = {}
    for key, tensor in state.items():
        layer, _, leaf = key.rpartition(".")
        if layer not in table:
            rule = f"a published weight must have a place in {network.config['name']}"
            raise FormatError(f"{rule}; got {key!r}")
        is_linear = table[layer] == "pool.2" and tensor.ndim == 4
        renamed[f"{table[layer]}.{leaf}"] = tensor.flatten(1) if is_linear else tensor
    return renamed


def _layer_names(
    library: Library, state: Mapping[str, Tensor], network: Network
) -> Names:
    ours, theirs = _blocks(network), _prefixes(library, state)
    names: Names = {}
    for place, prefix in enumerate(theirs):
        inside = library.after
        if place < len(ours):
            name, kind, is_bare = ours[place]
            inside = {
                layer: f"{name}.{own.removeprefix('unit.') if is_bare else own}"
                for layer, own in library.layers(kind).items()
            }
        names |= {f"{prefix}{layer}": own for layer, own in inside.items()}
    has_hidden = any(isinstance(part, nn.Linear) for part in network.pool.children())
    whole = library.whole | (library.hidden if has_hidden else {})
    last = len(ours) + 1
    return names | {key.format(last=last): own for key, own in whole.items()}


def _prefixes(library: Library, state: Mapping[str, Tensor]) -> list[str]:
    """Prefixes of their blocks, in the order of their numbers."""
    numbers = {}
    for key in state:
        found = re.match(library.block, key)
        if found:
            numbers[found.group()] = [int(n) for n in found.groups()]
    return sorted(numbers, key=numbers.__getitem__)


def _blocks(network: Network) -> list[tuple[str, Kind, bool]]:
    """Name and kind of each of our blocks, and whether it is a bare unit."""
    found = []
    for s, stage in enumerate(network.stages):
        for b, block in enumerate(stage.children()):
            has_excite = any(isinstance(m, SqueezeExcite) for m in block.modules())
            kind = Kind(hasattr(block, "expand"), has_excite)
            is_bare = not isinstance(block, Residual)
            found.append((f"stages.{s}.{b}", kind, is_bare))
    return found
