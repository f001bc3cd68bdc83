"""With --require-all a skip is a failure, and without it a skip stays a skip."""

import subprocess
import sys
from pathlib import Path

import pytest

SUITES = {
    "in_test": "import pytest\ndef test_a():\n    pytest.skip('no data here')\n",
    "by_mark": "import pytest\n@pytest.mark.skip('no data here')\ndef test_a(): pass\n",
    "module": "import pytest\npytest.skip('no data here', allow_module_level=True)\n",
    "fixture": (
        "import pytest\n@pytest.fixture\ndef f(): pytest.skip('no data here')\n"
        "def test_a(f): pass\n"
    ),
}


def run(folder: Path, suite: str, env: dict[str, str], *options: str) -> str:
    (folder / "test_suite.py").write_text(suite, encoding="utf-8")
    repo = Path(env["PYTHONPATH"]).parent
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.require_all", "-rA", *options],
        cwd=folder,
        env={**env, "PYTHONPATH": str(repo)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return f"exit code {done.returncode}\n{done.stdout}"


@pytest.mark.parametrize("kind", SUITES)
def test_a_skip_fails(kind: str, tmp_path: Path, cli_env: dict[str, str]) -> None:
    out = run(tmp_path, SUITES[kind], cli_env, "--require-all")
    assert "exit code 0" not in out
    assert "skipped under --require-all" in out
    assert "no data here" in out
    assert " skipped in" not in out


def test_a_skip_fails_on_workers_too(tmp_path: Path, cli_env: dict[str, str]) -> None:
    out = run(tmp_path, SUITES["in_test"], cli_env, "--require-all", "-n", "1")
    assert "exit code 1" in out
    assert "1 failed" in out


def test_without_the_option_it_is_a_skip(
    tmp_path: Path, cli_env: dict[str, str]
) -> None:
    out = run(tmp_path, SUITES["in_test"], cli_env)
    assert "exit code 0" in out
    assert "1 skipped" in out


def test_passing_and_expected_failures_stay(
    tmp_path: Path, cli_env: dict[str, str]
) -> None:
    suite = (
        "import pytest\ndef test_a(): assert 1 + 1 == 2\n"
        "@pytest.mark.xfail\ndef test_b(): assert 1 + 1 == 3\n"
    )
    out = run(tmp_path, suite, cli_env, "--require-all")
    assert "exit code 0" in out
    assert "1 passed, 1 xfailed" in out
