"""Training in several processes of our own."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

from depthwise.errors import TrainingError
from depthwise.training import accelerator, checkpoint
from depthwise.training.claim import share_of
from depthwise.training.result import result_of
from depthwise.training.run import carry_out

if TYPE_CHECKING:
    from torch import nn

    from depthwise.training.result import TrainingResult
    from depthwise.training.run import Run


class Parcel:
    """A run and its network on their way to a process.

    A plain object: Lightning takes dataclasses apart and fails on frozen ones.

    Args:
        run: What to do.
        module: The network.
    """

    def __init__(self, run: Run, module: nn.Module) -> None:
        self.run = run
        self.module = module
        self.share = share_of(run.folder)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A process that unpacks this has imported Lightning, and not spoken yet.
        self.__dict__.update(state)
        accelerator.silence()


def spawn(run: Run, module: nn.Module) -> TrainingResult:
    """Start settings.devices processes, train in them, and take the weights back.

    Args:
        run: What to do; data and callbacks are pickled for the processes.
        module: The network; it ends with the best weights.

    Returns:
        The result.

    Raises:
        TrainingError: A process failed; the sentence is its last line.
    """
    settings = run.job.settings
    fabric = accelerator.make_fabric(settings, spawn=True)
    parcel = Parcel(run, copy.deepcopy(module))
    with accelerator.quiet():
        failure = _launch(fabric, parcel)
    if failure is not None:
        raise failure
    end = checkpoint.load(run.folder / checkpoint.CHECKPOINT)
    module.load_state_dict(end.best)
    module.eval()
    return result_of(end, processes=settings.devices)


def _launch(fabric: Any, parcel: Parcel) -> TrainingError | None:
    from torch.multiprocessing.spawn import ProcessException  # slow: import late

    given = "MASTER_PORT" in os.environ
    try:
        failure: TrainingError | None = fabric.launch(_worker, parcel)
    except ProcessException as error:
        last = str(error).strip().rsplit("\n", maxsplit=1)[-1]
        raise TrainingError(f"every process must finish; one ended with: {last}") from (
            error
        )
    finally:
        if not given:  # Lightning leaves its port behind; the next run finds its own.
            os.environ.pop("MASTER_PORT", None)
    return failure


def _worker(fabric: Any, parcel: Parcel) -> TrainingError | None:
    # Torch hands the same memory to every process: each needs parameters of its own.
    try:
        carry_out(parcel.run, copy.deepcopy(parcel.module), fabric)
    except TrainingError as error:
        return error
    return None
