"""``zoo finetune``: a pretrained network learns the classes of one's own photos."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zoo.batch.image_models import PREPROCESS_NAMES
from zoo.cli.exit_codes import ExitCode
from zoo.cli.numbers import positive, whole
from zoo.cli.variants import HELP, parse
from zoo.finetune.results import Result
from zoo.finetune.settings import Settings
from zoo.finetune.training import finetune
from zoo.report.tables import Column, clean, table, terminal_width

DESCRIPTION = """Teach a pretrained network to tell apart the classes of a folder of photos; every folder in it is a
class. First a new head learns on features of the network, which stays as it is; with --unfreeze-epochs the whole
network follows. The output names its classes and its preprocessing, so that zoo classify PHOTOS --model OUTPUT needs
no more. After Ctrl-C the best model so far is in the output, and the same command goes on."""

EXAMPLES = """
zoo finetune photos/ --output my.keras
zoo finetune photos/ --epochs 20 --unfreeze-epochs 5 --output my.keras
zoo finetune photos/ --model mobilenet:alpha=0.5,size=160 --output my.keras
zoo classify more/ --model my.keras
"""

DEFAULT_MODEL = "EfficientNetLite0"

_COLUMNS = (Column("class"), Column("training", right=True), Column("validation", right=True),
            Column("accuracy", right=True), Column("most often taken for"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    given = Settings.__dataclass_fields__
    parser.add_argument("directory", metavar="PHOTOS_DIR", help="folder with a folder of images for each class")
    parser.add_argument("--output", metavar="FILE", required=True, help="model file to write: .keras or .h5")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME|FILE",
                        help=f"a network {HELP}; or a model file, whose head is cut off (default: %(default)s)")
    parser.add_argument("--weights", metavar="FILE", help="weights for the network, in place of the published ones")
    parser.add_argument("--preprocess", choices=PREPROCESS_NAMES,
                        help="how pixels are normalised for the model; needed for model files of your own")
    for name, kind, text in (
            ("--epochs", positive, "of the head, at most"),
            ("--unfreeze-epochs", whole, "of the whole network after that, at most"),
            ("--learning-rate", float, "of the head; the whole network gets a hundredth of it"),
            ("--batch-size", positive, "images in a step"),
            ("--validation-split", float, "share of the images of each class that is held back to validate"),
            ("--patience", positive, "epochs without improvement after which to stop"),
            ("--seed", whole, "of the split and of all that is random")):
        default = given[name[2:].replace("-", "_")].default
        parser.add_argument(name, type=kind, default=default, metavar="X" if kind is float else "N",
                            help=f"{text} (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Trains, and tells what came of it."""
    # Pillow warns of metadata that no pixel depends on, and of large images, which are bounded here as well.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    name, variant = parse(args.model)
    settings = Settings(args.directory, name, args.output, variant, args.weights, args.preprocess, args.epochs,
                        args.unfreeze_epochs, args.learning_rate, args.batch_size, args.validation_split,
                        args.patience, args.seed)
    started = time.perf_counter()
    try:
        result = finetune(settings, overwrite=args.overwrite, tell=_tell)
    except KeyboardInterrupt:
        if Path(args.output).exists():
            _tell(f"{args.output} has the best model so far")
        _tell("the same command goes on from here")
        raise
    files = [*result.files, *_draw(settings, result)]
    seconds = time.perf_counter() - started
    if args.json:
        print(json.dumps(_plain(args, result, files, seconds), indent=1, allow_nan=False))
    else:
        _show(result, files, seconds)
    for failure in result.unreadable:
        _tell(f"warning: {clean(failure.path)}: left out: {clean(failure.error)}")
    if result.unreadable:
        _tell(f"{len(result.unreadable)} images could not be read")
    return ExitCode.SOME_FAILED if result.unreadable else ExitCode.OK


def _draw(settings: Settings, result: Result) -> list[Path]:
    """The pictures, where the package for them is installed."""
    if importlib.util.find_spec("matplotlib") is None:
        _tell("note: no pictures are drawn, since the package 'matplotlib' is not installed; what they would show is "
              "in the CSV files. Install it with: pip install \"zoo[plots]\"")
        return []
    plots = importlib.import_module("zoo.finetune.plots")
    history, confusion = settings.beside(".history.png"), settings.beside(".confusion.png")
    plots.history(history, result.epochs, result.best)
    plots.confusion(confusion, result.classes, result.confusion)
    return [history, confusion]


def _show(result: Result, files: Sequence[Path], seconds: float) -> None:
    rows = [(name, training, validation, f"{accuracy:.1%}", _mistaken(result, i)) for i, (
        name, training, validation, accuracy) in enumerate(zip(result.classes, result.training, result.validation,
                                                               result.accuracies))]
    total = ("all", result.training.sum(), result.validation.sum(), f"{result.accuracy:.1%}", "")
    for line in table(_COLUMNS, [*rows, total], width=terminal_width(sys.stdout)):
        print(line)
    print(f"\nbest epoch: {result.best.phase} {result.best.epoch}, validation loss {result.best.val_loss:.4f}; "
          f"{seconds:.0f} seconds")
    for path in files:
        print(f"wrote {path}")


def _mistaken(result: Result, number: int) -> str:
    """The other class that images of a class are most often taken for; empty if there is none."""
    row = result.confusion[number].copy()
    row[number] = 0
    return f"{result.classes[row.argmax()]} ({row.max()})" if row.any() else ""


def _plain(args: argparse.Namespace, result: Result, files: Sequence[Path], seconds: float) -> dict[str, Any]:
    classes = [{"label": name, "training": int(training), "validation": int(validation), "accuracy": float(accuracy)}
               for name, training, validation, accuracy in zip(result.classes, result.training, result.validation,
                                                               result.accuracies)]
    return {"schema": "zoo-finetune/1", "model": args.model, "output": args.output, "accuracy": result.accuracy,
            "classes": classes, "confusion": result.confusion.tolist(),
            "best": {"phase": result.best.phase, "epoch": result.best.epoch},
            "history": [{key: value if isinstance(value, str) or abs(value) < float("inf") else str(value)
                         for key, value in asdict(epoch).items()} for epoch in result.epochs],
            "unreadable": [asdict(failure) for failure in result.unreadable],
            "files": [str(path) for path in files], "seconds": round(seconds, 3)}


def _tell(text: str) -> None:
    print(f"zoo: {text}", file=sys.stderr)
