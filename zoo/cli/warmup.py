"""``zoo warmup``: kernels are compiled before anybody waits for them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from tqdm import tqdm

from zoo.applications.registry import list_models
from zoo.cli.exit_codes import ExitCode
from zoo.cli.models_by_name import without_weights
from zoo.cli.numbers import positive
from zoo.cli.variants import HELP
from zoo.engine.machine_code import ahead, store
from zoo.engine.machine_code.unit import CompiledFunction
from zoo.engine.threads import available_processors
from zoo.errors import ZooError
from zoo.models.warmup import BATCH_SIZES, SIZE, functions_of
from zoo.report.inspection import in_bytes

DESCRIPTION = """Compile the kernels that networks need, once on this machine, with all processors; without it, they are
compiled in the background while the first predictions are made. Weights are not needed. Much is shared: after one
network another one needs little."""

EXAMPLES = """
zoo warmup vgg16 mobilenetv2
zoo warmup my_model.keras --batch-size 1 64
zoo warmup --all                    e.g. while the image of a container is built
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("models", metavar="MODEL|FILE", nargs="*", help=f"a network {HELP}; or a model file")
    parser.add_argument("--all", action="store_true", help="all networks of `zoo models`")
    parser.add_argument("--batch-size", type=positive, nargs="+", default=BATCH_SIZES, metavar="N",
                        help="images in one run of the model (default: 1 and 32)")
    parser.add_argument("--image-size", type=positive, default=SIZE, metavar="N",
                        help="rows and columns where a model leaves them open (default: %(default)s)")
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Compiles what is missing."""
    names = [*args.models, *(list_models() if args.all else ())]
    if not names:
        args.usage_error("name at least one MODEL or FILE, or --all")
    functions: dict[CompiledFunction, None] = {}
    failures = 0
    for name in tqdm(names, desc="looking", unit="model", disable=not sys.stderr.isatty()):
        try:
            functions.update(dict.fromkeys(functions_of(without_weights(name), args.batch_size, args.image_size)))
        except ZooError as error:
            failures += 1
            print(f"zoo: error: {name}: {error}", file=sys.stderr)
    missing = ahead.missing(functions)
    wrong = {outcome.error for outcome in _compile(missing) if outcome.error is not None}
    for error in sorted(wrong):
        print(f"zoo: error: {error}", file=sys.stderr)
    kept = [entry for entry in store.kept() if entry.current]
    there = f"; {kept[0].functions} in all, {in_bytes(kept[0].size)}, in {kept[0].path}" if kept else ""
    print(f"{len(missing)} kernels to compile, {len(functions) - len(missing)} were there{there}")
    if failures == len(names):
        return ExitCode.ERROR
    return ExitCode.SOME_FAILED if failures or wrong else ExitCode.OK


def _compile(missing: list[CompiledFunction]) -> Iterator[ahead.Outcome]:
    outcomes = ahead.in_processes([function.unit for function in missing], available_processors())
    return iter(tqdm(outcomes, total=len(missing), desc="compiling", unit="kernel", disable=not sys.stderr.isatty()))
