"""What a model that is not in a file is made with, and opening it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from depthwise.cli import options

if TYPE_CHECKING:
    from depthwise.jobs.open import Opened


@dataclass(frozen=True)
class NetworkOptions:
    """Options of a registered network or a factory.

    Args:
        weights: Weights for a name or a factory.
        conv: Which twin of a registered network.
        option: More options of a registered network.

    Example:
        >>> NetworkOptions(conv="dense").conv
        'dense'
    """

    weights: options.Weights = None
    conv: options.Conv = None
    option: options.Options = None

    def open(
        self, model: str, sizes: Sequence[int] | None, *, allow_unknown: bool = False
    ) -> Opened:
        """Open a model with these options, with a bar while it is traced.

        Args:
            model: A name, a folder, a file or a factory.
            sizes: Of one batch, or None.
            allow_unknown: Whether operators outside the table are cut out.

        Returns:
            The model.
        """
        from depthwise.jobs.open import open_model, parse_options
        from depthwise.report.progress import steps_bar

        with steps_bar("Tracing") as progress:
            return open_model(
                model,
                sizes,
                weights=self.weights,
                conv=self.conv,
                options=parse_options(self.option or []),
                progress=progress,
                allow_unknown=allow_unknown,
            )
