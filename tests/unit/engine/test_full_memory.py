"""Machine code in a process whose memory leaves it one small gap, far from the next."""

import subprocess
import sys
from pathlib import Path

import pytest

ONE_GAP = """
import ctypes
from depthwise.engine import host, jit

system = ctypes.CDLL(None, use_errno=True)
system.mmap.restype = ctypes.c_void_p
numbers = [ctypes.c_int] * 3
system.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *numbers, ctypes.c_long]
system.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
PAGE, FAR, PRIVATE_UNBACKED = 4096, 8 << 30, 0x4022

def take(size):
    return system.mmap(None, size, 0, PRIVATE_UNBACKED, -1, 0)

def load(number):
    # Code in one section, a constant in another, and a pointer from here to there.
    text = f"@c{number} = constant i64 {number}\\ndefine i64 @f() {{"
    text += f"%v = load volatile i64, ptr @c{number}\\nret i64 %v }}"
    native = jit.load(text, ["f"], host(), None)
    return ctypes.CFUNCTYPE(ctypes.c_int64)(native.addresses["f"])(), native

assert load(1)[0] == 1
wall = take(FAR)
while (page := take(PAGE)) > wall:
    pass  # every gap above the wall is filled
assert system.munmap(wall + FAR - 2 * PAGE, PAGE) == 0
assert take(PAGE) == wall + FAR - 2 * PAGE, "the gap must be where pages come from"
assert system.munmap(wall + FAR - 2 * PAGE, PAGE) == 0
assert load(2)[0] == 2
print("good")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks for memory as Linux gives it")
def test_code_and_constants_stay_together(
    cli_env: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "script.py"
    path.write_text(ONE_GAP, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path)],
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "good\n"
