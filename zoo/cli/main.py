"""``zoo``: finds the subcommand, runs it, and turns what goes wrong into one message and an exit code.

A subcommand is a module of this package with `DESCRIPTION`, `EXAMPLES`, ``add_arguments(parser)`` and
``run(args) -> int``. It is imported only when it is asked for, so that ``zoo inspect`` does not load what only
``zoo classify`` needs.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
import textwrap
import traceback
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

from zoo import __version__
from zoo.cli.exit_codes import ExitCode
from zoo.errors import ZooError

COMMANDS = {
    "inspect": "show what a model file holds",
    "convert": "write a model file in another format",
    "diff": "show what differs between two model files",
    "scan": "look for what is unsafe in model files",
    "classify": "name what is in images",
    "embed": "write what a network sees in images as numbers",
    "finetune": "teach a pretrained network the classes of a folder of photos",
    "fetch": "bring pretrained weights to this machine",
    "models": "list the pretrained networks",
    "cache": "show, verify or prune weight files and compiled kernels",
    "warmup": "compile the kernels that networks need ahead of time",
    "tune": "measure which kernels are fastest here for a network",
    "run": "run a script that imports Keras",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code.

    Args:
        arguments: the words after ``zoo``; those of this process if None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_characters(stream)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return _run(words)


def _run(words: Sequence[str]) -> int:
    try:
        args = _parser(words).parse_args(words)
        code = args.run(args)
        sys.stdout.flush()
        return int(code)
    except KeyboardInterrupt:
        _complain("interrupted")
        return int(ExitCode.INTERRUPTED)
    except (ZooError, OSError) as error:
        if _is_broken_pipe(error):
            # Python flushes stdout once more when it ends, and would complain then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return int(ExitCode.BROKEN_PIPE)
        if "--debug" in words:
            traceback.print_exc()
        _complain(f"error: {_message(error)}")
        return int(ExitCode.ERROR)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all commands, of which only the one that `words` name knows its own arguments."""
    parser = argparse.ArgumentParser(prog="zoo", description="Keras model files and pretrained networks, on NumPy.",
                                     epilog="zoo COMMAND --help tells more about a command, with examples.")
    parser.add_argument("--version", action="version", version=f"zoo {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parser.color = False                                    # Python 3.14 would colour the help
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        command.color = False
        command.add_argument("--debug", action="store_true", help="show where in the program an error came from")
        if name == chosen:
            module = importlib.import_module(f"zoo.cli.{name}")
            command.description = textwrap.fill(module.DESCRIPTION, 79)
            command.epilog = f"examples:\n{textwrap.indent(module.EXAMPLES.strip(), '  ')}"
            command.set_defaults(run=module.run)
            module.add_arguments(command)
    return parser


def _never_fail_on_characters(stream: TextIO) -> None:
    """File names and labels may hold what the terminal's encoding cannot say; it is then written as an escape."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _is_broken_pipe(error: Exception) -> bool:
    # Windows says "invalid argument", which elsewhere is about a file, and then has its name.
    return isinstance(error, BrokenPipeError) or \
        (isinstance(error, OSError) and error.errno == errno.EINVAL and error.filename is None and os.name == "nt")


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ZooError):
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error) or type(error).__name__


def _show_warning(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
    _complain(f"warning: {message}")


def _complain(text: str) -> None:
    print(f"zoo: {text}", file=sys.stderr)
