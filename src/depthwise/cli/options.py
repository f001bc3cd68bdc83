"""Options that several commands share, each said once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class OnBad(StrEnum):
    """What to do with bad input.

    Example:
        >>> OnBad("skip").value
        'skip'
    """

    FAIL = "fail"
    SKIP = "skip"


Model = Annotated[
    str,
    typer.Argument(
        help="A registered name, a model folder, an .onnx or .pt2 file, or "
        "file.py:factory.",
        show_default=False,
    ),
]
Models = Annotated[
    list[str],
    typer.Argument(
        help="Registered names, model folders, .onnx or .pt2 files, or "
        "file.py:factory; several are laid side by side.",
        show_default=False,
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        help="A registered name (watch, digits, fashion-mnist, basic-motions), a "
        "folder of images or recordings, an .npz, IDX or .ts file.",
        show_default=False,
    ),
]
InputShape = Annotated[
    str | None,
    typer.Option("--input", help="Sizes of one batch: 1,3,224,224.", metavar="N,C,..."),
]
Weights = Annotated[
    Path | None,
    typer.Option(help="A .safetensors or .pth file for a name or a factory."),
]
Conv = Annotated[
    str | None,
    typer.Option(help="separable, dense or blueprint, for a registered name."),
]
Options = Annotated[
    list[str] | None,
    typer.Option("-O", "--option", help="name=value for a registered network."),
]
Threads = Annotated[
    int | None,
    typer.Option(help="Threads that share the work; as many as cores by default."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
OnBadOption = Annotated[
    OnBad,
    typer.Option(help="Refuse bad input, or leave it out and count it."),
]
Trained = Annotated[
    str,
    typer.Option(
        "--model",
        help="A registered name, a model folder, an .onnx or .pt2 file, or "
        "file.py:factory.",
    ),
]
Network = Annotated[str, typer.Option("--model", help="A registered name.")]
Test = Annotated[
    list[str] | None,
    typer.Option(help="A group to hold out, such as a person; repeat it."),
]
Validation = Annotated[
    list[str] | None,
    typer.Option(help="A group to choose the best epoch by; repeat it."),
]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder to write.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what is in OUT.")]
