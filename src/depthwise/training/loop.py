"""train(): check everything, then train in this process or in several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from depthwise.errors import DataError, DepthwiseError, OutputExistsError
from depthwise.training import accelerator, board, checkpoint, journal, material
from depthwise.training.claim import claimed
from depthwise.training.distributed import spawn
from depthwise.training.run import Run, carry_out
from depthwise.training.session import Job
from depthwise.training.world import torchrun_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.training.checkpoint import Checkpoint
    from depthwise.training.result import TrainingResult
    from depthwise.training.run import Callback
    from depthwise.training.settings import TrainingSettings


def train(
    module: nn.Module,
    dataset: material.Examples,
    split: material.Parts,
    settings: TrainingSettings,
    *,
    folder: Path | str,
    preprocessing: material.Preparation | None = None,
    resume: bool = False,
    progress: bool = True,
    title: str = "train",
    callbacks: Sequence[Callback] = (),
) -> TrainingResult:
    """Train a classifier and leave its best weights in it.

    Writes metrics.csv (a row an epoch, only ever appended to) and checkpoint.pt (all
    a resumed run needs, replaced as a whole) into folder. Order, augmentation and
    dropout derive from (seed, epoch) alone, so a run that was killed and resumed ends
    with the same bits as one that was not, on the same machine and threads.

    Args:
        module: Takes [b, C, L] or [b, C, H, W], gives logits [b, classes].
        dataset: Such as depthwise.data.Dataset.
        split: Such as depthwise.data.Split; its test part is not looked at. Without a
            validation part the last epoch is the best.
        settings: What to do.
        folder: Made if need be.
        preprocessing: Such as depthwise.data.Preprocessing; None for ready data.
        resume: Go on from the folder's checkpoint, if there is one.
        progress: Whether to show a bar (or lines) on stderr.
        title: Written before the bar.
        callbacks: Called after each epoch in process 0, such as ``HealthLog``; with
            several processes they must be picklable. A Note that one returns is shown
            in the progress line.

    Returns:
        The rows of the run, its best epoch and where the time went.

    Raises:
        DataError: The data cannot be trained on, or do not fit the network.
        OutputExistsError: The folder holds a run and resume is False.
        TrainingError: The checkpoint is of something else, another process trains into
            the folder, the loss is not finite, or the disk is full.
        MissingDependencyError: Lightning is not installed.

    Example:
        >>> import tempfile
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> from depthwise.training import TrainingSettings
        >>> signs = np.resize([-1.0, 1.0], (40, 2, 8)).astype(np.float32)
        >>> signs[::2] *= 3
        >>> data = SimpleNamespace(
        ...     inputs=signs, labels=np.arange(40) % 2, classes=("loud", "soft"))
        >>> parts = SimpleNamespace(train=np.arange(30), validation=np.arange(30, 40))
        >>> net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.Flatten(),
        ...                     nn.Linear(24, 2))
        >>> result = train(net, data, parts, TrainingSettings(epochs=2, batch_size=8),
        ...                folder=tempfile.mkdtemp(), progress=False)
        >>> len(result.rows), result.stopped_early
        (2, False)
    """
    place = Path(folder)
    sample = material.check(dataset, split, settings, preprocessing)
    _check_network(module, sample, len(dataset.classes))
    mark = checkpoint.fingerprint(dataset.labels, split.train, split.validation, sample)
    job = Job(dataset, split, settings, preprocessing, mark, images=sample.ndim == 4)
    accelerator.require(settings)
    board.require(settings)
    with claimed(place):
        saved = _opened(place, job, module, resume=resume)
        run = Run(job, place, saved, progress, title, tuple(callbacks))
        return _launched(run, module)


def _launched(run: Run, module: nn.Module) -> TrainingResult:
    if run.job.settings.devices > 1 and torchrun_world() is None:
        return spawn(run, module)
    fabric = accelerator.make_fabric(run.job.settings)
    with accelerator.quiet():
        fabric.launch()
    return carry_out(run, module, fabric)


def _opened(
    folder: Path, job: Job, module: nn.Module, *, resume: bool
) -> Checkpoint | None:
    path = folder / checkpoint.CHECKPOINT
    if not resume:
        for present in (path, folder / journal.METRICS):
            if present.exists():
                raise OutputExistsError(
                    f"a run must not overwrite another; {present} exists",
                    "resume it, or choose another folder",
                )
        return None
    if not path.exists():
        return None
    saved = checkpoint.load(path)
    checkpoint.check_same(saved, job.settings, module, job.fingerprint)
    return saved


def _check_network(module: nn.Module, sample: material.Floats, classes: int) -> None:
    before = module.training
    shape = list(sample.shape[1:])
    try:
        with torch.no_grad():
            logits = module.eval()(torch.from_numpy(sample))
    except (RuntimeError, ValueError, IndexError, DepthwiseError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise DataError(
            f"the network must take the data's examples, {shape}; got: {reason}"
        ) from error
    finally:
        module.train(before)
    wanted = [len(sample), classes]
    if not isinstance(logits, torch.Tensor) or list(logits.shape) != wanted:
        got = list(getattr(logits, "shape", ())) or type(logits).__name__
        raise DataError(
            f"the network must give logits [batch, classes] = {wanted}; got {got}"
        )
