"""``zoo classify``: what is in images."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import TextIO

from tqdm import tqdm

from zoo.batch.classifiers import PREPROCESS_NAMES, choose, read_labels
from zoo.batch.pipeline import classify
from zoo.batch.rows import Row
from zoo.batch.sinks import CsvSink, JsonLinesSink, Sink, output_file
from zoo.batch.sources import ImageSource, find_images
from zoo.cli import assumed_backend
from zoo.cli.exit_codes import ExitCode
from zoo.cli.numbers import positive
from zoo.cli.variants import HELP, parse
from zoo.report.tables import Column, clean, display_width, fit, line, terminal_width

DESCRIPTION = """Name what is in images. Folders are searched with all that is below them; patterns are expanded also
where the shell does not do it. Every image gets its row as soon as it is classified; one that cannot be read gets its
error in place of labels, and the exit code is then 3. Ctrl-C keeps the rows written so far."""

EXAMPLES = """
zoo classify photos/
zoo classify "photos/**/*.jpg" --top-k 1 --format csv --output labels.csv
zoo classify a.png b.png --model vgg16
zoo classify photos/ --model mobilenet:alpha=0.5,size=160
zoo classify photos/ --model my_model.keras --preprocess tf --labels classes.txt
"""

DEFAULT_MODEL = "EfficientNetLite0"

_COLUMNS = (Column("image", keep_end=True), Column("score", right=True), Column("label"))
_SCORE_WIDTH, _LABEL_WIDTH = 8, 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="image, folder of images, or pattern")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME|FILE",
                        help=f"a network {HELP}; or a model file (default: %(default)s)")
    parser.add_argument("--weights", metavar="FILE", help="weights for the model, in place of the published ones")
    assumed_backend.add_argument(parser)
    parser.add_argument("--top-k", type=positive, default=5, metavar="N", help="labels a row (default: %(default)s)")
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N",
                        help="images in one run of the model (default: %(default)s)")
    parser.add_argument("--reduced-jpeg", action="store_true",
                        help="decode large JPEG photos at a fraction of their size: faster, scores differ a little")
    parser.add_argument("--format", choices=("table", "csv", "jsonl"), default="table",
                        help="of the output (default: %(default)s)")
    parser.add_argument("--output", metavar="FILE", help="write there rather than to the terminal; replaces the file")
    parser.add_argument("--preprocess", choices=PREPROCESS_NAMES,
                        help="how pixels are normalised for the model; needed for model files of your own")
    parser.add_argument("--labels", metavar="FILE", help="names of the classes: one a line, or JSON")


def run(args: argparse.Namespace) -> int:
    """Classifies and writes rows."""
    # Pillow warns of metadata that no pixel depends on, and of large images, which are bounded here as well.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    sources = find_images(args.paths)
    name, variant = parse(args.model)
    choice = choose(name, variant=variant, weights=args.weights, preprocess=args.preprocess,
                    labels=None if args.labels is None else read_labels(args.labels), top_k=args.top_k,
                    assume=args.assume, reduced_jpeg=args.reduced_jpeg)
    for assumption in choice.assumptions:
        print(f"zoo: note: {assumption}", file=sys.stderr)
    failures = 0
    with _stream(args.output) as stream, \
            closing(classify(sources, choice.classifier, batch_size=args.batch_size)) as rows:
        sink = _sink(args, stream, sources)
        for row in _with_progress(rows, len(sources), stream):
            sink.write(row)
            failures += row.error is not None
    if failures:
        print(f"zoo: {failures} of {len(sources)} inputs could not be classified", file=sys.stderr)
    return ExitCode.SOME_FAILED if failures else ExitCode.OK


class TableSink:
    """A line for each label, below each other; the image stands on the first one."""

    def __init__(self, stream: TextIO, sources: Sequence[ImageSource]):
        self._stream = stream
        longest = max(display_width(clean(source.path)) for source in sources)
        width = terminal_width(stream)
        room = None if width is None else max(width - _SCORE_WIDTH - _LABEL_WIDTH, 0)
        self._widths = [*fit([max(longest, len("image"))], _COLUMNS[:1], room), _SCORE_WIDTH, 0]
        self._has_header = False

    def write(self, row: Row) -> None:
        """Writes the lines of one image, the titles before the first."""
        if not self._has_header:
            self._line([column.title for column in _COLUMNS])
            self._has_header = True
        if row.error is not None:
            self._line([row.path, "error", row.error])
        for i, found in enumerate(row.predictions):
            self._line([row.path if i == 0 else "", f"{found.score:.4f}", found.label])
        self._stream.flush()

    def _line(self, cells: Sequence[str]) -> None:
        # The last column has no width of its own: what stands in it is never cut.
        widths = [*self._widths[:2], display_width(clean(cells[2]))]
        self._stream.write(line(cells, _COLUMNS, widths) + "\n")


def _sink(args: argparse.Namespace, stream: TextIO, sources: Sequence[ImageSource]) -> Sink:
    if args.format == "csv":
        return CsvSink(stream, args.top_k)
    return JsonLinesSink(stream) if args.format == "jsonl" else TableSink(stream, sources)


def _stream(path: str | None) -> AbstractContextManager[TextIO]:
    return nullcontext(sys.stdout) if path is None else output_file(path)


def _with_progress(rows: Iterable[Row], total: int, stream: TextIO) -> Iterator[Row]:
    """The rows, with a progress bar on a terminal unless the rows themselves appear there."""
    shown = sys.stderr.isatty() and not stream.isatty()
    return iter(tqdm(rows, total=total, unit="image", disable=not shown))
