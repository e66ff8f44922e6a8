"""Numbers as arguments of commands."""

from __future__ import annotations

import argparse


def positive(text: str) -> int:
    """A whole number of at least 1."""
    return _at_least(1, text, "a positive number")


def whole(text: str) -> int:
    """A whole number of at least 0."""
    return _at_least(0, text, "a whole number")


def _at_least(least: int, text: str, expected: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"expected {expected}, received {text!r}")
    return int(text)
