"""How to train: one option for each of the trainer's settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any, Literal

import typer

_length = partial(typer.Option, rich_help_panel="Training")
_step = partial(typer.Option, rich_help_panel="Optimizer and schedule")
_held = partial(typer.Option, rich_help_panel="Regularisation")
_picture = partial(typer.Option, rich_help_panel="Augmentation of images (0: off)")
_series = partial(typer.Option, rich_help_panel="Augmentation of series (0: off)")
_machine = partial(typer.Option, rich_help_panel="Machine")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Settings of a training run, as options; names and defaults are the trainer's.

    Example:
        >>> TrainingOptions(epochs=3, flip=0.5).settings().augmentation.flip
        0.5
    """

    epochs: Annotated[int, _length(help="Passes over the training part.")] = 15
    batch_size: Annotated[
        int, _length(help="Samples a step, over all processes together.")
    ] = 64
    patience: Annotated[
        int, _length(help="Stop after so many epochs without a better one; 0: never.")
    ] = 0
    seed: Annotated[
        int, _length(help="Of everything random; the first of --seeds.")
    ] = 0
    tensorboard: Annotated[
        bool, _length("--tensorboard", help="Write TensorBoard events too.")
    ] = False

    optimizer: Annotated[
        Literal["adamw", "sgd"], _step(help="sgd has Nesterov momentum.")
    ] = "adamw"
    learning_rate: Annotated[
        float, _step("--learning-rate", "--lr", help="At its peak.")
    ] = 2e-3
    momentum: Annotated[float, _step(help="For sgd.")] = 0.9
    schedule: Annotated[
        Literal["cosine", "constant"], _step(help="After the warm-up.")
    ] = "cosine"
    warmup_epochs: Annotated[
        float, _step(help="Linear warm-up, in epochs; fractions too.")
    ] = 1.0
    final_ratio: Annotated[float, _step(help="Last learning rate over the peak.")] = (
        0.01
    )
    gradient_clip: Annotated[
        float, _step(help="Largest gradient norm; 0: no clipping.")
    ] = 0.0

    weight_decay: Annotated[float, _held(help="Never of biases and norms.")] = 1e-2
    decay_depthwise: Annotated[bool, _held(help="Decay depthwise kernels too.")] = False
    label_smoothing: Annotated[float, _held(help="Share given to all classes.")] = 0.0
    class_weights: Annotated[
        str, _held(help="none, balanced, or a number a class: 1,2,0.5.")
    ] = "none"
    ema_decay: Annotated[
        float, _held(help="Of the moving average of the weights; 0: none.")
    ] = 0.0
    freeze_batch_norm: Annotated[
        bool, _held("--freeze-batch-norm", help="Keep running statistics.")
    ] = False
    mixup: Annotated[float, _held(help="Alpha of mixup, to 1; 0: off.")] = 0.0
    cutmix: Annotated[float, _held(help="Alpha of cutmix, to 1; 0: off.")] = 0.0

    crop: Annotated[int, _picture(help="Pixels of padding before a random crop.")] = 0
    flip: Annotated[float, _picture(help="Probability of a left-right flip.")] = 0.0

    jitter: Annotated[float, _series(help="Deviation of noise on each sample.")] = 0.0
    scale: Annotated[float, _series(help="Deviation of a factor a channel.")] = 0.0
    time_mask: Annotated[float, _series(help="Longest share of time set to 0.")] = 0.0
    channel_drop: Annotated[
        float, _series(help="Probability that a channel is set to 0.")
    ] = 0.0
    rotate: Annotated[
        float, _series(help="Deviation in degrees of turning three-axis sensors.")
    ] = 0.0
    stretch: Annotated[
        float, _series(help="Largest share cut off before drawing out the rest.")
    ] = 0.0

    accelerator: Annotated[
        Literal["auto", "cpu", "gpu"], _machine(help="auto: a GPU if there is one.")
    ] = "auto"
    devices: Annotated[
        int, _machine(help="Processes to train in; torchrun starts its own.")
    ] = 1
    strategy: Annotated[
        Literal["auto", "ddp"], _machine(help="How several processes train.")
    ] = "auto"
    precision: Annotated[
        Literal["float32", "bfloat16", "mixed"],
        _machine(help="mixed: bfloat16 where a GPU has it."),
    ] = "float32"
    channels_last: Annotated[
        bool, _machine(help="Lay images out with channels innermost.")
    ] = True
    threads: Annotated[
        int, _machine(help="Torch threads a process; 0: torch's choice.")
    ] = 0
    loader_threads: Annotated[
        int,
        _machine("--workers", help="Batches read at the same time; 0: none ahead."),
    ] = 1

    def settings(self) -> Any:
        """Turn the options into the trainer's settings.

        Returns:
            The training room's ``TrainingSettings``.

        Raises:
            UsageError: If a value is outside its range; the sentence names it.
        """
        from depthwise.jobs.training_settings import make_settings

        return make_settings(asdict(self))
