"""How large a file may be, so that a hostile one is refused instead of served."""

from __future__ import annotations

MAX_FILE_BYTES = 2**31 - 1
"""Protobuf's own limit: no other tool reads or writes a larger ONNX file."""

MAX_NODES = 100_000
"""The largest networks in use have about 10,000 nodes."""

MAX_FIELDS = 2_000_000
"""Fields decoded from one file: 20 a node for the largest graph; about 3 s."""

MAX_RANK = 32
"""Axes of a tensor; NumPy itself stops at 64."""

MAX_ELEMENTS = 2**31
"""Elements of one value; more could not be stored in a file either."""

FOLDING_BYTES = 2**26
"""Bytes that folding may read and write for any file, beside four times its weights."""
