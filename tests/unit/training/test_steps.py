"""The parts of a step: schedule, decay, loss, class weights, average, batches."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest
import torch
from tests.unit.training.small import Digits, small_net
from torch import nn
from torch.nn import functional

from depthwise.nn import SeparableConv1d
from depthwise.training import Augmentation, TrainingSettings
from depthwise.training.averaging import WeightAverage
from depthwise.training.batches import Feed, ReadAhead, ordered, steps
from depthwise.training.optimizer import depthwise_kernels, make_optimizer
from depthwise.training.schedule import learning_rate
from depthwise.training.task import Tensors, class_weights, loss_sum


def test_warm_up_is_straight_and_cosine_ends_low() -> None:
    plan = TrainingSettings(
        epochs=5, warmup_epochs=0.5, learning_rate=0.4, final_ratio=0.1
    )
    rates = [learning_rate(plan, step, 8) for step in range(40)]
    assert rates[:4] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    for step in range(4, 40):
        fall = (1 + math.cos(math.pi * (step - 4) / 35)) / 2
        assert rates[step] == pytest.approx(0.04 + 0.36 * fall)
    assert rates[-1] == pytest.approx(0.04)


def test_constant_schedule() -> None:
    plan = TrainingSettings(schedule="constant", warmup_epochs=0.0)
    assert {learning_rate(plan, step, 3) for step in range(9)} == {plan.learning_rate}


@pytest.mark.parametrize("decay_depthwise", [False, True])
def test_what_decays(decay_depthwise: bool) -> None:
    conv = SeparableConv1d(4, 8, 3)
    net = nn.Sequential(conv, nn.BatchNorm1d(8), nn.Flatten(), nn.Linear(8, 2))
    plan = TrainingSettings(
        optimizer="sgd", weight_decay=0.5, decay_depthwise=decay_depthwise
    )
    before = {name: value.clone() for name, value in net.named_parameters()}
    optimizer = make_optimizer(net, plan)
    for parameter in net.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = {
        name
        for name, value in net.named_parameters()
        if not torch.equal(value, before[name])
    }
    wanted = {"0.pointwise.weight", "3.weight"}
    assert moved == wanted | ({"0.depthwise.weight"} if decay_depthwise else set())


def test_depthwise_kernels_are_told_from_grouped_ones() -> None:
    net = nn.Sequential(
        nn.Conv2d(4, 8, 3, groups=4), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(1, 8, 3)
    )
    assert depthwise_kernels(net) == {id(net[0].weight)}


def tensors(labels, partners=None, shares=None) -> Tensors:
    own = torch.tensor(labels)
    other = own if partners is None else torch.tensor(partners)
    share = torch.ones(len(own)) if shares is None else torch.tensor(shares)
    return Tensors(torch.zeros(1), own, other, share)


def test_loss_is_torchs_weighted_cross_entropy() -> None:
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    labels, weights = [0, 2, 1, 1, 0, 2], torch.tensor([1.0, 2.0, 0.5])
    batch = tensors(labels)
    ours = loss_sum(logits, batch, weights, 0.0) / weights[batch.labels].sum()
    wanted = functional.cross_entropy(logits, batch.labels, weight=weights)
    assert ours == pytest.approx(float(wanted), rel=1e-6)


def test_smoothing_and_mixing_are_soft_targets() -> None:
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    batch = tensors([0, 1, 2, 0], [1, 1, 0, 2], [0.75, 1.0, 0.5, 0.0])
    hard = functional.one_hot(batch.labels, 3) * batch.shares[:, None]
    hard = hard + functional.one_hot(batch.partners, 3) * (1 - batch.shares[:, None])
    soft = 0.9 * hard + 0.1 / 3
    wanted = -(soft * functional.log_softmax(logits, dim=1)).sum()
    ours = loss_sum(logits, batch, torch.ones(3), 0.1)
    assert ours == pytest.approx(float(wanted), rel=1e-6)


def test_balanced_weights_even_the_classes_out() -> None:
    labels = np.repeat([0, 1, 2], [80, 15, 5])
    weights = class_weights(TrainingSettings(class_weights="balanced"), labels, 4)
    assert (weights[:3] * [80, 15, 5]) == pytest.approx(100 / 3)
    assert weights[3] == 0
    given = class_weights(TrainingSettings(class_weights=(1.0, 2.0)), labels, 2)
    assert given.tolist() == [1.0, 2.0]


def test_average_follows_its_formula() -> None:
    net = small_net()
    average = WeightAverage(net, 0.5)
    name = "8.weight"
    wanted = net.state_dict()[name].clone()
    for update in range(1, 8):
        with torch.no_grad():
            net.get_parameter(name).add_(1.0)
        average.update(net)
        decay = min(0.5, (1 + update) / (10 + update))
        wanted = decay * wanted + (1 - decay) * net.state_dict()[name]
        assert torch.allclose(average.module.state_dict()[name], wanted, atol=1e-6)
    assert not any(p.requires_grad for p in average.module.parameters())


@pytest.mark.parametrize(("count", "size"), [(2, 2), (10, 4), (65, 64), (300, 32)])
def test_batches_are_even_and_hold_everything_once(count: int, size: int) -> None:
    plan = TrainingSettings(batch_size=size)
    part = np.arange(count) * 7
    batches = ordered(part, plan, 1)
    sizes = [len(batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= size
    assert len(batches) == steps(count, plan)
    assert sorted(np.concatenate(batches)) == part.tolist()


def test_each_epoch_and_seed_has_its_order() -> None:
    part = np.arange(50)
    orders = {
        tuple(np.concatenate(ordered(part, TrainingSettings(seed=seed), epoch)))
        for seed in (0, 1)
        for epoch in (1, 2, 3)
    }
    assert len(orders) == 6


@pytest.mark.parametrize("mixing", [{}, {"mixup": 0.5}])
def test_slices_make_up_the_batch(digits, mixing) -> None:
    plan = TrainingSettings(augmentation=Augmentation(crop=1, **mixing))
    weights = np.linspace(1, 2, 10).astype(np.float32)
    batch = np.arange(31)
    whole = Feed(digits, None, plan, weights).training(batch, 3)
    parts = [Feed(digits, None, plan, weights, rank, 3) for rank in range(3)]
    slices = [feed.training(batch, 3) for feed in parts]
    for field in ("inputs", "labels", "partners", "shares"):
        joined = np.concatenate([getattr(piece, field) for piece in slices])
        assert np.array_equal(joined, getattr(whole, field)), field
    assert {piece.weight for piece in slices} == {whole.weight}
    own, other = weights[whole.labels], weights[whole.partners]
    share = whole.shares.astype(np.float64)
    assert whole.weight == pytest.approx((share * own + (1 - share) * other).sum())


def test_unmixed_batches_are_the_data(digits: Digits) -> None:
    feed = Feed(digits, None, TrainingSettings(), np.ones(10, np.float32))
    batch = feed.training(np.array([5, 3]), 1)
    assert np.array_equal(batch.inputs, digits.inputs[[5, 3]])
    assert batch.labels.tolist() == digits.labels[[5, 3]].tolist()


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_reading_ahead_keeps_the_order(threads: int) -> None:
    def make(number: int):
        def call() -> int:
            time.sleep(0.002 * (number % 3))
            return number

        return call

    ahead = ReadAhead([make(number) for number in range(20)], threads=threads)
    assert list(ahead) == list(range(20))
    assert ahead.waited > 0


def test_reading_ahead_is_bounded_and_ends_with_its_user() -> None:
    made = []

    def make(number: int):
        return lambda: made.append(number)

    ahead = iter(ReadAhead([make(number) for number in range(100)], threads=2))
    next(ahead)
    time.sleep(0.05)
    assert len(made) <= 5
    before = threading.active_count()
    ahead.close()
    assert threading.active_count() < before


def test_an_error_while_reading_reaches_the_user() -> None:
    def fail() -> int:
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        list(ReadAhead([fail], threads=1))
