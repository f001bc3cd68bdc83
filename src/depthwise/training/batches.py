"""Whole batches by index: order, slices for processes, and reading ahead."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from depthwise.training import augment, draws, mixing
from depthwise.training.material import prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from depthwise.training.material import Examples, Preparation
    from depthwise.training.settings import TrainingSettings

    Indices = NDArray[np.int64]
    Floats = NDArray[np.float32]

T = TypeVar("T")
ORDER = 1  # the stream of random numbers that orders an epoch


@dataclass(frozen=True)
class Batch:
    """One process' slice of a batch.

    Args:
        inputs: float32 [b, C, L] or [b, C, H, W], preprocessed and augmented.
        labels: int64 [b].
        partners: int64 [b]: the label of the example mixed in.
        shares: float32 [b] in [0, 1]: how much of the example is its own.
        weight: Sum of class weights over the whole batch of all processes: what the
            summed loss is divided by.
    """

    inputs: Floats
    labels: Indices
    partners: Indices
    shares: Floats
    weight: float


@dataclass(frozen=True)
class Feed:
    """Everything that batches are made from.

    Args:
        data: The data set.
        preprocessing: None for data that are ready.
        settings: Gives batch_size, seed and augmentation.
        class_weights: float32 [classes].
        rank: Number of this process.
        processes: How many processes share a batch.
    """

    data: Examples
    preprocessing: Preparation | None
    settings: TrainingSettings
    class_weights: Floats
    rank: int = 0
    processes: int = 1

    def training(self, batch: Indices, epoch: int) -> Batch:
        """Make this process' slice of one training batch.

        Args:
            batch: Indices of the whole batch, all processes together.
            epoch: From 1; augmentation derives from it, the seed and the index.

        Returns:
            The slice, ready for the network.
        """
        partners = np.roll(batch, 1)
        own = self._slice(batch)
        other = self._slice(partners)
        root = draws.key(self.settings.seed, epoch)
        plan = self.settings.augmentation
        inputs = augment.augmented(self._read(own), own, plan, root)
        shares = np.ones(len(own), dtype=np.float32)
        labels = self.data.labels
        weight = float(self.class_weights[labels[batch]].sum(dtype=np.float64))
        if plan.mixing:
            mixed_in = augment.augmented(self._read(other), other, plan, root)
            inputs, shares = mixing.mixed(inputs, mixed_in, own, plan, root)
            weight = self._mixed_weight(batch, partners, inputs.shape[2:], root)
        return Batch(inputs, labels[own], labels[other], shares, weight)

    def scoring(self, batch: Indices) -> Batch:
        """Make one batch to score: no augmentation, no slicing, no weights.

        Args:
            batch: Indices of this process' examples.

        Returns:
            The batch.
        """
        labels = self.data.labels[batch]
        shares = np.ones(len(batch), dtype=np.float32)
        return Batch(self._read(batch), labels, labels, shares, float(len(batch)))

    def _read(self, indices: Indices) -> Floats:
        return prepared(self.data, indices, self.preprocessing)

    def _slice(self, batch: Indices) -> Indices:
        return np.array_split(batch, self.processes)[self.rank]

    def _mixed_weight(
        self, batch: Indices, partners: Indices, size: tuple[int, ...], root: int
    ) -> float:
        plan = self.settings.augmentation
        shares = mixing.shares(batch, size, plan, root).astype(np.float64)
        weights = self.class_weights.astype(np.float64)
        labels = self.data.labels
        own = shares * weights[labels[batch]]
        return float((own + (1 - shares) * weights[labels[partners]]).sum())


def ordered(part: Indices, settings: TrainingSettings, epoch: int) -> list[Indices]:
    """Shuffle a part and cut it into batches whose sizes differ by at most one.

    There is no short last batch, which would weigh more an example than the others and
    break batch norm when it has one example.

    Args:
        part: Indices of the training part, int64 [n].
        settings: Gives seed and batch_size.
        epoch: From 1.

    Returns:
        ceil(n / batch_size) index arrays.

    Example:
        >>> from depthwise.training.settings import TrainingSettings
        >>> plan = TrainingSettings(batch_size=4)
        >>> [len(batch) for batch in ordered(np.arange(10), plan, 1)]
        [4, 3, 3]
    """
    root = draws.key(settings.seed, epoch, ORDER)
    order = np.argsort(draws.bits(root, part)[:, 0], kind="stable")
    return np.array_split(part[order], steps(len(part), settings))


def steps(examples: int, settings: TrainingSettings) -> int:
    """Count the batches of an epoch.

    Args:
        examples: Size of the training part.
        settings: Gives batch_size.

    Returns:
        ceil(examples / batch_size).
    """
    return -(-examples // settings.batch_size)


class ReadAhead(Generic[T]):
    """Makes things in threads while earlier ones are used; keeps their order.

    Args:
        make: One call for each thing.
        threads: How many are made at the same time; 0 makes each when asked.

    Example:
        >>> ahead = ReadAhead([lambda: 1, lambda: 2], threads=1)
        >>> list(ahead), ahead.waited >= 0
        ([1, 2], True)
    """

    def __init__(self, make: Sequence[Callable[[], T]], *, threads: int) -> None:
        self._make = make
        self._threads = threads
        self.waited = 0.0

    def __iter__(self) -> Iterator[T]:
        if self._threads == 0:
            for call in self._make:
                yield self._timed(call)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            waiting = deque(map(pool.submit, self._make[: self._threads + 1]))
            rest = iter(self._make[self._threads + 1 :])
            try:
                while waiting:
                    value = self._timed(waiting.popleft().result)
                    waiting.extend(pool.submit(call) for call in _one(rest))
                    yield value
            finally:
                for future in waiting:
                    future.cancel()

    def _timed(self, call: Callable[[], T]) -> T:
        start = time.perf_counter()
        value = call()
        self.waited += time.perf_counter() - start
        return value


def _one(rest: Iterator[T]) -> Iterator[T]:
    for value in rest:
        yield value
        return
