"""Models from the user's code, and weights from files that run nothing."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from depthwise.bridge import load_factory, load_weights
from depthwise.errors import FormatError, UnknownNameError, UsageError

CODE = """
from torch import nn
from beside import WIDTH

net = nn.Linear(WIDTH, 2)

def make():
    return nn.Sequential(nn.Linear(WIDTH, 2))

def needs(width):
    return nn.Linear(width, 2)

def number():
    return 3

class Holder:
    net = nn.ReLU
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "beside.py").write_text("WIDTH = 4")
    path = tmp_path / "models_of_mine.py"
    path.write_text(CODE)
    return path


def test_a_function_a_class_and_a_module_make_modules(code: Path) -> None:
    assert load_factory(f"{code}:make")[0].in_features == 4
    assert isinstance(load_factory(f"{code}:Holder.net"), nn.ReLU)
    assert load_factory(f"{code}:net").out_features == 2
    assert isinstance(load_factory("torch.nn:Identity"), nn.Identity)


def test_what_makes_no_module_is_one_sentence(
    code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownNameError, match="did you mean make"):
        load_factory(f"{code}:mak")
    with pytest.raises(UsageError, match="called without arguments"):
        load_factory(f"{code}:needs")
    with pytest.raises(UsageError, match="made a int"):
        load_factory(f"{code}:number")
    with pytest.raises(UsageError, match="must exist"):
        load_factory(f"{tmp_path / 'absent.py'}:make")
    (tmp_path / "raising_package.py").write_text("raise RuntimeError('on purpose')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="raising_package failed: on purpose"):
        load_factory("raising_package:net")
    with pytest.raises(UsageError, match="must be importable"):
        load_factory("no_such_package.models:make")
    with pytest.raises(UsageError, match=r"file.py:name"):
        load_factory("just_a_name")
    (tmp_path / "broken.py").write_text("1 / 0")
    with pytest.raises(UsageError, match="division by zero"):
        load_factory(f"{tmp_path / 'broken.py'}:make")


def check_loads(path: Path, saved: nn.Module) -> None:
    """A fresh module filled from the file equals the one that was saved."""
    fresh = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    load_weights(fresh, path)
    for name, tensor in saved.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], tensor)


def net() -> nn.Module:
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    module[1].running_mean.fill_(0.25)
    return module


def test_both_formats_nests_and_wrappers_load(tmp_path: Path) -> None:
    saved, path = net(), tmp_path / "net.safetensors"
    save_file(saved.state_dict(), path)
    check_loads(path, saved)
    state = saved.state_dict()
    wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
    for held in (state, {"state_dict": state, "epoch": 3}, {"model": wrapped}):
        torch.save(held, tmp_path / "net.pth")
        check_loads(tmp_path / "net.pth", saved)


def test_check_loads_can_fail(tmp_path: Path) -> None:
    torch.save(net().state_dict(), tmp_path / "net.pth")
    with pytest.raises(AssertionError):
        check_loads(tmp_path / "net.pth", net())


def test_names_and_shapes_that_do_not_fit_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({f"body.{n}": t for n, t in net().state_dict().items()}, path)
    with pytest.raises(FormatError, match="6 are missing, 7 are left over") as caught:
        load_weights(net(), path)
    assert "begin with 'body.'" in caught.value.hint
    torch.save(nn.Sequential(nn.Linear(5, 2), nn.BatchNorm1d(2)).state_dict(), path)
    with pytest.raises(
        FormatError, match=r"0.weight has \(2, 5\), the module \(2, 3\)"
    ):
        load_weights(net(), path)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("owned"),))  # type: ignore[return-value]


def test_pickled_objects_are_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Evil()}, "evil.pth")
    with pytest.raises(FormatError, match="must hold tensors"):
        load_weights(net(), Path("evil.pth"))
    assert not Path("owned").exists()
    Path("net.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(FormatError, match="must be a safetensors file"):
        load_weights(net(), Path("net.safetensors"))
    with pytest.raises(FormatError, match="must exist"):
        load_weights(net(), Path("absent.pth"))
