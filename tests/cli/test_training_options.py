"""Every setting of the trainer has its option, and what is parsed reaches it."""

import subprocess
import sys
from dataclasses import fields

import pytest
import typer
from typer.testing import CliRunner

from depthwise.cli.groups import spread
from depthwise.cli.program import app
from depthwise.cli.training_options import TrainingOptions
from depthwise.training import Augmentation, TrainingSettings

SETTINGS = {field.name for field in fields(TrainingSettings)} - {"augmentation"}
STRENGTHS = {field.name for field in fields(Augmentation)}


def parsed(*words: str) -> TrainingSettings:
    """Let the command line's own parser read words; the settings they come to."""
    found = []

    def command(*, training: TrainingOptions) -> None:
        found.append(training.settings())

    program = typer.Typer()
    program.command()(spread(command))
    done = CliRunner().invoke(program, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return found[0]


def test_every_setting_has_an_option() -> None:
    assert {field.name for field in fields(TrainingOptions)} == SETTINGS | STRENGTHS


def test_defaults_are_the_trainers() -> None:
    assert parsed() == TrainingSettings()


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--epochs", "3"], "epochs", 3),
        (["--batch-size", "8"], "batch_size", 8),
        (["--lr", "0.1"], "learning_rate", 0.1),
        (["--learning-rate", "0.1"], "learning_rate", 0.1),
        (["--optimizer", "sgd"], "optimizer", "sgd"),
        (["--momentum", "0.5"], "momentum", 0.5),
        (["--schedule", "constant"], "schedule", "constant"),
        (["--warmup-epochs", "0.5"], "warmup_epochs", 0.5),
        (["--final-ratio", "0.2"], "final_ratio", 0.2),
        (["--gradient-clip", "1"], "gradient_clip", 1.0),
        (["--weight-decay", "0.1"], "weight_decay", 0.1),
        (["--decay-depthwise"], "decay_depthwise", True),
        (["--label-smoothing", "0.1"], "label_smoothing", 0.1),
        (["--class-weights", "balanced"], "class_weights", "balanced"),
        (["--class-weights", "1,2,0.5"], "class_weights", (1.0, 2.0, 0.5)),
        (["--ema-decay", "0.9"], "ema_decay", 0.9),
        (["--freeze-batch-norm"], "freeze_batch_norm", True),
        (["--patience", "4"], "patience", 4),
        (["--seed", "7"], "seed", 7),
        (["--precision", "bfloat16"], "precision", "bfloat16"),
        (["--no-channels-last"], "channels_last", False),
        (["--accelerator", "cpu"], "accelerator", "cpu"),
        (["--devices", "2"], "devices", 2),
        (["--strategy", "ddp"], "strategy", "ddp"),
        (["--threads", "1"], "threads", 1),
        (["--workers", "3"], "loader_threads", 3),
        (["--tensorboard"], "tensorboard", True),
        (["--mixup", "0.2"], "augmentation.mixup", 0.2),
        (["--cutmix", "0.3"], "augmentation.cutmix", 0.3),
        (["--crop", "4"], "augmentation.crop", 4),
        (["--flip", "0.5"], "augmentation.flip", 0.5),
        (["--jitter", "0.05"], "augmentation.jitter", 0.05),
        (["--scale", "0.1"], "augmentation.scale", 0.1),
        (["--time-mask", "0.2"], "augmentation.time_mask", 0.2),
        (["--channel-drop", "0.1"], "augmentation.channel_drop", 0.1),
        (["--rotate", "10"], "augmentation.rotate", 10.0),
        (["--stretch", "0.1"], "augmentation.stretch", 0.1),
    ],
)
def test_a_switch_reaches_its_setting(words, name, value) -> None:
    settings = parsed(*words)
    place, _, inner = name.partition(".")
    found = getattr(settings, place)
    assert (getattr(found, inner) if inner else found) == value
    assert settings != TrainingSettings()


@pytest.mark.parametrize("command", ["train", "twin"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--epochs", "0"], "epochs must be at least 1; got 0"),
        (["--batch-size", "1"], "batch_size must be at least 2; got 1"),
        (["--lr", "-1"], "learning_rate must be greater than 0"),
        (["--lr", "nan"], "learning_rate must be greater than 0"),
        (["--momentum", "1"], "momentum must be in [0, 1)"),
        (["--warmup-epochs", "inf"], "warmup_epochs must be at least 0 and finite"),
        (["--final-ratio", "2"], "final_ratio must be in [0, 1]"),
        (["--gradient-clip", "-1"], "gradient_clip must be at least 0"),
        (["--weight-decay", "-0.1"], "weight_decay must be at least 0"),
        (["--label-smoothing", "1"], "label_smoothing must be in [0, 1)"),
        (["--class-weights", "even"], "class_weights"),
        (["--class-weights", "1,x"], "class_weights must be a word or numbers"),
        (["--class-weights", "0,0"], "class_weights must be 'none'"),
        (["--ema-decay", "1"], "ema_decay must be in [0, 1)"),
        (["--patience", "-1"], "patience must be at least 0"),
        (["--seed", "-1"], "seed must be in"),
        (["--devices", "0"], "devices must be at least 1"),
        (["--devices", "40"], "batch_size must be at least twice devices"),
        (["--threads", "-1"], "threads must be at least 0"),
        (["--workers", "-1"], "loader_threads must be at least 0"),
        (["--mixup", "2"], "mixup must be in [0, 1]"),
        (["--flip", "1.5"], "flip must be in [0, 1]"),
        (["--crop", "-1"], "crop must be a number of at least 0"),
        (["--jitter", "nan"], "jitter must be a number of at least 0"),
        (["--time-mask", "1"], "time_mask must be below 1"),
        (["--channel-drop", "1"], "channel_drop must be below 1"),
        (["--columns", "weight=kg"], "--columns must name"),
        (["--size", "0"], "--size must be one or two positive numbers"),
    ],
)
def test_a_wrong_value_is_one_sentence(command, words, sentence, tmp_path) -> None:
    arguments = [command, "digits-8x8", "-o", str(tmp_path / "out"), *words]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (["--optimizer", "adam"], "sgd"),
        (["--schedule", "linear"], "cosine"),
        (["--precision", "half"], "bfloat16"),
        (["--strategy", "fsdp"], "ddp"),
        (["--accelerator", "tpu"], "gpu"),
        (["--on-bad", "ignore"], "skip"),
        (["--label", "first"], "majority"),
        (["--mode", "CMYK"], "RGB"),
    ],
)
def test_a_wrong_word_names_the_right_ones(words, choices, run_cli) -> None:
    done = run_cli("train", "digits-8x8", "-o", "out", *words)
    assert done.returncode == 2
    assert choices in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_value_costs_no_import_of_torch(cli_env) -> None:
    code = (
        "import sys\n"
        "from depthwise.cli.program import app\n"
        "try:\n"
        "    app(['train', 'digits-8x8', '-o', 'out', '--lr', '0'])\n"
        "except SystemExit as end:\n"
        "    print(end.code, 'torch' in sys.modules, 'lightning' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["2", "False", "False"], done.stderr


@pytest.mark.parametrize("command", ["train", "twin"])
def test_help_groups_the_options_and_ends_with_an_example(command, run_cli) -> None:
    done = run_cli(command, "--help")
    assert done.returncode == 0
    for panel in ("Training", "Optimizer and schedule", "Regularisation", "Machine"):
        assert f" {panel} " in done.stdout
    assert f"Example: depthwise {command} " in done.stdout
    assert "Args:" not in done.stdout
