"""Assembly taken apart: functions, their blocks, and the loops that have no other."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FUNCTION = re.compile(r"^([A-Za-z_]\w*):")
_LABEL = re.compile(r"^\.L(BB\w+):")
_JUMP = re.compile(r"\.L(BB\w+)")
_STACK = re.compile(r"\(%rsp|\[sp\b")
_CALL = re.compile(r"(?:callq?|bl|blr|b)\s+([^\s.].*)$")
_FRAME = re.compile(r"subq\s+\$(\d+), %rsp|sub\s+sp, sp, #(\d+)")
_MEMORY = re.compile(r"\(%r|\(,%r|\[x")
_REGISTERS = {"avx512": "zmm", "avx2": "ymm", "sse": "xmm"}


@dataclass(frozen=True)
class Block:
    """Instructions that run one after the other, the last ones jumps."""

    name: str
    lines: tuple[str, ...]

    @property
    def is_loop(self) -> bool:
        """Whether it jumps to its own start: the innermost loop there is."""
        return any(self.name in _JUMP.findall(line) for line in self.lines)

    def count(self, *words: str) -> int:
        """Count instructions whose name begins with one of ``words``."""
        return sum(line.split()[0].startswith(words) for line in self.lines)

    @property
    def sums(self) -> int:
        """Count multiply-adds of whole vectors; without FMA, the multiplications."""
        return self.count("vfmadd", "vfnmadd", "fmla", "mulps")

    @property
    def calls(self) -> int:
        return self.count("call", "bl\t", "bl ", "blr")

    @property
    def loads(self) -> int:
        """Count instructions that read a vector or a float32 from memory."""
        reads = [line for line in self.lines if _reads(line)]
        pairs = sum(line.startswith("ldp") for line in reads)
        return len(reads) + pairs

    @property
    def spills(self) -> list[str]:
        """Instructions that move a vector register to or from the stack."""
        return [line for line in self.lines if _STACK.search(line) and _vector(line)]

    def registers(self, isa: str) -> set[str]:
        """Vector registers of ``isa`` that it names."""
        if isa == "neon":
            text = "\n".join(self.lines)
            return {f"v{n}" for n in re.findall(r"\b[vq](\d+)\b", text)}
        return set(re.findall(rf"%{_REGISTERS[isa]}\d+", "\n".join(self.lines)))


@dataclass(frozen=True)
class Function:
    """One function: its blocks in order."""

    name: str
    blocks: tuple[Block, ...]

    @property
    def loops(self) -> list[Block]:
        return [block for block in self.blocks if block.is_loop]

    @property
    def called(self) -> list[str]:
        """Names of the functions that it calls; "*" for one known by its address."""
        found = []
        for block in self.blocks:
            for line in block.lines:
                if call := _CALL.match(line):
                    by_address = line.startswith("blr") or call[1].startswith("*")
                    found.append("*" if by_address else call[1].removesuffix("@PLT"))
        return found

    @property
    def frame_bytes(self) -> int:
        """Bytes of stack beyond what it saves for its caller."""
        lines = [line for block in self.blocks for line in block.lines]
        moves = [_FRAME.match(line) for line in lines]
        return sum(int(move[1] or move[2]) for move in moves if move)


def read(text: str) -> dict[str, Function]:
    """Take assembly apart."""
    functions: dict[str, list[tuple[str, list[str]]]] = {}
    blocks: list[tuple[str, list[str]]] = []
    for raw in text.splitlines():
        line = raw.split("#")[0].split("//")[0].strip()
        if found := _FUNCTION.match(raw):
            blocks = functions.setdefault(found[1], [("", [])])
        elif found := _LABEL.match(raw):
            blocks.append((found[1], []))
        elif blocks and line and not line.startswith("."):
            _append(blocks, line)
    return {name: Function(name, _blocks(made)) for name, made in functions.items()}


def _append(blocks: list[tuple[str, list[str]]], line: str) -> None:
    blocks[-1][1].append(line)
    if _JUMP.search(line):
        blocks.append(("", []))


def _blocks(made: list[tuple[str, list[str]]]) -> tuple[Block, ...]:
    return tuple(Block(name, tuple(lines)) for name, lines in made)


def _reads(line: str) -> bool:
    """Whether memory is what it reads; the last operand on x86 is what it writes."""
    if line.startswith(("ldp", "ldr", "ld1", "ldur")):
        return _vector(line)
    if not _MEMORY.search(line) or not re.search(r"%[xyz]mm\d", line):
        return False
    return line.rsplit(maxsplit=1)[-1].startswith("%")


def _vector(line: str) -> bool:
    return bool(re.search(r"%[xyz]mm\d|\b[qdv]\d+\b", line))
