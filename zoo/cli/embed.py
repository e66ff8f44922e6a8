"""``zoo embed``: images as vectors."""

from __future__ import annotations

import argparse
import sys
import warnings
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from zoo.batch import feature_files, features
from zoo.batch.image_models import PREPROCESS_NAMES
from zoo.batch.sources import find_images
from zoo.cli import assumed_backend
from zoo.cli.exit_codes import ExitCode
from zoo.cli.numbers import positive
from zoo.cli.variants import HELP, parse
from zoo.errors import ConfigError
from zoo.report.tables import clean

DESCRIPTION = """Write what a network sees in images as numbers: for each image a row with the pooled output of the
layers below the classifier, or with the output of a layer. Rows are in the order of the images; one that cannot be read
has none, is named on standard error, and the exit code is then 3."""

EXAMPLES = """
zoo embed photos/ --output features.npy        with features.csv: the path of each row
zoo embed photos/ --output features.npz --model mobilenet:alpha=0.5,size=160
zoo embed photos/ --output maps.npy --layer block3a_expand_conv
zoo embed "photos/**/*.jpg" --output features.csv --model my.keras
"""

DEFAULT_MODEL = "EfficientNetLite0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="image, folder of images, or pattern")
    parser.add_argument("--output", metavar="FILE", required=True, help="file to write: .npy, .npz, .csv or .parquet")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME|FILE",
                        help=f"a network {HELP}; or a model file (default: %(default)s)")
    parser.add_argument("--weights", metavar="FILE", help="weights for the model, in place of the published ones")
    assumed_backend.add_argument(parser)
    parser.add_argument("--layer", metavar="NAME", help="the layer whose output is written, in its shape")
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N",
                        help="images in one run of the model (default: %(default)s)")
    parser.add_argument("--preprocess", choices=PREPROCESS_NAMES,
                        help="how pixels are normalised for the model; needed for model files of your own")
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")


def run(args: argparse.Namespace) -> int:
    """Computes and writes rows."""
    # Pillow warns of metadata that no pixel depends on, and of large images, which are bounded here as well.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    sources, output = find_images(args.paths), Path(args.output)
    name, variant = parse(args.model)
    extractor = features.choose(name, layer=args.layer, variant=variant, weights=args.weights,
                                preprocess=args.preprocess, assume=args.assume)
    for assumption in extractor.source.assumptions:
        print(f"zoo: note: {assumption}", file=sys.stderr)
    failures = 0
    with feature_files.opened(output, extractor.shape, overwrite=args.overwrite) as write, \
            closing(features.extracted(sources, extractor, batch_size=args.batch_size)) as rows:
        for sample, found in tqdm(rows, total=len(sources), unit="image", disable=not sys.stderr.isatty()):
            if found is not None:
                write(sample.path, found)
                continue
            failures += 1
            print(f"zoo: warning: {clean(sample.path)}: {clean(sample.error)}", file=sys.stderr)
        if failures == len(sources):
            raise ConfigError("None of the images could be read; nothing is written")
    count = len(sources) - failures
    print(f"{' and '.join(map(str, feature_files.written(output)))}: {count} rows of "
          f"{'x'.join(map(str, extractor.shape)) or 1}")
    if failures:
        print(f"zoo: {failures} of {len(sources)} inputs could not be embedded", file=sys.stderr)
    return ExitCode.SOME_FAILED if failures else ExitCode.OK
