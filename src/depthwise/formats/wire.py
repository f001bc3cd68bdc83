"""Protobuf's wire format: the few lines of it that an ONNX file needs.

A file is read here rather than by a general parser because it may be hostile:
every length is checked before it is used, nothing is copied that is only passed on
(weights are views of the file's bytes), and the number of fields is limited. A table
for each message says which field number is what; the same table reads and writes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import FormatError
from depthwise.formats.limits import MAX_FIELDS, MESSAGE_FIELDS

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIGN, _MODULUS = 1 << 63, 1 << 64


class Kind(Enum):
    """What a field holds."""

    INTEGER = 0
    REAL = 1
    TEXT = 2
    OPAQUE = 3
    PACKED = 4
    MESSAGE = 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Args:
        name: The attribute of the message's class.
        kind: What it holds.
        repeated: Whether it is a list.
        message: The class of a nested message.
    """

    name: str
    kind: Kind
    repeated: bool = False
    message: type[Any] | None = None


class Message(Protocol):
    """A dataclass with a table of its fields by number."""

    FIELDS: ClassVar[Mapping[int, Field]]


M = TypeVar("M", bound=Message)


@dataclass(slots=True)
class Reader:
    """Reads messages from the bytes of one file and counts its fields.

    Args:
        data: The whole file.
        left: Fields that may still be read.
    """

    data: bytes
    left: int = MAX_FIELDS

    def message(self, kind: type[M], start: int, stop: int) -> M:
        """Decode one message.

        Args:
            kind: The class to build.
            start: Its first byte.
            stop: The byte after its last.

        Returns:
            The message; unknown fields are passed over.

        Raises:
            FormatError: If it is damaged, or the file has too many fields.
        """
        table = kind.FIELDS
        values: dict[str, Any] = {f.name: [] for f in table.values() if f.repeated}
        self.left -= MESSAGE_FIELDS
        place = start
        while place < stop:
            self.left -= 1
            if self.left < 0:
                msg = f"a file may have {MAX_FIELDS} fields; got more"
                raise FormatError(msg)
            tag, place = self._varint(place, stop)
            field = table.get(tag >> 3)
            end = self._end(tag & 7, place, stop)
            if field is not None:
                value = self._value(field, tag & 7, place, end)
                if not field.repeated:
                    values[field.name] = value
                elif isinstance(value, list):
                    values[field.name].extend(value)
                else:
                    values[field.name].append(value)
            place = end[1]
        return kind(**values)

    def _varint(self, place: int, stop: int) -> tuple[int, int]:
        value = shift = 0
        while place < stop:
            byte = self.data[place]
            place += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value & (_MODULUS - 1), place
            shift += 7
            if shift > 63:
                break
        raise FormatError("a number must end within its message; the file is damaged")

    def _end(self, wire: int, place: int, stop: int) -> tuple[int, int]:
        """Find where a field's content begins and ends."""
        begin = place
        if wire == _BYTES:
            size, begin = self._varint(place, stop)
        elif wire == _VARINT:
            size = self._varint(place, stop)[1] - place
        elif wire in {_FIXED32, _FIXED64}:
            size = 4 if wire == _FIXED32 else 8
        else:
            raise FormatError(f"a field's wire type must be 0, 1, 2 or 5; got {wire}")
        if size > stop - begin:
            msg = f"a field must end within its message; got {size} bytes at {begin}"
            raise FormatError(f"{msg}, {stop - begin} are left")
        return begin, begin + size

    def _value(self, field: Field, wire: int, place: int, end: tuple[int, int]) -> Any:
        begin, stop = end
        if field.kind is Kind.PACKED:
            return memoryview(self.data)[begin:stop]
        if wire == _BYTES:
            return self._content(field, begin, stop)
        if field.kind is Kind.INTEGER and wire == _VARINT:
            return signed(self._varint(place, stop)[0])
        if field.kind is Kind.REAL and wire == _FIXED32:
            return struct.unpack_from("<f", self.data, place)[0]
        raise FormatError(f"field {field.name} must be {field.kind.name}; got {wire}")

    def _content(self, field: Field, begin: int, stop: int) -> Any:
        if field.kind is Kind.MESSAGE and field.message is not None:
            return self.message(field.message, begin, stop)
        if field.kind is Kind.TEXT:
            return to_text(self.data[begin:stop])
        if field.kind is Kind.OPAQUE:
            return memoryview(self.data)[begin:stop]
        if not field.repeated:
            raise FormatError(f"field {field.name} must be one number; got a list")
        content = memoryview(self.data)[begin:stop]
        self.left -= len(content)
        if field.kind is Kind.REAL:
            return unpack_fixed([content], "<f4").tolist()
        return unpack_varints([content]).tolist()


