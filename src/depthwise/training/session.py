"""The state of one run in one process: network, optimizer, averages, rows so far."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from depthwise.errors import TrainingError
from depthwise.training import draws
from depthwise.training.averaging import WeightAverage
from depthwise.training.batches import Feed, ReadAhead, ordered, steps
from depthwise.training.checkpoint import Checkpoint, layers_of
from depthwise.training.journal import EpochRow, best_of
from depthwise.training.optimizer import make_optimizer
from depthwise.training.schedule import learning_rate
from depthwise.training.task import (
    class_weights,
    correct,
    loss_sum,
    to_device,
    train_mode,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import nn

    from depthwise.training.batches import Batch
    from depthwise.training.checkpoint import State
    from depthwise.training.material import Examples, Parts, Preparation
    from depthwise.training.progress import Reporter
    from depthwise.training.settings import TrainingSettings

DROPOUT = 2  # the stream of random numbers that seeds torch


@dataclass(frozen=True)
class Job:
    """What is to be trained on, and how.

    Args:
        data: The data set.
        split: Its training and validation part.
        settings: What the run is told.
        preprocessing: None for data that are ready.
        fingerprint: Of data, split and preprocessing.
        images: Whether a batch has four axes.
    """

    data: Examples
    split: Parts
    settings: TrainingSettings
    preprocessing: Preparation | None
    fingerprint: str
    images: bool


class Session:
    """One run in one process; epochs are the only way forward.

    Args:
        module: The network; it is trained in place.
        job: What to train on, and how.
        fabric: A launched Lightning Fabric.
        threads: Torch threads, noted in checkpoints.
    """

    def __init__(
        self, module: nn.Module, job: Job, *, fabric: Any, threads: int
    ) -> None:
        plan = job.settings
        self.job, self.fabric, self.threads = job, fabric, threads
        self.channels_last = job.images and plan.channels_last
        if self.channels_last:
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.module = module
        self.raw_optimizer = make_optimizer(module, plan)
        self.wrapped, self.optimizer = fabric.setup(module, self.raw_optimizer)
        self.average = WeightAverage(module, plan.ema_decay) if plan.ema_decay else None
        self.constraints = limits(module)
        self.rows: tuple[EpochRow, ...] = ()
        self.best: EpochRow | None = None
        self.best_weights: State = {}
        self.seconds = self.waited = 0.0
        labels = job.data.labels[job.split.train]
        weights = class_weights(plan, labels, len(job.data.classes))
        self.weights = torch.from_numpy(weights).to(fabric.device)
        world = {"rank": fabric.global_rank, "processes": fabric.world_size}
        self.feed = Feed(job.data, job.preprocessing, plan, weights, **world)

    @property
    def scored(self) -> nn.Module:
        """The network that is validated: the average, if there is one."""
        return self.module if self.average is None else self.average.module

    @property
    def done(self) -> bool:
        """Whether all epochs are over, or patience is."""
        plan = self.job.settings
        waited = len(self.rows) - self.best.epoch if self.best else 0
        return len(self.rows) >= plan.epochs or 0 < plan.patience <= waited

    def epoch(self, report: Reporter) -> EpochRow:
        """Train and validate for one epoch.

        Args:
            report: Told about steps.

        Returns:
            The new row.

        Raises:
            TrainingError: The loss is no longer a finite number.
        """
        start = time.perf_counter()
        epoch = len(self.rows) + 1
        rate, loss, accuracy = self._learn(epoch, report)
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss must stay finite; got {loss} in epoch {epoch}",
                "a smaller learning_rate, or gradient_clip=1",
            )
        row = EpochRow(epoch, rate, loss, accuracy, *self._validate())
        self.rows = (*self.rows, row)
        if row.better_than(self.best):
            self.best, self.best_weights = row, state_of(self.scored)
        self.seconds += time.perf_counter() - start
        return row

    def checkpoint(self) -> Checkpoint:
        """Gather what a resumed run needs.

        Returns:
            The checkpoint of the last finished epoch.
        """
        average = self.average
        return Checkpoint(
            settings=self.job.settings,
            data=self.job.fingerprint,
            rows=self.rows,
            weights=state_of(self.module),
            best=self.best_weights,
            optimizer=self.raw_optimizer.state_dict(),
            average={} if average is None else state_of(average.module),
            updates=0 if average is None else average.updates,
            threads=self.threads,
            seconds=self.seconds,
            waited=self.waited,
            layers=layers_of(self.module),
        )

    def restore(self, saved: Checkpoint) -> None:
        """Go back to where a checkpoint was made.

        Args:
            saved: Of the same network, settings and data.
        """
        self.module.load_state_dict(saved.weights)
        self.raw_optimizer.load_state_dict(saved.optimizer)
        if self.average is not None:
            self.average.module.load_state_dict(saved.average)
            self.average.updates = saved.updates
        self.rows, self.best_weights = saved.rows, saved.best
        self.best = best_of(saved.rows)
        self.seconds, self.waited = saved.seconds, saved.waited

    def _learn(self, epoch: int, report: Reporter) -> tuple[float, float, float]:
        plan, rank = self.job.settings, self.feed.rank
        torch.manual_seed(draws.key(plan.seed, epoch, DROPOUT, rank) >> 1)
        train_mode(self.module, freeze_batch_norm=plan.freeze_batch_norm)
        order = ordered(self.job.split.train, plan, epoch)
        make = [partial(self.feed.training, batch, epoch) for batch in order]
        totals = torch.zeros(2, dtype=torch.float64, device=self.fabric.device)
        weight, seen, rate = 0.0, 0, 0.0
        ahead = ReadAhead(make, threads=plan.loader_threads)
        for number, batch in enumerate(ahead, start=1):
            step = (epoch - 1) * len(order) + number - 1
            rate = learning_rate(plan, step, len(order))
            totals += self._step(batch, rate)
            weight, seen = weight + batch.weight, seen + len(batch.labels)
            if report.due():
                loss, right = totals.tolist()
                share = loss * self.feed.processes / weight
                report.step(epoch, number, share, right / seen)
        self.waited += ahead.waited
        loss, right = self._summed(totals)
        return rate, loss / weight, right / len(self.job.split.train)

    def _step(self, batch: Batch, rate: float) -> torch.Tensor:
        plan = self.job.settings
        for group in self.raw_optimizer.param_groups:
            group["lr"] = rate
        parts = to_device(batch, self.fabric.device, channels_last=self.channels_last)
        logits = self.wrapped(parts.inputs)
        loss = loss_sum(logits, parts, self.weights, plan.label_smoothing)
        self.optimizer.zero_grad()
        # Processes' gradients are averaged, so each adds its part of the whole sum.
        self.fabric.backward(loss * (self.feed.processes / batch.weight))
        if plan.gradient_clip:
            parameters = self.module.parameters()
            torch.nn.utils.clip_grad_norm_(parameters, plan.gradient_clip)
        self.optimizer.step()
        for constrain in self.constraints:
            constrain()
        if self.average is not None:
            self.average.update(self.module)
        return torch.stack([loss.detach().double(), correct(logits, parts)])

    def _validate(self) -> tuple[float, float] | tuple[None, None]:
        part = self.job.split.validation
        if len(part) == 0:
            return None, None
        own = np.array_split(part, self.feed.processes)[self.feed.rank]
        loss, right = self._summed(self._score(own))
        return loss / len(part), right / len(part)

    @torch.no_grad()
    def _score(self, part: NDArray[np.int64]) -> torch.Tensor:
        plan, module = self.job.settings, self.scored.eval()
        totals = torch.zeros(2, dtype=torch.float64, device=self.fabric.device)
        even = torch.ones_like(self.weights)
        pieces = np.array_split(part, max(steps(len(part), plan), 1))
        make = [partial(self.feed.scoring, piece) for piece in pieces if len(piece)]
        for batch in ReadAhead(make, threads=plan.loader_threads):
            parts = to_device(
                batch, self.fabric.device, channels_last=self.channels_last
            )
            with self.fabric.autocast():
                logits = module(parts.inputs)
            loss = loss_sum(logits, parts, even, 0.0).double()
            totals += torch.stack([loss, correct(logits, parts)])
        return totals

    def _summed(self, totals: torch.Tensor) -> Sequence[float]:
        summed: list[float] = self.fabric.all_reduce(totals, reduce_op="sum").tolist()
        return summed


def limits(module: nn.Module) -> list[Callable[[], None]]:
    """Find the layers that keep their filters below a length.

    Args:
        module: The network.

    Returns:
        The constrain_ method of each, to be called after every step.
    """
    found = (getattr(layer, "constrain_", None) for layer in module.modules())
    return [constrain for constrain in found if callable(constrain)]


def state_of(module: nn.Module) -> State:
    """Copy a network's weights to the CPU.

    Args:
        module: The network.

    Returns:
        A plain dict of its state_dict.
    """
    state = module.state_dict()
    return {name: value.detach().cpu().clone() for name, value in state.items()}
