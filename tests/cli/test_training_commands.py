"""``train`` and ``predict`` as a person uses them, on recordings with flaws."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")
SPEEDS = {"rest": 0.2, "run": 3.0}
PICKLED = b"\x80"  # the first byte of every pickle since protocol 2
SHORT = ("--window", "32", "--epochs", "2", "--threads", "1")
EVERYTHING = (
    *("--jitter", "0.1", "--scale", "0.1", "--time-mask", "0.1", "--stretch", "0.1"),
    *("--channel-drop", "0.1", "--rotate", "10", "--mixup", "0.2", "--cutmix", "0"),
    *("--ema-decay", "0.5", "--label-smoothing", "0.1", "--class-weights", "balanced"),
    *("--gradient-clip", "1", "--optimizer", "sgd", "--lr", "0.05", "--tensorboard"),
)


def write_recording(path: Path, speed: float, person: str, seed: int) -> None:
    draw = np.random.default_rng(seed)
    time = np.arange(160) / 50
    phases = draw.uniform(0, 6, size=(6, 1))
    waves = np.sin(2 * np.pi * speed * time + phases) + draw.normal(0, 0.2, (6, 160))
    rows = [
        ",".join([f"{t:.2f}", *(f"{v:.3f}" for v in sample), person])
        for t, sample in zip(time, waves.T, strict=True)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([",".join(("time", *CHANNELS, "person")), *rows]))


@pytest.fixture(scope="module")
def moves(tmp_path_factory) -> Path:
    """Two classes, four people, one recording each."""
    folder = tmp_path_factory.mktemp("data") / "moves"
    for seed, person in enumerate("abcd"):
        for label, speed in SPEEDS.items():
            write_recording(folder / label / f"{person}.csv", speed, person, seed)
    return folder


@pytest.fixture(scope="module")
def trained(run_cli, moves, tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("runs") / "run"
    words = ("-o", out, *SHORT, *EVERYTHING, "--test", "c,d", "--json")
    done = run_cli("train", moves, *words)
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_everything_is_scored(trained) -> None:
    out, summary = trained
    for part in ("windows", "recordings"):
        scores = summary["test"][part]
        assert set(scores["f1"]) == {"rest", "run"}
        assert 0 <= scores["calibration_error"] <= 1
        within = scores["intervals"]["accuracy"]
        assert within["low"] <= scores["accuracy"] <= within["high"]
        assert np.sum(scores["confusion"]) == scores["examples"]
    assert set(summary["test"]["groups"]) == {"c", "d"}
    assert summary["settings"]["augmentation"]["rotate"] == 10.0
    assert any((out / "tensorboard").iterdir())
    files = [path for path in out.rglob("*") if path.is_file()]
    assert not [path for path in files if path.read_bytes()[:1] == PICKLED]


def test_labelled_data_are_read_as_the_model_learned_them(
    run_cli, trained, moves
) -> None:
    words = ("--labels", "--probabilities")
    done = run_cli("predict", trained[0] / "model", moves, *words)
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    assert len(rows) == 8 * 9
    places = [row["source"].rpartition(":") for row in rows]
    names = {Path(name).name for name, _, _ in places}
    assert names == {f"{person}.csv:{person}" for person in "abcd"}
    assert len(set(places)) == len(rows)
    assert places[0][2] == "32"
    for row in rows:
        chances = [float(row[f"p({name})"]) for name in SPEEDS]
        assert sum(chances) == pytest.approx(1, abs=2e-4)
        assert float(row["probability"]) == max(chances)
    right = sum(row["label"] == row["truth"] for row in rows)
    assert f"{right} of 72 agree" in done.stderr


def test_broken_samples_are_refused_or_left_out(run_cli, trained, tmp_path) -> None:
    inputs = np.zeros((3, 6, 32), np.float32)
    inputs[1, 2, 3] = np.nan
    path = tmp_path / "a.npy"
    np.save(path, inputs)
    refused = run_cli("predict", trained[0] / "model", path)
    assert refused.returncode == 1
    assert "a.npy sample 1: samples must be finite" in refused.stderr
    assert refused.stdout == ""
    done = run_cli("predict", trained[0] / "model", path, "--on-bad", "skip")
    assert [row["source"] for row in rows_of(done.stdout)] == ["0", "2"]
    assert "2 read, 1 skipped" in done.stderr


Live = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def live(trained, cli_env) -> Live:
    def run(rows: Iterable[str], *words: str) -> subprocess.CompletedProcess[str]:
        model = trained[0] / "model"
        return subprocess.run(
            [sys.executable, "-m", "depthwise", "predict", model, "-", *words],
            input="\n".join(rows),
            env=cli_env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


ROWS = ["0,1,2,3,4,5"] * 40


def test_a_stream_is_labelled_and_summed_up(live: Live) -> None:
    done = live([*ROWS, "0,1,nan,3,4,5", *ROWS], "--hop", "4", "--on-bad", "skip")
    sources = [row["source"] for row in rows_of(done.stdout)]
    assert sources == ["32", "36", "40", "73", "77", "81"]
    assert "81 rows, 1 skipped, 6 windows; the first skipped: row 41" in done.stderr
    refused = live([*ROWS, "0,1,nan,3,4,5"])
    assert refused.returncode == 1
    assert "row 41" in refused.stderr
    short = live(ROWS[:9], "--json")
    assert short.stdout == ""
    assert "9 rows, 0 skipped, 0 windows; a window needs 32 rows" in short.stderr


def test_a_class_that_training_never_sees(run_cli, moves, tmp_path) -> None:
    folder = tmp_path / "more"
    for path in moves.glob("*/*.csv"):
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        (folder / path.parent.name / path.name).write_text(path.read_text())
    write_recording(folder / "jump" / "d.csv", 9.0, "d", 9)
    words = (folder, "-o", tmp_path / "run", *SHORT, "--test", "d")
    refused = run_cli("train", *words)
    assert refused.returncode == 1
    assert "must be seen in training; got 9 samples of ['jump']" in refused.stderr
    assert not (tmp_path / "run").exists()
    done = run_cli("train", *words, "--on-bad", "skip", "--json")
    assert done.returncode == 0, done.stderr
    assert "9 samples of ['jump']" in done.stderr
    summary = json.loads(done.stdout)
    assert summary["test"]["windows"]["examples"] == 18
    assert summary["split"]["test"] == 18
    assert "['jump']" in summary["split"]["notes"][0]
    assert summary["data"]["read"] == 9
    assert summary == json.loads((tmp_path / "run/scores.json").read_text())


def test_a_full_disk_is_one_sentence_and_the_run_goes_on(
    moves, tmp_path, cli_env, run_cli
) -> None:
    words = ("train", str(moves), "-o", str(tmp_path / "run"), *SHORT)
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))\n"
        "from depthwise.cli.program import app\n"
        f"app({list(words)!r})\n"
    )
    command = [sys.executable, "-c", code]
    full = subprocess.run(
        command, env=cli_env, capture_output=True, text=True, check=False
    )
    assert full.returncode == 1
    assert "report.html must be usable; got File too large" in full.stderr
    assert "free some space; --resume goes on" in full.stderr
    assert "Traceback" not in full.stderr
    assert not [path for path in (tmp_path / "run").rglob("*") if path.name[0] == "."]
    metrics = (tmp_path / "run/metrics.csv").read_bytes()
    done = run_cli(*words, "--resume")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run/metrics.csv").read_bytes() == metrics
    assert (tmp_path / "run/report.html").exists()


@pytest.mark.parametrize("devices", ["1", "2"])
def test_ctrl_c_says_how_to_go_on_and_leaves_what_it_needs(
    devices: str, moves, tmp_path, cli_env, run_cli
) -> None:
    folder = tmp_path / "run"
    words = ["train", str(moves), "-o", str(folder), *SHORT, "--devices", devices]
    words[words.index("--epochs") + 1] = "400"
    code = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from depthwise.cli.program import app\n"
        f"if __name__ == '__main__': app({words!r})\n"
    )
    script = tmp_path / "program.py"
    script.write_text(code)
    started = subprocess.Popen(
        [sys.executable, script],
        env=cli_env,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (folder / "checkpoint.pt").exists() and started.poll() is None:
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=120)
    assert started.returncode == 130, said
    assert said.endswith("stopped; the same command with --resume goes on\n")
    assert "Traceback" not in said
    done = run_cli(*words, "--patience", "1", "--resume")
    assert "its own settings; got patience=1" in done.stderr


def test_what_cannot_be_written_or_resumed_is_one_sentence(
    run_cli, trained, moves, tmp_path
) -> None:
    (tmp_path / "file").write_text("")
    out, _ = trained
    for words, sentence in (
        (("-o", tmp_path / "file"), "file must be usable; got"),
        (("-o", out, "--resume", "--model", "eegnet"), "its own network"),
    ):
        done = run_cli("train", moves, *words, *SHORT)
        assert done.returncode == 1, done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_processes_of_torchrun_print_one_outcome(moves, tmp_path, cli_env) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [
            *(*command, "--nproc-per-node", "2", "-m", "depthwise", "train"),
            *(moves, "-o", tmp_path / "run", *SHORT, "--json"),
        ],
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["processes"] == 2
    assert len((tmp_path / "run/metrics.csv").read_text().splitlines()) == 3
