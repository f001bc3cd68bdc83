"""What there is to know of the registered networks without running them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from depthwise.errors import UnknownNameError
from depthwise.jobs.rooms import torch_room


@dataclass(frozen=True)
class NetworkEntry:
    """One registered network.

    Args:
        name: What ``create_model`` takes.
        input_shape: Default input without the batch.
        params: Trained numbers with the default settings.
        summary: The first line of its documentation.
    """

    name: str
    input_shape: tuple[int, ...]
    params: int
    summary: str

    def to_dict(self) -> dict[str, Any]:
        """Turn the entry into plain values.

        Returns:
            Values by field name.
        """
        return asdict(self)


def describe_networks(pattern: str = "*") -> list[NetworkEntry]:
    """Describe the registered networks whose names match.

    Args:
        pattern: A shell pattern.

    Returns:
        Entries in alphabetical order.

    Raises:
        UnknownNameError: If none matches.

    Example:
        >>> describe_networks("mobilenet_v1")[0].params
        4231976
    """
    nn = torch_room("nn")
    names = nn.list_models(pattern)
    if not names:
        raise UnknownNameError.of("model", pattern, nn.list_models())
    entries = []
    for name in names:
        network = nn.create_model(name)
        params = sum(weight.numel() for weight in network.parameters())
        summary = (getattr(nn, name).__doc__ or "").strip().splitlines()[0]
        entries.append(NetworkEntry(name, network.input_shape, params, summary))
    return entries
