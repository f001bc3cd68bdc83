"""The command line: one small file a command; parsing, messages and exit codes.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 failed,
2 used wrongly.
"""

from depthwise.cli.program import app, main

__all__ = ["app", "main"]
