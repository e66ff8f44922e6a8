"""Every architecture of the corpus: read, written in its own dialect, read again."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo import io
from zoo.errors import CannotExpress, ZooError
from zoo.io import dialects
from zoo.io.document import ModelRecord
from zoo.io.read import read_content

pytestmark = require_corpus

# producer -> dialect, which files
PRODUCERS = {
    "keras3": ("keras3", ("model.keras", "model.h5", "model.json")),
    "keras-3.0.5": ("keras3", ("model.keras", "model.json")), "keras-3.6.0": ("keras3", ("model.keras", "model.json")),
    "training": ("keras3", ("initial.keras",)), "gradients": ("keras3", ("model.keras",)),
    "tfkeras2": ("tfkeras", ("model.keras", "model.h5")), "tfkeras-2.15": ("tfkeras", ("model.keras", "model.h5")),
    "tfkeras-2.12": ("tfkeras", ("model.keras", "model.h5")),
    "keras-2.3.1": ("keras2", ("model.h5",)), "keras-2.2.4": ("keras2", ("model.h5",)),
    "keras-2.0.9": ("keras2", ("model.h5",)), "keras-1.2.2": ("keras1", ("model.h5",)),
    "keras-0.3.3": ("keras0", ("model.json",)),
}
# Architectures as text, which are written back as they were.
TEXTS = {"keras-0.3.3": "*/model.*", "keras-1.2.2": "*/model.*", "keras-2.0.9": "*/model.*", "keras-2.2.4": "*/model.*",
         "keras-2.3.1": "*/model.*", "keras-2.2.4-applications": "*.model.json",
         "keras-2.3.1-applications": "*.model.json"}


def architectures(producer: str) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """Name, JSON and version of each architecture of a producer."""
    assert CORPUS is not None
    for folder in sorted(path for path in (CORPUS / producer).iterdir() if path.is_dir()):
        for file in PRODUCERS[producer][1]:
            if (folder / file).is_file():
                content = read_content(folder / file)[1]
                if content.architecture is not None:
                    yield f"{folder.name}/{file}", content.architecture, content.keras_version


def without_build_configs(model: ModelRecord) -> ModelRecord:
    """The model without what only some forms of a dialect hold."""
    for record in (model, *(layer for _, layer in model.walk())):
        record.build_config = None
        record.config = _cleaned(record.config)
        if getattr(record, "model", None) is not None:
            record.model.build_config, record.model.config = None, record.config
    return model


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items() if key != "build_config"}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def classes(model: ModelRecord) -> list[str] | None:
    """The classes of the layers of a functional model."""
    return sorted(layer.class_name for layer in model.layers) if model.kind == "functional" else None


@pytest.mark.parametrize("producer", PRODUCERS)
def test_architectures_survive_a_round_trip(producer: str) -> None:
    row = tally(f"dialects: {producer} again")
    for name, architecture, version in architectures(producer):
        try:
            dialect = dialects.detect(architecture, version)
            model, _ = dialects.decode_model(architecture, dialect)
            json.dumps([layer.config for _, layer in model.walk()])
            again, _ = dialects.decode_model(dialects.encode_model(model, dialect), dialect)
            if dialect == "keras0":             # which names no models, and merges in its graphs only
                again.name, again.config["name"] = model.name, model.name
            if dialect != "keras3":
                model, again = without_build_configs(model), without_build_configs(again)
            same = (again == model or dialect == "keras0" and classes(again) == classes(model)) and \
                dialect == PRODUCERS[producer][0]
            row.passed.append(name) if same else row.failed.update({name: "differs"})
        except CannotExpress as error:
            row.not_yet[name] = str(error).splitlines()[-1].partition(": ")[2]
        except ZooError as error:
            row.failed[name] = f"{type(error).__name__}: {error}"
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize(("producer", "target"), [
    ("keras3", "tfkeras"), ("tfkeras2", "keras3"), ("keras-2.2.4", "tfkeras"), ("keras-2.2.4", "keras3"),
    ("tfkeras-2.15", "keras2"), ("keras-1.2.2", "keras3"), ("keras-1.2.2", "tfkeras"), ("keras-1.2.2", "keras2"),
    ("keras-0.3.3", "keras3"), ("keras-0.3.3", "keras1")])
def test_architectures_in_another_dialect(producer: str, target: str) -> None:
    """Layers, their classes and their wiring are the same; what cannot be said is refused."""
    row = tally(f"dialects: {producer} as {target}")
    for name, architecture, version in architectures(producer):
        model, _ = dialects.decode_model(architecture, dialects.detect(architecture, version))
        try:
            again, _ = dialects.decode_model(dialects.encode_model(model, target), target)
        except CannotExpress:
            row.not_yet[name] = f"{target} cannot express it"
            continue
        same = [(path, layer.class_name) for path, layer in model.walk()] == \
            [(path, layer.class_name) for path, layer in again.walk()]
        row.passed.append(name) if same else row.failed.update({name: "other layers"})
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize("producer", TEXTS)
def test_unchanged_models_are_written_in_their_own_words(producer: str, tmp_path: pathlib.Path) -> None:
    assert CORPUS is not None
    row = tally(f"dialects: {producer} in its own words")
    for path in sorted((CORPUS / producer).glob(TEXTS[producer])):
        if path.suffix not in (".json", ".yaml"):
            continue
        name, copy = str(path.relative_to(CORPUS / producer)), tmp_path / path.name
        document = io.read(path)
        io.write(document, copy)
        if path.suffix == ".json":
            same = json.loads(copy.read_text()) == json.loads(path.read_text())
        else:
            ours = read_content(copy)[1]
            same = (ours.architecture, ours.keras_version, ours.backend) == \
                (document.architecture, document.producer.keras_version, document.producer.backend)
        row.passed.append(name) if same else row.failed.update({name: "differs"})
    assert row.passed and not row.failed, "\n".join(row.lines())


def test_files_of_others() -> None:
    assert CORPUS is not None
    row = tally("dialects: wild again")
    for path in sorted(pathlib.Path(CORPUS, "wild").rglob("*")):
        if path.suffix not in (".h5", ".hdf5", ".json", ".keras") or path.name in ("INDEX.json", "predictions.json"):
            continue
        try:
            content = read_content(path)[1]
        except ZooError:
            continue                            # not a model; the containers have tests of their own
        if content.architecture is None:
            continue
        dialect = dialects.detect(content.architecture, content.keras_version)
        if dialect not in dialects.DIALECTS:
            row.not_yet[path.name] = f"dialect {dialect}"
            continue
        model, _ = dialects.decode_model(content.architecture, dialect)
        again, _ = dialects.decode_model(dialects.encode_model(model, dialect), dialect)
        same = without_build_configs(again) == without_build_configs(model)
        row.passed.append(path.name) if same else row.failed.update({path.name: "differs"})
    assert row.passed and not row.failed, "\n".join(row.lines())
