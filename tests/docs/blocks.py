"""Find the code blocks of a Markdown page, with the line each begins at."""

import re
from dataclasses import dataclass
from pathlib import Path

_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->")


@dataclass(frozen=True)
class Block:
    """One fenced block; ``reason`` says why it is not run, and is empty if it is."""

    path: Path
    line: int
    language: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}"


def read_blocks(path: Path) -> list[Block]:
    """Fenced blocks of a page in order; ``line`` is that of the first code line."""
    blocks: list[Block] = []
    above = opened = ""
    body: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if opened and line.strip() == "```":
            match = _NOT_RUN.search(above)
            reason = match.group(1) if match else ""
            text = "".join(f"{row}\n" for row in body)
            start = number - len(body)
            blocks.append(Block(path, start, opened[3:].strip(), text, reason))
            above, opened, body = "", "", []
        elif opened:
            body.append(line)
        elif line.startswith("```"):
            opened = line
        elif line.strip():
            above = line
    if opened:
        message = f"{path}: a block is never closed; it begins with {opened}"
        raise ValueError(message)
    return blocks
