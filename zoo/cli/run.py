"""``zoo run``: a script that imports Keras, as it is."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
import warnings

from zoo import compat
from zoo.cli.exit_codes import ExitCode
from zoo.errors import OldSpelling, ZooError

DESCRIPTION = """Run a Python script in which keras, tf_keras and tensorflow.keras mean zoo. Scripts for Keras 1, 2
and 3 run unmodified as far as zoo has what they use; spellings of older Keras are mentioned once each. Other modules
of TensorFlow are refused with their name."""

EXAMPLES = """
zoo run train.py
zoo run train.py --epochs 3
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("script", metavar="SCRIPT", help="a Python file")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER, help="for the script")


def run(args: argparse.Namespace) -> int:
    """Runs the script as the main program; where zoo refuses something, the script's line is shown."""
    warnings.filterwarnings("always", category=OldSpelling)
    before = sys.argv, sys.path[:]
    sys.argv = [args.script, *args.arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(args.script)))
    try:
        with compat.installed():
            runpy.run_path(args.script, run_name="__main__")
    except ZooError:
        traceback.print_exc()
        return ExitCode.ERROR
    finally:
        sys.argv, sys.path[:] = before
    return ExitCode.OK
