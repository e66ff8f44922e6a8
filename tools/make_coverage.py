"""Writes docs/coverage.md: each public name of Keras, and where zoo has it or why it does not.

The names come from a JSON file that lists Keras's public interface: ``modules``, as ``{"layers": {"classes": [...],
"functions": [...]}}``, and optionally the classes that only older releases had. Names are looked up as `zoo run` does it.

Usage:
    python tools/make_coverage.py API_SURFACE.json [--check]
"""

from __future__ import annotations

import argparse
import importlib
import json
import pathlib
import sys
from typing import Any

from zoo import compat

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "coverage.md"
FILES = "of TensorFlow or another library's own format"
CALIBRATED = "weights that are quantized by looking at data (GPTQ, AWQ) are not supported: int8, int4 and float8 are"
TERNARY = "weights stored in 2 bits are not supported: int8, int4 and float8 are"
ONE_POLICY = "a policy is given to each layer: files with a map for single layers are refused by name"
ONE_MACHINE = "models run on one machine"
DRAWING = "pictures are the business of plotting packages"
DATA = "data sets are not fetched: load a file of your own"
SETTING = "there is nothing to set: errors are whole, models of files never run code"
NOT_YET = "not yet"

#: Why zoo does not have a name, by module or by module and name; the longest entry counts.
REASONS: dict[str, str] = {
    "": NOT_YET,
    "config.disable_flash_attention": "attention is computed in one way",
    "config.enable_flash_attention": "attention is computed in one way",
    "config.is_flash_attention_enabled": "attention is computed in one way",
    "config.disable_traceback_filtering": SETTING, "config.enable_traceback_filtering": SETTING,
    "config.is_traceback_filtering_enabled": SETTING, "config.enable_unsafe_deserialization": SETTING,
    "config.is_nnx_enabled": "belongs to another library", "config.set_backend": "there is one backend",
    "callbacks.OrbaxCheckpoint": "belongs to another library's format",
    "datasets": DATA, "distillation": "not part of saved models: a custom loss says the same",
    "distribution": ONE_MACHINE, "export": FILES, "dtype_policies.AWQDTypePolicy": CALIBRATED,
    "dtype_policies.GPTQDTypePolicy": CALIBRATED, "dtype_policies.TernaryDTypePolicy": TERNARY,
    "dtype_policies.DTypePolicyMap": ONE_POLICY,
    "quantizers.AWQConfig": CALIBRATED, "quantizers.GPTQConfig": CALIBRATED,
    "quantizers.QuantizationReport": "compare the predictions before and after quantize()",
    **{f"quantizers.{name}": TERNARY for name in
       "TernaryQuantizationConfig pack_int2 pack_ternary unpack_int2 unpack_ternary".split()},
    "saving.KerasFileEditor": "zoo inspect, zoo diff and zoo convert show and change files",
    "layers.TFSMLayer": FILES, "layers.TorchModuleWrapper": "needs torch", "layers.JaxLayer": "needs jax",
    "layers.FlaxLayer": "needs jax", "layers.DenseFeatures": "TensorFlow's feature columns are not supported",
    "utils.model_to_dot": DRAWING, "utils.plot_model": DRAWING, "visualization": DRAWING,
    "utils.FeatureSpace": "write the preprocessing layers as a model",
    "wrappers": "wrap the model in a class with fit and predict",
}


def main() -> int:
    """Writes the page, or compares it with what would be written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", type=pathlib.Path, help="JSON file with Keras's public names")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")
    args = parser.parse_args()
    if not args.names.exists():
        print(f"{args.names} is not there: the page needs a list of Keras's public names.", file=sys.stderr)
        return 2
    with compat.installed():
        text = page(json.loads(args.names.read_text()))
    if args.check:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.write_text(text)
    return 0


def page(facts: dict[str, Any]) -> str:
    """The page for the names in `facts`."""
    modules = {name: sorted({*row["classes"], *row["functions"]} - set(facts["modules"]))
               for name, row in facts["modules"].items()}
    older = sorted({name for key in ("layers_removed_since_tf_keras", "keras1_layer_classes")
                    for name in facts.get(key, ()) if name.isidentifier()} - set(modules["layers"]))
    parts = [*((f"keras.{name}", name, names) for name, names in modules.items()),
             ("keras.layers of older releases", "layers", older)]
    found = [(title, [(name, place(module, name), reason(module, name)) for name in names])
             for title, module, names in parts if names]
    counts = [(title, sum(bool(where) for _, where, _ in rows), len(rows)) for title, rows in found]
    have, of = sum(count for _, count, _ in counts), sum(total for _, _, total in counts)
    lines = ["# Keras's names in zoo", "",
             f"Made by `tools/make_coverage.py` from the public names of Keras {facts['keras_version']}. "
             f"zoo has {have} of {of}.", "", "| module | zoo has | of |", "|---|---|---|",
             *(f"| {title} | {count} | {total} |" for title, count, total in counts)]
    for title, rows in found:
        lines += ["", f"## {title}", "", *_listed(rows)]
    return "\n".join(lines) + "\n"


def _listed(rows: list[tuple[str, str | None, str]]) -> list[str]:
    places: dict[str, list[str]] = {}
    for name, where, why in rows:
        places.setdefault(f"`{where}`" if where else f"no: {why}", []).append(f"`{name}`")
    return [f"- {where}: {', '.join(names)}" for where, names in sorted(places.items(), key=lambda item:
                                                                       item[0].startswith("no:"))]


def place(module: str, name: str) -> str | None:
    """The module of zoo that has the name, None if there is none."""
    try:
        source = importlib.import_module(f"keras.{module}".rstrip("."))
        return source.place(name) if hasattr(source, name) else None
    except ModuleNotFoundError:
        return None


def reason(module: str, name: str) -> str:
    """Why zoo does not have a name."""
    return next(REASONS[key] for key in (f"{module}.{name}", module, module.partition(".")[0], "") if key in REASONS)


if __name__ == "__main__":
    sys.exit(main())
