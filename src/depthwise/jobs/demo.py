"""The main job on real recordings: a network and its separable twin, side by side."""

from __future__ import annotations

from pathlib import Path

from depthwise.data import Split, open_data, split_by_group
from depthwise.jobs.experiment import Written, run_experiment
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.twin import TwinPlan

DATA = "watch"
MODEL = "sensor_net"
VALIDATION_PEOPLE = ("8",)
TEST_PEOPLE = ("9", "10")
EPOCHS = 15


def run_demo(folder: Path | None = None, *, progress: bool = True) -> Written:
    """Train ``sensor_net`` dense and separable on the smartwatch recordings.

    Args:
        folder: Where to write; the first free of runs/demo, runs/demo-2 … if None.
        progress: Whether to show progress on stderr.

    Returns:
        The summary and the paths of everything written.

    Raises:
        MissingDependencyError: If the recordings or torch are not installed.
        OutputExistsError: If the folder holds something.

    Source:
        Burns et al. 2018, "Shoulder physiotherapy exercise recognition", the data of
        the package seglearn (BSD-3).
    """
    dataset = open_data(DATA)
    people = {"validation": VALIDATION_PEOPLE, "test": TEST_PEOPLE}
    split: Split = split_by_group(
        dataset, people["test"], validation=people["validation"]
    )
    plan = TwinPlan(
        model=MODEL,
        variants=("dense", "separable"),
        folds={"-".join(TEST_PEOPLE): split},
        seeds=(0,),
        settings=torch_room("training").TrainingSettings(epochs=EPOCHS),
        folder=folder or free_folder(Path("runs/demo")),
        progress=progress,
    )
    return run_experiment(dataset, plan)


def free_folder(wanted: Path) -> Path:
    """Find a folder that holds nothing yet.

    Args:
        wanted: The first choice.

    Returns:
        It, or the same name with -2, -3 …

    Example:
        >>> import tempfile
        >>> free_folder(Path(tempfile.mkdtemp()).parent / "no-such-folder").name
        'no-such-folder'
    """
    candidate, number = wanted, 1
    while candidate.exists() and any(candidate.iterdir()):
        number += 1
        candidate = wanted.with_name(f"{wanted.name}-{number}")
    return candidate
