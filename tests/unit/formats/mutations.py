"""Damage valid files in every way that still looks like a file; load what results.

Run as a program it prints one JSON line: how many loaded, how many were refused, what
else happened, the longest time and the most memory. It is its own process so that a
crash, a hang or a hunger for memory is seen and stops nothing else.
"""

import json
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import onnx

from depthwise.errors import DepthwiseError
from depthwise.formats import load_onnx
from depthwise.formats.onnx_file import UNEXPECTED

MEMORY = 3 * 2**30
SECONDS_A_FILE = 20
NUMBERS = (0, 1, -1, 2, 7, 255, 2**15, 2**31 - 1, 2**31, 2**32, 2**62, -(2**63))
FLOATS = (0.0, -1.0, 1e-38, 1e38, float("inf"), float("nan"))
WORDS = ("", "x", "y", "SAME_UPPER", "linear", "reflect", "é" * 50, "a" * 10_000)
NUMERIC = (onnx.AttributeProto.INT, onnx.AttributeProto.INTS)


def flip(data: bytes, rng: random.Random) -> bytes:
    """Change a few bytes."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        result[rng.randrange(len(result))] = rng.choice(
            (0, 1, 127, 128, 255, rng.randrange(256))
        )
    return bytes(result)


def cut(data: bytes, rng: random.Random) -> bytes:
    """Lose the end."""
    return data[: rng.randrange(len(data))]


def drop(data: bytes, rng: random.Random) -> bytes:
    """Lose a piece in the middle."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, 40) :]


def repeat(data: bytes, rng: random.Random) -> bytes:
    """Repeat a piece."""
    start = rng.randrange(len(data))
    piece = data[start : start + rng.randrange(1, 400)]
    return data[:start] + piece * rng.choice((2, 3, 50)) + data[start + len(piece) :]


def insert(data: bytes, rng: random.Random) -> bytes:
    """Insert noise."""
    start = rng.randrange(len(data))
    return data[:start] + rng.randbytes(rng.randrange(1, 20)) + data[start:]


def rewrite(data: bytes, rng: random.Random) -> bytes:
    """Keep the file well formed and change what it says."""
    model = onnx.ModelProto.FromString(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(REWRITES)(model, rng)
    return bytes(model.SerializeToString())


def _attribute(model: onnx.ModelProto, rng: random.Random) -> None:
    node = rng.choice(model.graph.node)
    if not node.attribute:
        return
    attribute = rng.choice(node.attribute)
    attribute.i = rng.choice(NUMBERS)
    attribute.f = rng.choice(FLOATS)
    attribute.s = rng.choice(WORDS).encode()
    if rng.random() < 0.2:
        attribute.type = rng.randrange(15)
    for index in range(len(attribute.ints)):
        if rng.random() < 0.5:
            attribute.ints[index] = rng.choice(NUMBERS)
    if rng.random() < 0.2:
        attribute.ints.append(rng.choice(NUMBERS))


def _tensor(model: onnx.ModelProto, rng: random.Random) -> None:
    tensors = [*model.graph.initializer]
    tensors += [a.t for n in model.graph.node for a in n.attribute if a.HasField("t")]
    if not tensors:
        return
    tensor = rng.choice(tensors)
    if rng.random() < 0.4 and tensor.data_type == onnx.TensorProto.INT64:
        count = max(len(tensor.raw_data) // 8, 1)
        values = [rng.choice(NUMBERS) % 2**64 for _ in range(count)]
        tensor.raw_data = b"".join(v.to_bytes(8, "little") for v in values)
    elif rng.random() < 0.5 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(NUMBERS)
    else:
        tensor.data_type = rng.randrange(24)


def _wiring(model: onnx.ModelProto, rng: random.Random) -> None:
    node, other = rng.choice(model.graph.node), rng.choice(model.graph.node)
    names = [*other.input, *other.output, "", "nowhere"]
    if node.input and rng.random() < 0.6:
        node.input[rng.randrange(len(node.input))] = rng.choice(names)
    elif rng.random() < 0.5:
        node.input.append(rng.choice(names))
    else:
        node.output[0] = rng.choice(names)


def _operator(model: onnx.ModelProto, rng: random.Random) -> None:
    from depthwise.graph import OPERATORS

    rng.choice(model.graph.node).op_type = rng.choice(sorted(OPERATORS))


def _shape(model: onnx.ModelProto, rng: random.Random) -> None:
    value = rng.choice([*model.graph.input, *model.graph.output])
    dims = value.type.tensor_type.shape.dim
    if dims and rng.random() < 0.8:
        dims[rng.randrange(len(dims))].dim_value = rng.choice(NUMBERS)
    else:
        value.type.tensor_type.elem_type = rng.randrange(24)


def _opset(model: onnx.ModelProto, rng: random.Random) -> None:
    model.opset_import[0].version = rng.randrange(6, 23)


REWRITES = (_attribute, _attribute, _tensor, _wiring, _operator, _shape, _opset)
DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip,
    cut,
    drop,
    repeat,
    insert,
    rewrite,
    rewrite,
    rewrite,
)


def mutants(seeds: list[bytes], count: int, first: int) -> Iterator[tuple[int, bytes]]:
    """Number and content of each damaged file; a number tells it all."""
    for number in range(first, first + count):
        rng = random.Random(number)  # noqa: S311 - repeatable, no secret
        data = rng.choice(seeds)
        yield number, rng.choice(DAMAGES)(data, rng)


def too_slow(_signal: int, _frame: FrameType | None) -> None:
    """Turn a hang into something that is counted."""
    raise TimeoutError


def most_memory() -> int:
    """Bytes that this program has held at once; a parent's do not count."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main(folder: Path, count: int, first: int) -> None:
    """Load the mutants of every file in a folder."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, too_slow)
    seeds = [path.read_bytes() for path in sorted(folder.glob("*.onnx"))]
    tally: Counter[str] = Counter()
    problems: list[str] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "mutant.onnx"
        for number, data in mutants(seeds, count, first):
            path.write_bytes(data)
            start = time.perf_counter()
            signal.alarm(SECONDS_A_FILE)
            try:
                load_onnx(path)
                tally["loaded"] += 1
            except DepthwiseError as error:
                tally[type(error).__name__] += 1
                if UNEXPECTED in error.message:
                    problems.append(f"{number}: {error.message}")
            except BaseException as error:  # noqa: BLE001 - that is the test
                problems.append(f"{number}: {type(error).__name__}: {error}")
            signal.alarm(0)
            slowest = max(slowest, time.perf_counter() - start)
    result = {"tally": tally, "problems": problems, "slowest": slowest}
    result["peak"] = most_memory()
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
