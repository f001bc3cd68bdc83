"""Count multiply-accumulates by doing them: one product at a time, in plain loops.

Every operator that torch runs forward and backward and that sums products is done again
here by nested loops over indices. Each turn of the innermost loop is one product and is
counted there; what the loops sum must be what torch has computed. Nothing is imported
from the package that is checked.

The products of a convolution and of its two gradients are the same triples of
elements: one of what is scattered or read, one of the weights, one of the result. So
one generator gives the triples, and three sums go over them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

MOST = 400_000
"""Products up to which loops compute values too. Above it, pairs of channels and pairs
of position and tap are each looped over, and the two counts are multiplied."""

Triple = tuple[int, int, int]


@dataclass
class Tally:
    """Products that were counted.

    Args:
        forward: Taps on padding included.
        backward: The same, of all gradients that torch computed.
        real: Forward, of elements that are no padding.
        checked: Sums that were compared with what torch computed.
    """

    forward: int = 0
    backward: int = 0
    real: int = 0
    checked: int = 0


@dataclass(frozen=True)
class Convolution:
    """Sizes of a convolution: what slides is the smaller weight over the larger side.

    A transposed convolution is the same with its input and output changed over.
    """

    large: tuple[int, ...]
    small: tuple[int, ...]
    weight: tuple[int, ...]
    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    groups: int

    @property
    def products(self) -> int:
        """How long the loops will take; nothing is counted by it."""
        return math.prod(self.small) * math.prod(self.weight[1:])

    def pairs(self) -> Iterator[tuple[int, int, int]]:
        """Channels that meet: of the large side, of the small one, and of weights."""
        a_group = self.weight[1]
        filters = self.weight[0] // self.groups
        for k in range(self.weight[0]):
            for c in range(a_group):
                yield k // filters * a_group + c, k, k * a_group + c

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Positions and taps: where a tap falls, or -1, the position, and the tap."""
        sizes, kernel = self.large[2:], self.weight[2:]
        positions = itertools.product(*map(range, self.small[2:]))
        for position, where in enumerate(positions):
            for tap, which in enumerate(itertools.product(*map(range, kernel))):
                flat = 0
                for axis, size in enumerate(sizes):
                    step = where[axis] * self.stride[axis]
                    at = step + which[axis] * self.dilation[axis] - self.padding[axis]
                    if not 0 <= at < size:
                        flat = -1
                        break
                    flat = flat * size + at
                yield flat, position, tap

    def triples(self) -> Iterator[Triple]:
        """Every product: elements of the large side, of the small one, of weights."""
        samples, channels, *sizes = self.large
        wide, narrow = math.prod(sizes), math.prod(self.small[2:])
        taps = math.prod(self.weight[2:])
        places = list(self.places())
        for n in range(samples):
            for c, k, w in self.pairs():
                first = (n * channels + c) * wide
                second, third = (n * self.small[1] + k) * narrow, w * taps
                for at, position, tap in places:
                    seen = first + at if at >= 0 else -1
                    yield seen, second + position, third + tap


def product_triples(
    rows: int, inner: int, columns: int, batch: int
) -> Iterator[Triple]:
    """Every product of matrices: elements of left, of right, of the result."""
    for b, i, j, k in itertools.product(*map(range, (batch, rows, columns, inner))):
        left = (b * rows + i) * inner + k
        yield left, (b * inner + k) * columns + j, (b * rows + i) * columns + j


