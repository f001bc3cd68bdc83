"""The room's names load on first use, and metrics need no torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from depthwise import training


@pytest.mark.parametrize("name", sorted(training.HOMES))
def test_every_name_is_where_the_table_says(name: str) -> None:
    value = getattr(training, name)
    assert callable(value)
    assert value.__module__ == f"depthwise.training.{training.HOMES[name]}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert "train" in dir(training)
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        training.trian  # noqa: B018 - the access is the test


def test_settings_and_metrics_import_no_torch(cli_env) -> None:
    code = (
        "from depthwise.training import TrainingSettings, score, by_recording;"
        "from depthwise.training import bootstrap; import sys;"
        "sys.exit('torch' in sys.modules or 'lightning' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=cli_env, check=False)
    assert done.returncode == 0
