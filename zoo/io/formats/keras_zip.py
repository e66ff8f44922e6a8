"""The ``.keras`` archive of Keras 3 and of tf.keras 2.12 and later, zipped or as a plain folder.

Members: ``config.json`` (the architecture, with ``compile_config``), ``metadata.json`` (``keras_version``,
``date_saved``), ``model.weights.h5`` (or shards with their index ``model.weights.json``), and ``assets/``
(vocabularies), which are kept as bytes. zoo's own ``zoo.json`` (see `zoo.io.extras`) is for zoo alone.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from zoo.errors import CorruptFile, UnsupportedFile
from zoo.io import archive, extras, hdf5, hdf5_writer, json_codec
from zoo.io.container import Container, Content
from zoo.io.document import WeightGroup
from zoo.io.formats import object_groups
from zoo.io.formats.training_state import compile_config
from zoo.io.probe import Probe

_CONFIG, _METADATA, _WEIGHTS, _INDEX = "config.json", "metadata.json", "model.weights.h5", "model.weights.json"
_NPZ, _EXTRAS = "model.weights.npz", f"{extras.KEY}.json"
_ASSETS = "assets/"


def sniff(probe: Probe) -> str | None:
    """Whether the archive or folder has the members of a Keras model."""
    members = probe.archive.members if probe.archive is not None else {}
    if _CONFIG not in members or not {_METADATA, _WEIGHTS, _INDEX, _NPZ} & set(members):
        return None
    return f"Keras {_metadata(probe).get('keras_version', '(version not said)')} model " + (
        "as a folder" if probe.is_folder else "archive")


def read(probe: Probe) -> Content:
    """Architecture, weights, training state and assets.

    Raises:
        CorruptFile: a member is missing or damaged.
        UnsupportedFile: the weights are in a form that holds pickled objects.
    """
    assert probe.archive is not None
    config, metadata = _json(probe, _CONFIG), _metadata(probe)
    training = json_codec.pop(config, "compile_config", dict, f"{probe.where}!{_CONFIG}")
    version = json_codec.pop(metadata, "keras_version", str, f"{probe.where}!{_METADATA}")
    tree, training_record = object_groups.divide(_groups(probe), training)
    assets = {name: probe.archive.read(name) for name in probe.archive.members if name.startswith(_ASSETS)}
    kept = _json(probe, _EXTRAS) if _EXTRAS in probe.archive.members else None
    metadata |= extras.found(kept, f"{probe.where}!{_EXTRAS}")
    return Content(config, tree, training_record, version, None, metadata | ({"assets": assets} if assets else {}))


def write(content: Content, path: Path) -> None:
    """Writes a new archive; the weights pass through a temporary file beside it, never through memory as a whole."""
    assert content.architecture is not None and content.weights is not None
    config: dict[str, Any] = dict(content.architecture)
    if content.training is not None and content.training.config:
        config["compile_config"] = compile_config(content.training, str(path))
    saved = content.metadata.get("date_saved") or datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": content.keras_version, "date_saved": saved}
    with archive.ZipWriter(path) as target:
        target.add(_METADATA, json_codec.dumps(metadata, f"{path}!{_METADATA}").encode())
        target.add(_CONFIG, json_codec.dumps(config, f"{path}!{_CONFIG}").encode())
        if extras.of(content.metadata):
            target.add(_EXTRAS, json_codec.dumps(content.metadata[extras.KEY], f"{path}!{_EXTRAS}").encode())
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".zoo-") as folder:
            weights = Path(folder, _WEIGHTS)
            with hdf5_writer.create(weights) as file:
                object_groups.write(file, content.weights, content.training)
            with weights.open("rb") as stream:
                target.copy(_WEIGHTS, stream, weights.stat().st_size)
        for name, data in content.metadata.get("assets", {}).items():
            target.add(name, data)


def _groups(probe: Probe) -> list[WeightGroup]:
    members = probe.archive
    assert members is not None

    def opened(name: str) -> hdf5.Group:
        return hdf5.read(members.member(name), probe.limits)

    if _WEIGHTS in members.members:
        return object_groups.read(opened(_WEIGHTS))
    if _INDEX in members.members:
        index = _json(probe, _INDEX)
        if not object_groups.is_index(index):
            raise CorruptFile(f"{probe.where}!{_INDEX}: expected a 'weight_map' of lists of files")
        return object_groups.read_shards(index, f"{probe.where}!{_INDEX}", opened)
    if _NPZ in members.members:
        raise UnsupportedFile(f"{probe.where}: the weights are in {_NPZ}, which holds pickled Keras objects: neither "
                              "Keras nor zoo reads them; save the model again with the default weights format")
    raise CorruptFile(f"{probe.where}: expected the weights in {_WEIGHTS!r}, received only {sorted(members.members)}")


def _metadata(probe: Probe) -> dict[str, Any]:
    assert probe.archive is not None
    return _json(probe, _METADATA) if _METADATA in probe.archive.members else {}


def _json(probe: Probe, name: str) -> dict[str, Any]:
    assert probe.archive is not None
    value = json_codec.loads(probe.archive.read(name), f"{probe.where}!{name}", probe.limits)
    if not isinstance(value, dict):
        raise CorruptFile(f"{probe.where}!{name}: expected a JSON object, received {value!r:.100}")
    return value


# tf.keras reads only archives whose layers name its own modules, which the encoder of its dialect does not write.
FORMAT = Container("keras_zip", "Keras archive", (".keras",), sniff, read, write, layouts=(object_groups.BY_PATH,),
                   dialects=("keras3",), unchanged_dialects=("tfkeras",),
                   holds=frozenset({"architecture", "weights"}), assets=True, narrow_floats=frozenset({"bfloat16"}))
