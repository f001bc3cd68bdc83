"""The program: its commands, and how an error becomes a sentence and an exit code."""

from __future__ import annotations

import errno
import functools
import inspect
from collections.abc import Callable
from typing import Annotated

import typer

from depthwise.cli.commands import COMMANDS
from depthwise.cli.groups import spread
from depthwise.errors import DepthwiseError
from depthwise.version import __version__

# What a shell says of a program that Ctrl-C ended: 128 and the signal.
INTERRUPTED = 130

app = typer.Typer(
    name="depthwise",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Depthwise separable CNNs: build, count, train, diagnose, separate, run.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"depthwise {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Depthwise separable CNNs: build, count, train, diagnose, separate, run."""


def _in_sentences(function: Callable[..., None]) -> Callable[..., None]:
    """Turn an error of ours into its sentence and its exit code."""

    @functools.wraps(function)
    def wrapped(*arguments: object, **options: object) -> None:
        try:
            function(*arguments, **options)
        except DepthwiseError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            if error.filename is None or error.errno == errno.EPIPE:
                raise
            typer.echo(f"error: {_unusable(error)}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            further = "; the same command with --resume goes on"
            typer.echo(f"\nstopped{further if 'resume' in options else ''}", err=True)
            raise typer.Exit(INTERRUPTED) from None

    return wrapped


def _unusable(error: OSError) -> str:
    """Name the file that could not be read or written, and what to do about it."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    hint = "\nhint: free some space; --resume goes on with a run" if full else ""
    return f"{error.filename} must be usable; got {error.strerror}{hint}"


def _help(function: Callable[..., None]) -> str:
    """What a command does; its options explain themselves."""
    return (inspect.getdoc(function) or "").partition("\n\nArgs:")[0]


for _command in COMMANDS:
    _register = app.command(
        _command.name,
        help=_help(_command.function),
        epilog=f"Example: {_command.example}",
    )
    _register(_in_sentences(spread(_command.function)))


def main() -> None:
    """Run the command line and leave with its exit code.

    Example:
        >>> callable(main)
        True
    """
    app()
