"""How large a file may be, so that a hostile one is refused instead of served."""

from __future__ import annotations

MAX_FILE_BYTES = 2**31 - 1
"""Protobuf's own limit: no other tool reads or writes a larger ONNX file."""

MAX_NODES = 50_000
"""Nodes of one network; the largest in use have about 10,000."""

MAX_FIELDS = 1_000_000
"""Fields decoded from one file: a network of 10,000 nodes has about 600,000."""

MESSAGE_FIELDS = 8
"""How many fields a message counts for: it takes that much more memory and time."""

MAX_RANK = 32
"""Axes of a tensor; NumPy itself stops at 64."""

MAX_ELEMENTS = 2**31
"""Elements of one value; more could not be stored in a file either."""

FOLDING_BYTES = 2**26
"""Bytes that folding may read and write for any file, beside four times its weights."""
