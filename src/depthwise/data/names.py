"""Names of files and classes as text that can be shown, compared and written."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# How Python holds the bytes of a file name that are no UTF-8.
STRAY_BYTES: Final = re.compile("[\udc80-\udcff]")


def readable(name: str) -> str:
    r"""Write the bytes of a name that are no UTF-8 as ``\xff``.

    Args:
        name: A name that the file system gave.

    Returns:
        Text that every encoding of Unicode takes.

    Example:
        >>> print(readable("caf\udce9"), readable("café"))
        caf\xe9 café
    """
    return STRAY_BYTES.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", name)


def class_name(folder: str) -> str:
    """Name a class after its folder: composed Unicode, one for every file system.

    Args:
        folder: Name of the folder.

    Returns:
        Name of the class.

    Example:
        >>> class_name("Zu" + chr(0x308) + "rich") == "Zürich"
        True
    """
    return readable(unicodedata.normalize("NFC", folder))
