"""The one class behind every network: stem, stages, head, classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from torch import Tensor, nn

from depthwise.errors import GeometryError, UsageError
from depthwise.nn.blocks import POOLS
from depthwise.nn.constraints import positive_norm, renorm_
from depthwise.nn.convolve import require_input
from depthwise.nn.geometry import positive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.nn.table import Stages

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class FeatureInfo:
    """One place where features can be taken out.

    Args:
        module: Qualified name of the module that makes them.
        channels: Channels there.
        reduction: Input samples per feature sample along the first axis.

    Example:
        >>> FeatureInfo("stages.1", channels=128, reduction=4).channels
        128
    """

    module: str
    channels: int
    reduction: int


@dataclass(frozen=True)
class Head:
    """What stands between the last stage and the classifier.

    Args:
        num_features: Channels that `forward_features` gives.
        hidden_size: Numbers that the classifier reads.
        pool: From features to those numbers, dropout included.
        conv: Convolution after the last stage, or None.
        max_norm: Largest length of one class's weights, kept by `constrain_`.

    Example:
        >>> head_of(rank=2, channels=1024).hidden_size
        1024
    """

    num_features: int
    hidden_size: int
    pool: nn.Module
    conv: nn.Module | None = None
    max_norm: float | None = None


def head_of(
    rank: int, channels: int, *, conv: nn.Module | None = None, dropout: float = 0.0
) -> Head:
    """Average over all positions, then drop out.

    Args:
        rank: Spatial axes: 1, 2 or 3.
        channels: Channels that are averaged.
        conv: Convolution before, which gives those channels, or None.
        dropout: Share of the averages set to zero in training, 0 to 1.

    Returns:
        The head of most networks.

    Example:
        >>> [type(part).__name__ for part in head_of(1, 64, dropout=0.2).pool]
        ['AdaptiveAvgPool1d', 'Flatten', 'Dropout']
    """
    pool = nn.Sequential(POOLS[rank](1), nn.Flatten(), nn.Dropout(dropout))
    return Head(channels, channels, pool, conv)


@final
class Network(nn.Module):
    """A network of stem, stages, head and classifier.

    Args:
        stem: From the input to the first stage.
        stages: The rows of the table, by resolution.
        head: From the last stage to the classifier.
        num_classes: Scores out; 0 leaves the classifier out.
        input_shape: Default input without the batch: (C, L) or (C, H, W).

    Attributes:
        config: What `create_model(**config)` rebuilds the network from; JSON-able.
        feature_info: One entry a stage.
        out_indices: Stages that forward returns if it returns features, else None.

    Example:
        >>> import torch
        >>> from depthwise.nn import mobilenet_v1
        >>> network = mobilenet_v1(num_classes=10, width_multiplier=0.25)
        >>> network(torch.ones(2, 3, 64, 64)).shape
        torch.Size([2, 10])
        >>> network.num_features, network.input_shape
        (256, (3, 224, 224))
    """

    def __init__(
        self,
        stem: nn.Module,
        stages: Stages,
        head: Head,
        *,
        num_classes: int,
        input_shape: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.config: dict[str, Json] = {}
        self.input_shape = input_shape
        self.feature_info = tuple(
            FeatureInfo(f"stages.{i}", channels, reduction)
            for i, (channels, reduction) in enumerate(
                zip(stages.channels, stages.reductions, strict=True)
            )
        )
        self.out_indices: tuple[int, ...] | None = None
        self.num_features = head.num_features
        self.head_hidden_size = head.hidden_size
        self.max_norm = positive_norm(head.max_norm)
        self.stem = stem
        self.stages = stages.modules
        self.head = head.conv if head.conv is not None else nn.Identity()
        self.pool = head.pool
        self.classifier = _classifier(head.hidden_size, num_classes)

    @property
    def num_classes(self) -> int:
        """Scores that the classifier gives; 0 without one."""
        found = self.classifier
        return found.out_features if isinstance(found, nn.Linear) else 0

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        """Score a batch x [N, *input_shape]: [N, num_classes]; or give features."""
        if self.out_indices is not None:
            return self.forward_intermediates(x, self.out_indices)
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Lead a batch x to the features before pooling [N, num_features, ...]."""
        require_input(x, len(self.input_shape) - 1, self.input_shape[0])
        features: Tensor = self.head(self.stages(self.stem(x)))
        return features

    def forward_head(self, x: Tensor, *, pre_logits: bool = False) -> Tensor:
        """Pool features x, and score them unless pre_logits."""
        pooled: Tensor = self.pool(x)
        if pooled.shape[1] != self.head_hidden_size:
            rule = f"features must pool to {self.head_hidden_size} numbers a sample"
            hint = f"the network was built for inputs of {self.input_shape}"
            raise GeometryError(f"{rule}; got {pooled.shape[1]}", hint)
        return pooled if pre_logits else self.classifier(pooled)

    def forward_intermediates(
        self, x: Tensor, out_indices: Sequence[int]
    ) -> list[Tensor]:
        """Lead a batch x to the outputs of the stages out_indices, in their order."""
        require_input(x, len(self.input_shape) - 1, self.input_shape[0])
        x, found = self.stem(x), []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in out_indices:
                found.append(x)
        return found

    def get_classifier(self) -> nn.Module:
        """Give the last linear layer, or Identity if there is none."""
        return self.classifier

    def reset_classifier(self, num_classes: int) -> None:
        """Put a new classifier for num_classes in; 0 leaves it out."""
        if self.out_indices is not None:
            rule = "a features-only network has no classifier to reset"
            raise UsageError(f"{rule}; got num_classes={num_classes}")
        new = _classifier(self.head_hidden_size, num_classes)
        weight = next(self.parameters())
        self.classifier = new.to(weight.device, weight.dtype)
        self.config = {**self.config, "num_classes": num_classes}

    def keep_features(self, out_indices: Sequence[int] | None = None) -> None:
        """Drop the head; forward returns the stages out_indices (None: all) instead."""
        count = len(self.feature_info)
        chosen = tuple(range(count) if out_indices is None else out_indices)
        kept = tuple(sorted({i + count if i < 0 else i for i in chosen}))
        if not kept or kept[0] < 0 or kept[-1] >= count:
            rule = f"out_indices must name stages from 0 to {count - 1}"
            raise GeometryError(f"{rule}; got {chosen}")
        self.out_indices = kept
        self.feature_info = tuple(self.feature_info[i] for i in kept)
        self.stages = nn.Sequential(*list(self.stages)[: kept[-1] + 1])
        self.head, self.pool = nn.Identity(), nn.Identity()
        self.classifier = nn.Identity()
        record: dict[str, Json] = {"features_only": True, "out_indices": [*kept]}
        self.config = {**self.config, **record}

    def constrain_(self) -> None:
        """Shrink, in place, the classes whose weights are longer than the limit."""
        if isinstance(self.classifier, nn.Linear):
            renorm_(self.classifier.weight.data, self.max_norm)


def _classifier(in_features: int, num_classes: int) -> nn.Module:
    positive("num_classes", num_classes, least=0)
    if num_classes == 0:
        return nn.Identity()
    return nn.Linear(in_features, num_classes)
