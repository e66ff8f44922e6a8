"""``zoo fetch``: pretrained weights to this machine, verified."""

from __future__ import annotations

import argparse
import sys

from zoo import hub
from zoo.applications.registry import list_models
from zoo.cli.exit_codes import ExitCode
from zoo.cli.variants import HELP, find_entry
from zoo.errors import ZooError

DESCRIPTION = """Bring the published weights of networks to this machine and print where they are. What is already here
is verified, not fetched again; an interrupted download is completed. ZOO_HOME, ZOO_MIRROR and ZOO_OFFLINE say where
weights are kept and whether and where from they are fetched (docs/manifest.md)."""

EXAMPLES = """
zoo fetch vgg16
zoo fetch vgg16:include_top=false mobilenet:alpha=0.5,size=160
zoo fetch --all
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("models", metavar="MODEL", nargs="*", help=HELP)
    parser.add_argument("--all", action="store_true", help="every network that `zoo models` lists")
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Fetches one after the other; those that fail do not keep the others from being fetched."""
    names = [*args.models, *(list_models() if args.all else ())]
    if not names:
        args.usage_error("name at least one MODEL, or --all")
    failures = 0
    for name in names:
        try:
            print(hub.fetch(find_entry(name)), flush=True)
        except ZooError as error:
            if len(names) == 1:
                raise
            failures += 1
            print(f"zoo: error: {name}: {error}", file=sys.stderr)
    if failures == len(names):
        return ExitCode.ERROR
    return ExitCode.SOME_FAILED if failures else ExitCode.OK
