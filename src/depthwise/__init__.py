"""Depthwise separable CNNs: build, count, train, diagnose, separate and run them.

Public names load on first use: importing depthwise imports neither torch nor llvmlite.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from depthwise.version import __version__

if TYPE_CHECKING:
    from depthwise.errors import DepthwiseError as DepthwiseError
    from depthwise.jobs.compiling import compile as compile  # noqa: A004 - the verb
    from depthwise.jobs.counting import cost as cost
    from depthwise.jobs.diagnosing import diagnose as diagnose
    from depthwise.jobs.idle_channels import prune as prune
    from depthwise.jobs.idle_channels import revive as revive
    from depthwise.jobs.open import open_model as open_model
    from depthwise.jobs.separating import separate as separate

# Where each public name lives. A new name takes one line here and one line above.
_HOME = {
    "DepthwiseError": "errors",
    "compile": "jobs.compiling",
    "cost": "jobs.counting",
    "diagnose": "jobs.diagnosing",
    "open_model": "jobs.open",
    "prune": "jobs.idle_channels",
    "revive": "jobs.idle_channels",
    "separate": "jobs.separating",
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - the table is the list


def __getattr__(name: str) -> object:
    if name not in _HOME:
        message = f"module 'depthwise' has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(f"depthwise.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
