"""Calling torch.export: quietly, in eval mode, with any batch where that works."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.export import Dim, ExportedProgram, ShapesCollection
from torch.utils import _pytree as pytree

from depthwise.bridge.examples import TRACED_BATCH, Arguments
from depthwise.bridge.forwarding import Following, plainly
from depthwise.errors import GraphError

_NOISY = (
    "torch.export",
    "torch._export",
    "torch._dynamo",
    "torch.fx.experimental.symbolic_shapes",
    "torch.fx.experimental.recording",
    "torch.fx.experimental.proxy_tensor",
    "torch._subclasses.fake_tensor",
)


def export_any_batch(
    module: nn.Module,
    arguments: Arguments,
    step: Callable[[], None],
) -> ExportedProgram:
    """Export with a batch that stays open.

    Args:
        module: Any module; its state is as before afterwards.
        arguments: What to call it with; the batch in them does not matter.
        step: Called after each submodule's forward.

    Returns:
        torch's program, in which sizes are expressions of the batch.

    Raises:
        GraphError: If the module cannot be traced.
    """
    given = arguments.with_batch(TRACED_BATCH)
    axes: Any = ShapesCollection()  # type: ignore[no-untyped-call]
    for leaf in pytree.tree_leaves((given.args, given.kwargs)):
        if given.carries_batch(leaf):
            axes[leaf] = {0: Dim.AUTO}
    return _export(module, given, axes, step)


def export_fixed_batch(
    module: nn.Module,
    arguments: Arguments,
    step: Callable[[], None],
) -> ExportedProgram:
    """Export with the batch that the example holds.

    Args:
        module: Any module; its state is as before afterwards.
        arguments: What to call it with.
        step: Called after each submodule's forward.

    Returns:
        torch's program, in which all sizes are numbers.

    Raises:
        GraphError: If the module cannot be traced.
    """
    return _export(module, arguments, None, step)


def _export(
    module: nn.Module,
    arguments: Arguments,
    axes: Any,
    step: Callable[[], None],
) -> ExportedProgram:
    def count(_module: nn.Module, _inputs: object, _result: object) -> None:
        step()

    hook = nn.modules.module.register_module_forward_hook(count)
    try:
        # torch prints the whole program on standard error before it raises.
        quiet = contextlib.redirect_stderr(io.StringIO())
        with as_eval(module), silence(), quiet, torch.no_grad():
            return _follow(module, arguments, axes)
    except Exception as error:
        first = str(error).strip().split("\n", 1)[0]
        msg = f"a module must run on its example; got {type(error).__name__}: {first}"
        hint = "call the module on the example; control flow must not read values"
        raise GraphError(msg, hint) from error
    finally:
        hook.remove()


def _follow(module: nn.Module, arguments: Arguments, axes: Any) -> ExportedProgram:
    with plainly(module), Following(module):
        return torch.export.export(
            module,
            arguments.args,
            arguments.kwargs,
            dynamic_shapes=axes,
            strict=False,
        )


@contextlib.contextmanager
def as_eval(module: nn.Module) -> Iterator[None]:
    """Switch to eval mode, and put every submodule's own mode back.

    A module's own ``train`` may do more than set the flag (fuse weights, freeze norms),
    so it is called again before the flags are put back one by one.

    Args:
        module: Any module.

    Yields:
        Nothing.
    """
    mode_of_all = module.training
    modes = {part: part.training for part in module.modules()}
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    module.eval()
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        module.train(mode_of_all)
        for part, mode in modes.items():
            part.training = mode


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep torch's tracing machinery from warning and logging.

    Yields:
        Nothing.
    """
    loggers = [logging.getLogger(name) for name in _NOISY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
