"""Run the command line: ``python -m depthwise``."""

from depthwise.cli import main

if __name__ == "__main__":
    main()
