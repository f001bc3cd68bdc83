"""train(): check, resume, epochs, best weights; in this process or in several."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from depthwise.errors import DataError, DepthwiseError, OutputExistsError, TrainingError
from depthwise.training import accelerator, board, checkpoint, journal, material
from depthwise.training.batches import steps
from depthwise.training.journal import EpochRow
from depthwise.training.progress import reporter
from depthwise.training.session import Job, Session, best_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from depthwise.training.checkpoint import Checkpoint
    from depthwise.training.settings import TrainingSettings

    Callback = Callable[["EpochEnd"], None]


@dataclass(frozen=True)
class EpochEnd:
    """What a callback is told after every epoch.

    Args:
        row: The epoch's figures.
        module: The network as validated, in eval mode; look, do not touch.
        best: Whether this is the best epoch so far.

    Example:
        >>> def show(end: EpochEnd) -> None:
        ...     print(end.row.epoch, end.row.validation_accuracy)
        >>> show(EpochEnd(EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9), nn.ReLU(), best=True))
        1 0.9
    """

    row: EpochRow
    module: nn.Module
    best: bool


@dataclass(frozen=True)
class TrainingResult:
    """What a run came to; the module that was trained holds the best weights.

    Args:
        rows: One for each epoch.
        best: The row whose weights were kept.
        seconds: Time spent in epochs, over all resumes.
        waiting_share: Share of it spent waiting for data, in [0, 1].
        stopped_early: Whether patience ended it.
        processes: How many trained together.
        precision: "32-true" or "bf16-mixed".

    Example:
        >>> row = EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9)
        >>> TrainingResult((row,), row, 2.0, 0.1, False, 1, "32-true").best.epoch
        1
    """

    rows: tuple[EpochRow, ...]
    best: EpochRow
    seconds: float
    waiting_share: float
    stopped_early: bool
    processes: int
    precision: str


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
        split: Such as depthwise.data.Split; its test part is not looked at.
        settings: What to do.
        folder: Made if need be.
        preprocessing: Such as depthwise.data.Preprocessing; None for ready data.
        resume: Go on from the folder's checkpoint, if there is one.
        progress: Whether to show a bar (or lines) on stderr.
        title: Written before the bar.
        callbacks: Called after each epoch in process 0; with several processes they
            must be picklable.

    Returns:
        The rows of the run, its best epoch and where the time went.

    Raises:
        DataError: The data cannot be trained on, or do not fit the network.
        OutputExistsError: The folder holds a run and resume is False.
        TrainingError: The checkpoint is of something else, the loss is not finite, or
            the disk is full.
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
    saved = _opened(place, job, module, resume=resume)
    accelerator.require_lightning()
    board.require(settings)
    run = _Run(job, place, saved, progress, title, tuple(callbacks))
    if settings.devices > 1 and accelerator.torchrun_world() is None:
        return _spawned(run, module)
    fabric = accelerator.make_fabric(settings)
    with accelerator.quiet():
        fabric.launch()
    return _in_this_process(run, module, fabric)


@dataclass(frozen=True)
class _Run:
    job: Job
    folder: Path
    saved: Checkpoint | None
    progress: bool
    title: str
    callbacks: tuple[Callback, ...]


def _in_this_process(run: _Run, module: nn.Module, fabric: Any) -> TrainingResult:
    before, threads = torch.get_num_threads(), _threads(run, fabric.world_size)
    cuda = range(torch.cuda.device_count())
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=cuda):
            return _epochs(run, module, fabric, threads)
    finally:
        torch.set_num_threads(before)


def _epochs(run: _Run, module: nn.Module, fabric: Any, threads: int) -> TrainingResult:
    with accelerator.quiet():
        session = Session(module, run.job, fabric=fabric, threads=threads)
    main = fabric.global_rank == 0
    if run.saved is not None:
        session.restore(run.saved)
    if main:
        run.folder.mkdir(parents=True, exist_ok=True)
        checkpoint.remove_leftovers(run.folder)
        journal.append(run.folder / journal.METRICS, session.rows)
    plan = run.job.settings
    count = steps(len(run.job.split.train), plan)
    report = reporter(plan, count, show=run.progress and main, title=run.title)
    events = board.writer(plan, run.folder) if main else None
    try:
        while not session.done:
            row = session.epoch(report)
            if main:
                _record(run, session, row)
                board.write(events, row)
            report.epoch(row)
    finally:
        report.close()
        board.close(events)
    return _finish(session, fabric)


def _record(run: _Run, session: Session, row: EpochRow) -> None:
    # The checkpoint goes first: it holds the rows, so the log can always be completed.
    checkpoint.save(run.folder / checkpoint.CHECKPOINT, session.checkpoint())
    journal.append(run.folder / journal.METRICS, session.rows)
    end = EpochEnd(row, session.scored.eval(), best=session.best is row)
    for callback in run.callbacks:
        callback(end)


def _finish(session: Session, fabric: Any) -> TrainingResult:
    module = session.module
    module.load_state_dict(session.best_weights)
    module.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    module.eval()
    return _result(
        session.checkpoint(), processes=fabric.world_size, settings=session.job.settings
    )


def _result(
    end: Checkpoint, *, processes: int, settings: TrainingSettings
) -> TrainingResult:
    best = best_of(end.rows)
    if best is None:
        raise TrainingError("a run must have an epoch; its checkpoint has none")
    return TrainingResult(
        rows=end.rows,
        best=best,
        seconds=end.seconds,
        waiting_share=end.waited / max(end.seconds, 1e-9),
        stopped_early=len(end.rows) < settings.epochs,
        processes=processes,
        precision=accelerator.precision(settings),
    )


def _spawned(run: _Run, module: nn.Module) -> TrainingResult:
    fabric = accelerator.make_fabric(run.job.settings, spawn=True)
    before = module.training
    with accelerator.quiet():
        failure = fabric.launch(_worker, run, copy.deepcopy(module))
    if failure is not None:
        raise failure
    end = checkpoint.load(run.folder / checkpoint.CHECKPOINT)
    module.train(before)
    module.load_state_dict(end.best)
    module.eval()
    devices = run.job.settings.devices
    return _result(end, processes=devices, settings=run.job.settings)


def _worker(fabric: Any, run: _Run, module: nn.Module) -> TrainingError | None:
    # Torch hands the same memory to every process: each needs parameters of its own.
    try:
        _in_this_process(run, copy.deepcopy(module), fabric)
    except TrainingError as error:
        return error
    return None


def _threads(run: _Run, processes: int) -> int:
    if run.job.settings.threads:
        return run.job.settings.threads
    if run.saved is not None:
        return run.saved.threads
    return max(1, torch.get_num_threads() // processes)


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
    checkpoint.check_same(saved, job.settings, module.state_dict(), job.fingerprint)
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
