"""One run in one process: epochs, and what is written after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from depthwise.training import accelerator, board, checkpoint, journal
from depthwise.training.batches import steps
from depthwise.training.progress import reporter
from depthwise.training.result import EpochEnd, TrainingResult, result_of
from depthwise.training.session import Job, Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from depthwise.training.checkpoint import Checkpoint
    from depthwise.training.journal import EpochRow
    from depthwise.training.progress import Note

    Callback = Callable[[EpochEnd], Note | None]


@dataclass(frozen=True)
class Run:
    """A job, with where it writes and what it starts from.

    Args:
        job: What to train on, and how.
        folder: For metrics.csv and checkpoint.pt.
        saved: The checkpoint to go on from, if any.
        progress: Whether to report on stderr.
        title: Written before the bar.
        callbacks: Called after every epoch in process 0.
    """

    job: Job
    folder: Path
    saved: Checkpoint | None
    progress: bool
    title: str
    callbacks: tuple[Callback, ...]


def carry_out(run: Run, module: nn.Module, fabric: Any) -> TrainingResult:
    """Train in this process; threads and random numbers are put back afterwards.

    Args:
        run: What to do.
        module: The network; it ends with the best weights.
        fabric: A launched Lightning Fabric.

    Returns:
        The result.
    """
    before, threads = torch.get_num_threads(), _threads(run, fabric.world_size)
    cuda = range(torch.cuda.device_count())
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=cuda):
            return _epochs(run, module, fabric, threads)
    finally:
        torch.set_num_threads(before)


def _epochs(run: Run, module: nn.Module, fabric: Any, threads: int) -> TrainingResult:
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
                for note in _record(run, session, row):
                    report.note(note)
                board.write(events, row)
            report.epoch(row)
    finally:
        report.close()
        board.close(events)
    return _finish(session, fabric)


def _record(run: Run, session: Session, row: EpochRow) -> list[Note]:
    # The checkpoint goes first: it holds the rows, so the log can always be completed.
    checkpoint.save(run.folder / checkpoint.CHECKPOINT, session.checkpoint())
    journal.append(run.folder / journal.METRICS, session.rows)
    end = EpochEnd(row, session.scored.eval(), best=session.best is row)
    told = [callback(end) for callback in run.callbacks]
    return [note for note in told if note is not None]


def _finish(session: Session, fabric: Any) -> TrainingResult:
    module = session.module
    module.load_state_dict(session.best_weights)
    module.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    module.eval()
    return result_of(session.checkpoint(), processes=fabric.world_size)


def _threads(run: Run, processes: int) -> int:
    if run.job.settings.threads:
        return run.job.settings.threads
    if run.saved is not None:
        return run.saved.threads
    return max(1, torch.get_num_threads() // processes)
