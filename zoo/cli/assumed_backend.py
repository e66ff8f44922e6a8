"""``--assume``: the backend that wrote an old file, where the file itself does not tell."""

from __future__ import annotations

import argparse

from zoo.io.backend import BACKENDS


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Adds ``--assume``, None by default."""
    parser.add_argument("--assume", choices=BACKENDS, help="the backend that wrote an old file, which decides "
                        "how its convolutions are stored and padded (default: what the file shows)")
