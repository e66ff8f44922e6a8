"""``zoo tune``: which kernels are the fastest on this machine."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from zoo.cli.exit_codes import ExitCode
from zoo.cli.models_by_name import without_weights
from zoo.cli.numbers import positive
from zoo.cli.variants import HELP
from zoo.engine.kernels import tuned
from zoo.engine.tune import measure
from zoo.models.tuning import unmeasured
from zoo.models.warmup import SIZE
from zoo.report.tables import Column, table, terminal_width

DESCRIPTION = """Measure for each convolution and product of a network which kernel is the fastest on this machine, and
keep that: from then on programs go by it rather than by estimates. Other kernels differ in the last bits of their
results. Run nothing else meanwhile: times should be those of a quiet machine. What was measured before is left out."""

EXAMPLES = """
zoo tune resnet50
zoo tune my_model.keras --batch-size 1 32 --budget 60
zoo tune --list
zoo tune --clear
"""

_COLUMNS = (Column("layer"), Column("kernel"), Column("ms", right=True), Column("estimated"), Column("ms", right=True))
_KEPT = (Column("layer"), Column("kernel"), Column("ms", right=True))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("model", metavar="MODEL|FILE", nargs="?", help=f"a network {HELP}; or a model file")
    parser.add_argument("--batch-size", type=positive, nargs="+", default=(1,), metavar="N",
                        help="images in one run of the model (default: 1)")
    parser.add_argument("--image-size", type=positive, default=SIZE, metavar="N",
                        help="rows and columns where a model leaves them open (default: %(default)s)")
    parser.add_argument("--budget", type=positive, default=30, metavar="SECONDS",
                        help="for measuring, after everything is compiled (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="show what was measured")
    parser.add_argument("--clear", action="store_true", help="forget what was measured")
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Measures, shows or forgets."""
    if (args.model is not None) + args.list + args.clear != 1:
        args.usage_error("give one of MODEL or FILE, --list, --clear")
    if args.clear:
        print(f"{tuned.forget()} choices removed")
        return ExitCode.OK
    if args.list:
        _print(_KEPT, [(key, row.kernel, _ms(row.seconds[row.kernel])) for key, row in tuned.choices().items()])
        print(f"{len(tuned.choices())} choices, in {tuned.path()}")
        return ExitCode.OK
    found = unmeasured(without_weights(args.model), args.batch_size, size=args.image_size)
    results = list(tqdm(measure(found, args.budget), total=len(found), unit="layer", disable=not sys.stderr.isatty()))
    _print(_COLUMNS, [(each.key.partition(" ->")[0], row.kernel,
                       _ms(row.seconds[row.kernel]), each.estimated, _ms(row.seconds.get(each.estimated)))
                      for each, row in results if row.kernel != each.estimated])
    if results:
        tuned.remember({each.key: row for each, row in results})
    other = sum(row.kernel != each.estimated for each, row in results)
    print(f"{len(results)} kinds of layers measured, for {other} another kernel than the estimated one is faster")
    return ExitCode.OK


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{1e3 * seconds:.3f}"


def _print(columns: tuple[Column, ...], rows: list[tuple[str, ...]]) -> None:
    for line in table(columns, rows, width=terminal_width(sys.stdout)) if rows else ():
        print(line)
