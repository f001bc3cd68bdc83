"""The bar is seen on a terminal, and nowhere else."""

import io

import pytest

from depthwise.report import progress


def draw(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=60)
    monkeypatch.setattr(progress, "stderr", lambda: console)
    with progress.steps_bar("Tracing") as step:
        step(3, 7)
    return file.getvalue()


def test_a_terminal_sees_steps_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Tracing" in (shown := draw(monkeypatch, terminal=True))
    assert "3/7" in shown


def test_a_file_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert draw(monkeypatch, terminal=False).strip() == ""