class PlainCounter(TorchDispatchMode):
    """Does what torch multiplies again, while torch runs.

    Args:
        tally: Where products are counted.
    """

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.backward = False
        self.padding: dict[int, tuple[Tensor, list[float]]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        del types
        result = func(*args, **(kwargs or {}))
        match func.overloadpacket.__name__:
            case "convolution":
                self._convolution(args, result)
            case "convolution_backward":
                self._gradients(args, result)
            case "mm" | "bmm":
                self._product(args[0], args[1], result)
            case "addmm" | "baddbmm":
                scaled = set((kwargs or {}).values()) - {1}
                if scaled:
                    raise NotImplementedError(f"{func} with {kwargs}")
                self._product(args[1], args[2], result, added=args[0])
            case "constant_pad_nd":
                self._remember(args, result)
            case name if "attention" in name or "lstm" in name or "rnn" in name:
                raise NotImplementedError(f"loops for {name}")
        return result

    def _remember(self, args: Any, padded: Tensor) -> None:
        """Keep which elements of a padded tensor are no padding."""
        inside = torch.nn.functional.pad(torch.ones_like(args[0]), args[1])
        self.padding[id(padded)] = (padded, inside.flatten().tolist())

    def _convolution(self, args: Any, result: Tensor) -> None:
        x, weight, bias, stride, padding, dilation, transposed, _, groups = args
        sides = (result, x) if transposed else (x, result)
        sizes = tuple(tuple(side.shape) for side in sides)
        conv = Convolution(
            *sizes, tuple(weight.shape), stride, padding, dilation, groups
        )
        _, known = self.padding.get(id(x), (None, None))
        if conv.products > MOST and known is None:
            self._count_pairs(conv)
            return
        given, taps = x.flatten().tolist(), weight.flatten().tolist()
        sums = [0.0] * result.numel()
        for large, small, w in conv.triples():
            self.tally.forward += 1
            read, written = (small, large) if transposed else (large, small)
            if large >= 0:
                self.tally.real += known is None or known[read] == 1
                sums[written] += given[read] * taps[w]
        found = torch.tensor(sums, dtype=result.dtype).view(result.shape)
        if bias is not None:
            found += bias.view(-1, *(1,) * (result.ndim - 2))
        self._compare(found, result)

    def _count_pairs(self, conv: Convolution) -> None:
        """Loop over pairs of channels and over positions with taps, apart."""
        pairs = sum(1 for _ in conv.pairs()) * conv.large[0]
        nominal = real = 0
        for at, _, _ in conv.places():
            nominal += 1
            real += at >= 0
        self.tally.forward += pairs * nominal
        self.tally.real += pairs * real

    def _gradients(self, args: Any, result: Any) -> None:
        grad, x, weight, _, stride, padding, dilation, transposed, _, groups, mask = (
            args
        )
        sides = (grad, x) if transposed else (x, grad)
        sizes = tuple(tuple(side.shape) for side in sides)
        conv = Convolution(
            *sizes, tuple(weight.shape), stride, padding, dilation, groups
        )
        if conv.products > MOST:
            nominal = sum(1 for _ in conv.pairs()) * sum(1 for _ in conv.places())
            self.tally.backward += (mask[0] + mask[1]) * nominal * conv.large[0]
            return
        values = [each.flatten().tolist() for each in (x, weight, grad)]
        read_from, taps, arriving = values
        for_x, for_w = [0.0] * len(read_from), [0.0] * len(taps)
        for large, small, w in conv.triples():
            read, written = (small, large) if transposed else (large, small)
            if mask[0]:
                self.tally.backward += 1
                if large >= 0:
                    for_x[read] += arriving[written] * taps[w]
            if mask[1]:
                self.tally.backward += 1
                if large >= 0:
                    for_w[w] += arriving[written] * read_from[read]
        for wanted, sums, torchs in zip(mask, (for_x, for_w), result, strict=False):
            if wanted:
                found = torch.tensor(sums, dtype=grad.dtype).view(torchs.shape)
                self._compare(found, torchs)

    def _product(
        self, left: Tensor, right: Tensor, result: Tensor, added: Tensor | None = None
    ) -> None:
        *batch, rows, inner = left.shape
        columns = right.shape[-1]
        triples = product_triples(rows, inner, columns, math.prod(batch))
        a, b = left.flatten().tolist(), right.flatten().tolist()
        sums = [0.0] * result.numel()
        count = 0
        for first, second, to in triples:
            count += 1
            sums[to] += a[first] * b[second]
        if self.backward:
            self.tally.backward += count
        else:
            self.tally.forward += count
            self.tally.real += count
        found = torch.tensor(sums, dtype=result.dtype).view(result.shape)
        self._compare(found if added is None else found + added, result)

    def _compare(self, found: Tensor, result: Tensor) -> None:
        """Hold sums of loops to torch's: equal but for the order of float64 sums."""
        torch.testing.assert_close(found, result, rtol=1e-9, atol=1e-9)
        self.tally.checked += result.numel()


def plain_count(
    module: nn.Module, shape: Sequence[int], *, gradient_of_input: bool
) -> Tally:
    """Run a module forward and backward once, and count its products in loops.

    Args:
        module: Any; it is turned to float64.
        shape: Of one batch.
        gradient_of_input: Whether the input's gradient is computed.

    Returns:
        What was counted.
    """
    tally = Tally()
    counter = PlainCounter(tally)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(*shape, dtype=torch.float64, generator=generator)
    x.requires_grad_(gradient_of_input)
    with sdpa_kernel(SDPBackend.MATH), counter:
        result = module.double()(x)
        counter.backward = True
        if result.requires_grad:
            result.sum().backward()
    return tally
