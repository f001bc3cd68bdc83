"""Channel health while a network trains, in our loop and in Lightning's Trainer."""

import csv
import warnings

import numpy as np
import pytest
import torch
from lightning import pytorch as pl
from torch import nn

from depthwise.data import Dataset, Split
from depthwise.diagnosis import diagnose_graph
from depthwise.errors import DataError
from depthwise.jobs.fit import Plan, fit
from depthwise.jobs.health import inspector
from depthwise.training import (
    Alarm,
    ChannelHealth,
    EpochEnd,
    EpochRow,
    HealthLog,
    LayerHealth,
    TrainingSettings,
    seeded,
)
from depthwise.training.health import alarms_of, health_line


class Functional(nn.Module):
    """Two layers with activations that are no modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(2, 6, 3, padding=1)
        self.second = nn.Conv1d(6, 6, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = torch.relu(self.first(x))
        return torch.relu(inner + self.second(inner)).mean(dim=2)


def made() -> Functional:
    with seeded(0):
        network = Functional()
    with torch.no_grad():
        network.first.weight[1] = 0
        network.first.bias[1] = -1
        network.first.weight[4] = 2 * network.first.weight[0]
        network.first.bias[4] = 2 * network.first.bias[0]
    return network


def samples(count: int = 40) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.standard_normal((count, 2, 16)).astype("float32")


def test_it_sees_what_diagnose_sees_and_follows_the_weights():
    network, look = made(), inspector(samples())
    first, second = look(network)
    assert (first.layer, first.channels) == ("first", 6)
    assert first.dead_share == pytest.approx(1 / 6)
    told = diagnose_graph(look.graph, [samples()])
    assert first.effective_rank == pytest.approx(told.layers[0].rank, rel=1e-4)
    assert second.correlation == pytest.approx(
        told.layers[1].statistics.mean_absolute_correlation, rel=1e-4
    )
    with torch.no_grad():
        network.first.bias[:] = -100
    assert look(network)[0].dead_share == 1
    assert network.training


def test_no_sample_is_refused():
    with pytest.raises(DataError, match="one sample or more; got none"):
        inspector(samples(0))


def test_alarms_name_the_worst_thing_of_a_layer():
    layers = [
        LayerHealth("fine", 8, 0.0, 0.2, 6.0),
        LayerHealth("dead", 8, 0.5, 0.9, 0.1),
        LayerHealth("alike", 8, 0.0, 0.9, 6.0),
        LayerHealth("flat", 80, 0.0, float("nan"), 1.0),
    ]
    found = dict(alarms_of(layers, Alarm()))
    assert list(found) == ["dead", "alike", "flat"]
    assert "50 % of channels are dead" in found["dead"]
    assert "mean |ρ| 0.90" in found["alike"]
    assert "1.0 directions of 80" in found["flat"]
    assert health_line(layers[:1]) == "dead 0.0 %  |ρ| 0.20  rank 75 %"


def toy() -> tuple[Dataset, Split]:
    x = samples(48)
    labels = (x.mean(axis=(1, 2)) > 0).astype(np.int64)
    data = Dataset(x, labels, ("low", "high"), ("a", "b"), "toy")
    rows = np.arange(48)
    return data, Split(rows[:32], rows[32:40], rows[40:])


def trained(folder, *, diagnose: bool):
    data, parts = toy()
    settings = TrainingSettings(epochs=2, batch_size=8, threads=1)
    plan = Plan("sensor_net", "separable", settings, folder, diagnose=diagnose)
    return fit(data, parts, plan)


def test_a_run_logs_every_layer_shows_the_line_and_ends_with_the_same_bits(
    tmp_path, capfd
):
    with_it = trained(tmp_path / "a", diagnose=True)
    printed = capfd.readouterr().err
    lines = [line for line in printed.splitlines() if line.startswith("epoch")]
    assert len(lines) == 2
    assert all("|ρ|" in line and "rank" in line for line in lines)
    with (tmp_path / "a" / "health.csv").open() as file:
        rows = list(csv.DictReader(file))
    layers = {row["layer"] for row in rows}
    assert {"stem.conv", "stages.1.0.pointwise"} <= layers
    assert len(rows) == 2 * len(layers)
    assert all(0 <= float(row["dead_share"]) <= 1 for row in rows)
    without = trained(tmp_path / "b", diagnose=False)
    assert not (tmp_path / "b" / "health.csv").exists()
    assert with_it.training.rows == without.training.rows


class Task(pl.LightningModule):
    """What somebody trains with Lightning's own Trainer."""

    def __init__(self, rate: float = 1e-3) -> None:
        super().__init__()
        self.net, self.rate = made(), rate

    def training_step(self, batch, _index):
        x = batch[0].to(self.net.first.weight.dtype)
        return nn.functional.cross_entropy(self.net(x), batch[1])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.rate)


def with_trainer(task: Task, folder, **options):
    """Train for two epochs; give what was logged, and what was warned of."""
    x = torch.from_numpy(samples())
    data = torch.utils.data.TensorDataset(x, torch.arange(40) % 6)
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=[ChannelHealth(inspector(samples()), network="net")],
        **options,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(task, torch.utils.data.DataLoader(data, batch_size=20))
    return trainer, [str(warning.message) for warning in caught]


def test_lightnings_trainer_logs_it_and_warns_once(tmp_path):
    trainer, messages = with_trainer(Task(), tmp_path)
    logged = trainer.callback_metrics
    assert logged["health/dead_share"] == pytest.approx(1 / 12)
    assert logged["health/first/dead_share"] == pytest.approx(1 / 6)
    assert "health/second/effective_rank" in logged
    assert set(trainer.progress_bar_metrics) == {"dead", "|ρ|", "rank"}
    (sentence,) = [text for text in messages if "channels are dead" in text]
    assert sentence.startswith("epoch 0, first: 17 % of channels are dead: a lower")


@pytest.mark.parametrize("keep", [0, 5, -3, None])
def test_a_line_that_a_kill_cut_off_is_not_built_upon(tmp_path, keep):
    layers = [LayerHealth("conv", 8, 0.25, 0.1, 4.0)]
    log = HealthLog(lambda _: layers, tmp_path)
    end = EpochEnd(EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9), nn.ReLU(), best=True)
    log(end)
    path = tmp_path / "health.csv"
    whole = path.read_text()
    path.write_text(whole[:keep])
    log(end)
    head, row = whole.splitlines()
    assert path.read_text().splitlines() == [head, row] + [row] * (keep is None)


def test_weights_in_bfloat16_are_looked_at_too(tmp_path):
    trainer, _ = with_trainer(Task(), tmp_path, precision="bf16-true")
    assert trainer.callback_metrics["health/dead_share"] == pytest.approx(1 / 12)


def test_a_training_that_diverges_is_told_and_goes_on(tmp_path):
    task = Task()
    with torch.no_grad():
        task.net.first.weight[0] = float("nan")
    trainer, messages = with_trainer(task, tmp_path)
    assert trainer.current_epoch == 2
    told = [text for text in messages if "must be finite" in text]
    assert told[0].startswith("epoch 0: layer first must be finite; got NaN")
