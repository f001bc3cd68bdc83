"""The counters to compare with, each as one function from a module to its figure.

All say how many multiply-accumulates one forward pass of one sample takes. Each is
asked in the way that its own documentation shows. torch's own counts two operations for
each, and it alone sees the backward pass.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

Counter = Callable[[nn.Module, Sequence[int]], int]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep what counters print and warn of to themselves."""
    logging.disable(logging.CRITICAL)
    out, err = io.StringIO(), io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def fvcore(module: nn.Module, shape: Sequence[int]) -> int:
    """Ask fvcore, whose flops are multiply-accumulates."""
    from fvcore.nn import FlopCountAnalysis

    return int(FlopCountAnalysis(module, torch.zeros(*shape)).total())


def ptflops(module: nn.Module, shape: Sequence[int], backend: str) -> int:
    """Ask ptflops."""
    from ptflops import get_model_complexity_info

    found, _ = get_model_complexity_info(
        module,
        tuple(shape[1:]),
        as_strings=False,
        print_per_layer_stat=False,
        backend=backend,
    )
    return int(found)


def ptflops_pytorch(module: nn.Module, shape: Sequence[int]) -> int:
    """Ask ptflops' hooks on modules."""
    return ptflops(module, shape, "pytorch")


def ptflops_aten(module: nn.Module, shape: Sequence[int]) -> int:
    """Ask ptflops' hooks on operators."""
    return ptflops(module, shape, "aten")


def thop(module: nn.Module, shape: Sequence[int]) -> int:
    """Ask thop."""
    from thop import profile

    macs, _ = profile(module, inputs=(torch.zeros(*shape),), verbose=False)
    return int(macs)


def torchinfo(module: nn.Module, shape: Sequence[int]) -> int:
    """Ask torchinfo for its "mult-adds"."""
    from torchinfo import summary

    return int(summary(module, input_size=tuple(shape), verbose=0).total_mult_adds)


def torchprofile(module: nn.Module, shape: Sequence[int]) -> int:
    """Ask torchprofile."""
    from torchprofile import profile_macs

    return int(profile_macs(module, torch.zeros(*shape)))


def torch_forward(module: nn.Module, shape: Sequence[int]) -> int:
    """Ask torch, forward."""
    counter = FlopCounterMode(display=False)
    with counter:
        module(torch.zeros(*shape))
    return counter.get_total_flops() // 2


def torch_backward(
    module: nn.Module, shape: Sequence[int], *, gradient_of_input: bool
) -> int:
    """Ask torch, backward alone."""
    x = torch.zeros(*shape, requires_grad=gradient_of_input)
    result = module(x).sum()
    counter = FlopCounterMode(display=False)
    with counter:
        result.backward()
    return counter.get_total_flops() // 2


FORWARD: dict[str, Counter] = {
    "fvcore": fvcore,
    "ptflops, modules": ptflops_pytorch,
    "ptflops, operators": ptflops_aten,
    "thop": thop,
    "torchinfo": torchinfo,
    "torchprofile": torchprofile,
    "torch": torch_forward,
}
"""Counters of the forward pass, by the name in the table."""

PACKAGES = ("fvcore", "ptflops", "thop", "torchinfo", "torchprofile", "torch")


def versions() -> dict[str, str]:
    """Say which versions are asked."""
    return {name: version(name).partition("+")[0] for name in PACKAGES}