def to_text(content: bytes | memoryview) -> str:
    """Decode a name.

    Args:
        content: Its bytes.

    Returns:
        The text.

    Raises:
        FormatError: If it is not UTF-8.

    Example:
        >>> to_text(b"conv.weight")
        'conv.weight'
    """
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        msg = f"names must be UTF-8; got {bytes(content)[:40]!r}"
        raise FormatError(msg) from error


def signed(value: int) -> int:
    """Read an unsigned 64-bit number as a signed one.

    Args:
        value: From 0 to 2^64 - 1.

    Returns:
        The number with the same bits, from -2^63 on.

    Example:
        >>> signed(2**64 - 1)
        -1
    """
    return value - _MODULUS if value >= _SIGN else value


def unpack_fixed(chunks: Iterable[memoryview], dtype: str) -> NDArray[Any]:
    """Read numbers of a fixed width.

    Args:
        chunks: Pieces of one list.
        dtype: NumPy's element type, with its byte order.

    Returns:
        All numbers, flat; a view where there is one piece.

    Raises:
        FormatError: If the bytes are no whole number of elements.

    Example:
        >>> unpack_fixed([memoryview(bytes(4)), memoryview(bytes(8))], "<f4")
        array([0., 0., 0.], dtype=float32)
    """
    pieces = list(chunks)
    joined = pieces[0] if len(pieces) == 1 else memoryview(b"".join(pieces))
    width = np.dtype(dtype).itemsize
    if len(joined) % width:
        msg = f"a list of {dtype} must have a multiple of {width} bytes"
        raise FormatError(f"{msg}; got {len(joined)}")
    return np.frombuffer(joined, dtype)


def unpack_varints(chunks: Iterable[memoryview]) -> NDArray[np.int64]:
    """Read numbers of variable width, all at once.

    Args:
        chunks: Pieces of one list.

    Returns:
        All numbers, flat.

    Raises:
        FormatError: If the last one has no end, or one has more than 10 bytes.

    Example:
        >>> unpack_varints([memoryview(bytes([1, 0xAC, 2]))])
        array([  1, 300])
    """
    data = unpack_fixed(chunks, "u1")
    ends = np.flatnonzero(data < 128)
    if data.size and (ends.size == 0 or ends[-1] != data.size - 1):
        raise FormatError("a list of numbers must end with a whole one; it does not")
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: ends.size]
    widths = ends - starts + 1
    if widths.size and widths.max() > 10:
        raise FormatError(f"a number has at most 10 bytes; got {widths.max()}")
    values = np.zeros(ends.size, np.uint64)
    for index in range(int(widths.max(initial=0))):
        some = widths > index
        part = (data[starts[some] + index] & 127).astype(np.uint64)
        values[some] |= part << np.uint64(7 * index)
    return values.view(np.int64)


Chunk = bytes | memoryview


def encode(message: Message) -> tuple[list[Chunk], int]:
    """Encode a message.

    Args:
        message: Fields that are None or empty are left out.

    Returns:
        Pieces of bytes to write one after the other, and their total length.
    """
    chunks: list[Chunk] = []
    size = 0
    for number, field in type(message).FIELDS.items():
        value = getattr(message, field.name)
        if value is None or (value == "" and not field.repeated):
            continue
        for element in value if field.repeated else (value,):
            pieces, length = _element(number, field, element)
            chunks += pieces
            size += length
    return chunks, size


def _element(number: int, field: Field, value: Any) -> tuple[list[Chunk], int]:
    if field.kind is Kind.INTEGER:
        head = _encode_varint(number << 3 | _VARINT)
        return _sized([head + _encode_varint(value % _MODULUS)])
    if field.kind is Kind.REAL:
        return _sized(
            [_encode_varint(number << 3 | _FIXED32), struct.pack("<f", value)]
        )
    pieces: list[Chunk]
    if field.kind is Kind.MESSAGE:
        pieces, length = encode(value)
    else:
        pieces = [value.encode() if isinstance(value, str) else value]
        length = len(pieces[0])
    head = _encode_varint(number << 3 | _BYTES) + _encode_varint(length)
    return [head, *pieces], len(head) + length


def _sized(pieces: list[Chunk]) -> tuple[list[Chunk], int]:
    return pieces, sum(map(len, pieces))


def _encode_varint(value: int) -> bytes:
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    result.append(value)
    return bytes(result)
