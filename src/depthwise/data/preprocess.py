"""What a network expects of its input, and how raw samples become that.

The figures come from the training part only, and are stored with the model.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from depthwise.data.statistics import measure_channels
from depthwise.errors import DataError, FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depthwise.data.dataset import Array, Dataset, Indices

VERSION: Final = 1
PIXEL_MODES: Final = {1: "L", 3: "RGB"}


@dataclass(frozen=True)
class Preprocessing:
    """Channel statistics and the geometry of one sample.

    Args:
        kind: "sensor" for ``[C, L]``, "image" for ``[C, H, W]``.
        channels: Names of the channels, in their order.
        mean: Mean of each channel in raw units.
        std: Standard deviation of each channel; 1 for a channel that never changes.
        window: Length of a window in samples, for sensors.
        step: From one window to the next in samples, for sensors.
        rate_hz: Samples a second, for sensors.
        size: Rows and columns, for images.
        resize: Length of the shorter side before the crop; None is just enough to
            cover ``size``.
        mode: Pillow's name of the pixel format, "L" or "RGB".

    Example:
        >>> plain = Preprocessing("sensor", ("x", "y"), (1.0, 0.0), (2.0, 1.0))
        >>> plain.apply(np.ones((1, 2, 3))).tolist()
        [[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]]
        >>> Preprocessing.from_dict(plain.to_dict()) == plain
        True
    """

    kind: Literal["sensor", "image"]
    channels: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    window: int | None = None
    step: int | None = None
    rate_hz: float | None = None
    size: tuple[int, int] | None = None
    resize: int | None = None
    mode: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in {"sensor", "image"}:
            raise FormatError(f"kind must be sensor or image; got {self.kind!r}")
        if not len(self.channels) == len(self.mean) == len(self.std):
            raise FormatError(
                "mean and std must have one value a channel; got"
                f" {len(self.mean)} and {len(self.std)} for {len(self.channels)}"
            )
        if not all(np.isfinite(self.mean)) or not all(
            np.isfinite(s) and s > 0 for s in self.std
        ):
            raise FormatError(
                f"mean must be finite and std positive; got {self.mean}, {self.std}"
            )

    @classmethod
    def fit(
        cls, dataset: Dataset, indices: Indices, *, step: int | None = None
    ) -> Preprocessing:
        """Measure the training samples.

        Args:
            dataset: All samples.
            indices: The training samples among them.
            step: From one window to the next, for sensors; half a window if None.

        Returns:
            The preprocessing to store with a model.

        Raises:
            DataError: If a training sample holds NaN or an infinite value.
        """
        seen = measure_channels(dataset.inputs, indices)
        broken = np.flatnonzero(~np.isfinite(np.diag(seen.scatter)))
        bad = [dataset.channels[c] for c in broken]
        if bad:
            raise DataError(f"samples must be finite; got NaN or infinity in {bad}")
        std = np.where(seen.constant, 1.0, seen.std)
        shape = dataset.inputs.shape
        image = dataset.kind == "image"
        return cls(
            kind="image" if image else "sensor",
            channels=dataset.channels,
            mean=tuple(seen.mean.tolist()),
            std=tuple(std.tolist()),
            window=None if image else shape[2],
            step=None if image else step or max(1, shape[2] // 2),
            rate_hz=dataset.rate_hz,
            size=(shape[2], shape[3]) if image else None,
            mode=PIXEL_MODES.get(shape[1]) if image else None,
        )

    def apply(self, raw: Array) -> Array:
        """Bring raw samples to zero mean and unit deviation in every channel.

        Args:
            raw: ``[…, C, L]`` for sensors, ``[…, C, H, W]`` for images, in raw units.

        Returns:
            float32 of the same shape.

        Raises:
            DataError: If the samples have other channels.
        """
        trailing = 1 if self.kind == "sensor" else 2
        raw = np.asarray(raw)
        if raw.ndim <= trailing or raw.shape[-1 - trailing] != len(self.channels):
            raise DataError(
                f"samples must have the {len(self.channels)} channels"
                f" {list(self.channels)}; got shape {list(raw.shape)}"
            )
        shape = (-1, *(1,) * trailing)
        mean = np.asarray(self.mean, np.float32).reshape(shape)
        std = np.asarray(self.std, np.float32).reshape(shape)
        centred = np.subtract(raw, mean, dtype=np.float32)
        return np.divide(centred, std, out=centred)

    def to_dict(self) -> dict[str, Any]:
        """Say the same in plain values, for JSON.

        Returns:
            Every field, and the version of this form.
        """
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Preprocessing:
        """Rebuild from :meth:`to_dict`, after JSON too; floats are equal to the bit.

        Args:
            stored: The plain values.

        Returns:
            The preprocessing.

        Raises:
            FormatError: If a field is unknown or missing, or the version is another.
        """
        values = dict(stored)
        version = values.pop("version", None)
        if version != VERSION:
            raise FormatError(f"preprocessing must be version {VERSION}; got {version}")
        known = {field.name for field in fields(cls)}
        if set(values) != known:
            raise FormatError(
                "preprocessing must have exactly its known fields;"
                f" these differ: {sorted(set(values) ^ known)}"
            )
        for name, value in values.items():
            values[name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)
