"""Networks by name, and the record that rebuilds each of them."""

from __future__ import annotations

import fnmatch
import functools
import inspect
from typing import TYPE_CHECKING, Final, ParamSpec

from depthwise.errors import UnknownNameError, UsageError
from depthwise.nn.initial import initialise_
from depthwise.nn.network import Json, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from depthwise.nn.blocks import Conv

P = ParamSpec("P")
SHARED: Final = (
    "num_classes",
    "in_chans",
    "input_size",
    "conv",
    "width_multiplier",
    "dropout",
)
_builders: Final[dict[str, Callable[..., Network]]] = {}


def register_model(build: Callable[P, Network]) -> Callable[P, Network]:
    """Enter a function that builds a network under the function's name.

    Args:
        build: Function with keyword arguments that all have JSON-able defaults; those
            of `SHARED` that it takes mean the same in every network.

    Returns:
        The same function; its networks have drawn weights and a `config`.

    Raises:
        UsageError: If the name is taken.

    Example:
        >>> from depthwise.nn import mobilenet_v1
        >>> register_model(mobilenet_v1)
        Traceback (most recent call last):
        depthwise.errors.UsageError: model names must be unique; got mobilenet_v1 twice
    """
    name = build.__name__
    if name in _builders:
        raise UsageError(f"model names must be unique; got {name} twice")
    signature = inspect.signature(build)

    @functools.wraps(build)
    def recorded(*args: P.args, **kwargs: P.kwargs) -> Network:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        network = build(*args, **kwargs)
        initialise_(network)
        network.config = _config(name, bound.arguments)
        return network

    _builders[name] = recorded
    return recorded


def list_models(pattern: str = "*") -> list[str]:
    """Name the networks that `create_model` can build.

    Args:
        pattern: Shell pattern that the names must match.

    Returns:
        Names in alphabetical order.

    Example:
        >>> list_models("mobilenet_v1")
        ['mobilenet_v1']
    """
    return sorted(fnmatch.filter(_builders, pattern))


def create_model(
    name: str,
    *,
    num_classes: int | None = None,
    in_chans: int | None = None,
    input_size: int | Sequence[int] | None = None,
    conv: Conv | None = None,
    width_multiplier: float | None = None,
    dropout: float | None = None,
    n_outputs: int | None = None,
    n_chans: int | None = None,
    n_times: int | None = None,
    options: Mapping[str, Json] | None = None,
    features_only: bool = False,
    out_indices: Sequence[int] | None = None,
) -> Network:
    """Build a network by name; None takes the network's own default.

    Args:
        name: One of `list_models()`.
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Input channels or sensors.
        input_size: Samples along each axis of the usual input.
        conv: "separable", "dense" or "blueprint": the same table of rows.
        width_multiplier: Factor on every row's channels.
        dropout: Share set to zero before the classifier in training.
        n_outputs: Another word for num_classes, of sensor libraries.
        n_chans: Another word for in_chans.
        n_times: Another word for input_size with one axis.
        options: Arguments of this network alone, by name.
        features_only: Whether forward returns a list of features of stages.
        out_indices: Which stages those are; None is all of them.

    Returns:
        The network, whose `config` rebuilds it.

    Raises:
        UnknownNameError: If there is no such network or option.
        UsageError: If an argument is given twice, or the network does not take it.

    Example:
        >>> network = create_model("mobilenet_v1", num_classes=4, conv="dense")
        >>> create_model(**network.config).num_classes
        4
    """
    if name not in _builders:
        raise UnknownNameError.of("model", name, _builders)
    build = _builders[name]
    samples = None if n_times is None else (n_times,)
    given = {
        "num_classes": _one("num_classes", num_classes, "n_outputs", n_outputs),
        "in_chans": _one("in_chans", in_chans, "n_chans", n_chans),
        "input_size": _one("input_size", _tuple(input_size), "n_times", samples),
        "conv": conv,
        "width_multiplier": width_multiplier,
        "dropout": dropout,
    }
    arguments = {key: value for key, value in given.items() if value is not None}
    network = build(**_accepted(name, arguments, options or {}))
    if features_only:
        network.keep_features(out_indices)
    return network


def _config(name: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items()}
    shared: dict[str, Json] = {k: plain.pop(k) for k in SHARED if k in plain}
    return {"name": name, **shared, "options": plain}


def _accepted(
    name: str, arguments: Mapping[str, object], options: Mapping[str, Json]
) -> dict[str, object]:
    """Join shared arguments and options, having checked that the network has them."""
    takes = inspect.signature(_builders[name]).parameters
    own = [key for key in takes if key not in SHARED]
    for key in options:
        if key not in own:
            raise UnknownNameError.of(f"option of {name}", key, own)
    for key, value in arguments.items():
        if key not in takes:
            hint = f"it takes {', '.join(takes)}"
            raise UsageError(f"{name} has no {key}; got {key}={value}", hint)
    return {**arguments, **options}


def _one(name: str, value: object, synonym: str, other: object) -> object:
    """Take the one of two words for a thing that was given."""
    if value is not None and other is not None and value != other:
        rule = f"{name} and {synonym} are one thing and must agree"
        raise UsageError(f"{rule}; got {value} and {other}", f"give {name} alone")
    return other if value is None else value


def _tuple(size: int | Sequence[int] | None) -> int | tuple[int, ...] | None:
    return size if size is None or isinstance(size, int) else tuple(size)
