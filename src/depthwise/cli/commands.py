"""The table of commands; help, documentation and tests read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from depthwise.cli import (
    bench,
    cost,
    data,
    demo,
    diagnose,
    doctor,
    explain,
    export,
    inspect,
    models,
    predict,
    prune,
    revive,
    run,
    separate,
    train,
    twin,
    warm,
)


@dataclass(frozen=True)
class Command:
    """One command of the program.

    Args:
        name: The word a user types.
        function: What runs; its signature is the command's options.
        example: A line that works, shown at the end of the help.
    """

    name: str
    function: Callable[..., None]
    example: str


COMMANDS = (
    Command("demo", demo.demo, "depthwise demo"),
    Command("twin", twin.twin, "depthwise twin watch --model sensor_net --seeds 1"),
    Command("train", train.train, "depthwise train watch -o runs/watch"),
    Command("predict", predict.predict, "depthwise predict runs/watch watch --json"),
    Command("cost", cost.cost, "depthwise cost mobilenet_v1 --input 1,3,224,224"),
    Command("explain", explain.explain, "depthwise explain -o explain.html"),
    Command("bench", bench.bench, "depthwise bench sensor_net --input 1,6,128"),
    Command(
        "diagnose",
        diagnose.diagnose,
        "depthwise diagnose runs/watch watch --fail-on 'dead>5%'",
    ),
    Command("prune", prune.prune, "depthwise prune runs/watch watch -o runs/smaller"),
    Command(
        "revive",
        revive.revive,
        "depthwise revive runs/watch watch --observed -o runs/again",
    ),
    Command(
        "separate",
        separate.separate,
        "depthwise separate dense.onnx --budget 0.5 -o separable.onnx",
    ),
    Command("data", data.data, "depthwise data watch --sheet watch.png"),
    Command(
        "export",
        export.export,
        "depthwise export mobilenet_v1 --input 1,3,224,224 -o mobilenet.onnx --check",
    ),
    Command("run", run.run, "depthwise run model.onnx --input x.npy -o y.npy"),
    Command(
        "inspect",
        inspect.inspect,
        "depthwise inspect sensor_net --node 2 --stage loops --stage assembly",
    ),
    Command("warm", warm.warm, "depthwise warm mobilenet_v2 --threads 2"),
    Command("cache", warm.cache, "depthwise cache path"),
    Command("models", models.models, "depthwise models"),
    Command("doctor", doctor.doctor, "depthwise doctor"),
)
