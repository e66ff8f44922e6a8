"""A `ModelDocument` becomes a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from zoo.errors import CannotExpress, ConfigError
from zoo.io import dialects, extras, layouts
from zoo.io.backend import THEANO_DIALECTS
from zoo.io.atomic import replacing, replacing_folder
from zoo.io.container import Container, Content
from zoo.io.dialects.layer_order import in_order_of_keras
from zoo.io.dialects.theano import without_meanings_of_theano
from zoo.io.document import ModelDocument, ModelRecord, Producer, TrainingRecord, WeightGroup, WeightTree
from zoo.io.edits.rewording import reworded
from zoo.io.formats import CONTAINERS
from zoo.io.formats.layer_groups import BY_LAYER, TOP_LEVEL
from zoo.io.narrow_floats import NARROW_FLOATS
from zoo.io.training import MULTI_BACKEND, conventions_of, masks_may_meet, output_names, translated

# The release that a converted file says it is from: the last one that wrote the dialect, or the one it is tested with.
VERSIONS = {"keras3": "3.15.1", "tfkeras": "2.15.0", "keras2": "2.3.1", "keras1": "1.2.2", "keras0": None}

# The dialect of documents that no file said: their training state is in the words of Keras 3.
LIVE = "live"

# The formats that name the arrays of optimizers by number; HDF5 files name them.
_ARCHIVES = {"keras_zip", "safetensors"}

# Dialects whose files name the backend, and whose layer lists end with the model's own weights.
_WITH_BACKEND = {"keras3", "tfkeras", "keras2"}
_WITH_TOP_LEVEL = {"keras3", "tfkeras"}


_WHOLE = frozenset({"architecture", "weights"})


def write(document: ModelDocument, path: str | os.PathLike[str], *, format: str | None = None,
          dialect: str | None = None, overwrite: bool = True) -> list[str]:
    """Writes a document to one file, completely or not at all.

    A document written to its own format and dialect keeps the file's own groups, names and order; otherwise weights
    are bound to the architecture and laid out anew. Parts that the format does not hold are left out (weights in
    ``.json``, the architecture in ``.weights.h5``).

    Args:
        format: a name from `zoo.io.formats.CONTAINERS`; None takes it from the suffix of `path`: ``.keras``,
            ``.weights.h5``, ``.h5`` or ``.hdf5`` (weights alone if the document has no architecture), ``.json``,
            ``.safetensors``, ``.npz``, ``.yaml``.
        dialect: whose vocabulary to write: ``keras3``, ``tfkeras``, ``keras2``, ``keras1``, ``keras0``; None keeps
            the document's own if the format allows it.
        overwrite: whether an existing file may be replaced.

    Returns:
        Notes on what had to be said in other words, with equal predictions, because the dialect lacks it.

    Raises:
        ConfigError: an unknown format, suffix or dialect.
        CannotExpress: the format or the dialect lacks something that the document has, or the document lacks
            something that the format needs.
        FileExistsError: the file exists and `overwrite` is False.
    """
    target = Path(path)
    container = _container(document, target, format)
    chosen = _dialect(document, container, dialect)
    document = _in_order_of_keras(document, chosen, str(path))
    _refuse_problems(document, container, str(path))
    notes: list[str] = []
    if _WHOLE <= container.holds and document.weights is not None:      # weights and architecture change together
        document, notes = reworded(document, chosen)
    content = _content(document, container, chosen, str(path))
    assert container.write is not None
    with _replacing(target, container, overwrite) as temporary:
        try:
            container.write(content, temporary)
        except CannotExpress as error:
            raise CannotExpress(str(error).replace(str(temporary), str(path)), error.dialect) from error
    return notes


def _replacing(target: Path, container: Container, overwrite: bool) -> AbstractContextManager[Path]:
    if container.folder is not None:
        return replacing_folder(target, container.folder, overwrite=overwrite)
    return replacing(target, overwrite=overwrite)


def _refuse_problems(document: ModelDocument, container: Container, where: str) -> None:
    """Refuses what the container's readers cannot do, unless the document comes from such a file."""
    if "weights" in container.holds and document.weights is not None:
        narrow = {tensor.dtype for _, tensor in document.weights if tensor.dtype in NARROW_FLOATS}
        if not narrow <= container.narrow_floats:
            raise CannotExpress(f"{where}: no reader of {container.title} understands {', '.join(sorted(narrow))}; "
                                "store the weights in another dtype: zoo convert --dtype float16, or float32")
    if container.problems is None or document.model is None or document.format == container.name:
        return
    found = container.problems(document.model)
    if found:
        raise CannotExpress("\n  ".join([f"{where}: {container.title} cannot express:", *found[:40]]))


def _container(document: ModelDocument, target: Path, name: str | None) -> Container:
    """The container asked for, or the one whose suffix `target` has and whose parts the document fills best."""
    writable = {key: container for key, container in CONTAINERS.items() if container.write is not None}
    if name is not None:
        if name not in writable:
            raise ConfigError(f"format={name!r}: expected one of {sorted(writable)}")
        candidates = [writable[name]]
    else:
        matching = [(len(suffix), container) for container in writable.values() for suffix in container.suffixes
                    if target.name.endswith(suffix)]
        longest = max((length for length, _ in matching), default=0)
        candidates = [container for length, container in matching if length == longest]
    if not candidates:
        suffixes = sorted({suffix for container in writable.values() for suffix in container.suffixes})
        raise ConfigError(f"{target}: expected a suffix of {suffixes}, or format= one of {sorted(writable)}")
    parts = {part for part, value in (("architecture", document.model), ("weights", document.weights))
             if value is not None}
    fitting = [container for container in candidates if container.holds <= parts]
    if not fitting:
        missing = sorted(min((container.holds - parts for container in candidates), key=len))
        raise CannotExpress(f"{target}: {candidates[0].title} needs {' and '.join(missing)}, which the document does "
                            f"not have; it has {sorted(parts)}")
    return max(fitting, key=lambda container: len(container.holds))


def _dialect(document: ModelDocument, container: Container, name: str | None) -> str:
    if name is not None and name not in container.dialects:
        raise ConfigError(f"dialect={name!r}: {container.title} is written in one of {list(container.dialects)}")
    own = document.producer.dialect
    if name is None and own in container.unchanged_dialects and document.format == container.name \
            and document.model is not None and _own_words(document, document.model) is not None:
        return own
    return name or (own if own in container.dialects else container.dialects[0])


def _in_order_of_keras(document: ModelDocument, dialect: str, where: str) -> ModelDocument:
    """A document of Keras 0 or 1 for a later dialect, with layers and weights in the order that later ones expect."""
    begins, ends = (name in dialects.INCOMPLETE for name in (document.producer.dialect, dialect))
    if not begins or ends or document.model is None:
        return document
    ordered = in_order_of_keras(document.model)
    if list(_names(ordered)) == list(_names(document.model)):
        return document
    training, tree = document.training, document.weights
    if training is not None and training.optimizer is not None and training.optimizer.tensors:
        raise CannotExpress(f"{where}: the state of the optimizer follows the order of the layers, which is another "
                            f"one in {dialect}\n  To leave it out: dataclasses.replace(document, training=None)",
                            dialect)
    if tree is not None:
        bound, report = layouts.bind_weights(document.model, tree)
        _refuse_lost(report, where)
        tree = layouts.encode_weights(bound, ordered, "by_path", "keras3")
    return replace(document, model=ordered, weights=tree)


def _names(model: ModelRecord) -> Iterator[tuple[str, ...]]:
    return (path for path, layer in model.walk() if layer.class_name != "InputLayer")


def _content(document: ModelDocument, container: Container, dialect: str, where: str) -> Content:
    """The parts of the document that the container holds, in the words of the dialect."""
    producer = document.producer
    same = dialect == producer.dialect
    content = Content(keras_version=(producer.keras_version if same else None) or VERSIONS[dialect],
                      backend="tensorflow" if dialect in _WITH_BACKEND else None, metadata=document.metadata)
    if "architecture" in container.holds:
        content.architecture = _architecture(document, container, dialect, same)
    if document.metadata.get("assets") and {"architecture", "weights"} <= container.holds and not container.assets:
        raise CannotExpress(f"{where}: {container.title} has no place for files of layers: "
                            f"{sorted(document.metadata['assets'])}; write a .keras archive, or give the layers their "
                            "vocabulary when they are made")
    if "weights" in container.holds:
        assert document.weights is not None
        verbatim = same and document.weights.layout in container.layouts
        content.weights = document.weights if verbatim else _laid_out(document, container, dialect, content, where)
        same = verbatim
    if "architecture" in container.holds or document.format == container.name:
        content.training = _training(document, container, dialect, content.weights, where)
    if same and producer.backend is not None:         # newly laid out weights are in TensorFlow's order
        content.backend = producer.backend
    content.metadata = content.metadata | _kept(document, Producer(dialect, content.keras_version, content.backend))
    return content


def _kept(document: ModelDocument, target: Producer) -> dict[str, Any]:
    """What zoo keeps in the file beside what Keras keeps; its conventions if those of `target` differ."""
    own = document.metadata.get(extras.KEY, {})
    producer = document.producer
    as_it_was = (target.dialect, target.backend) == (producer.dialect, producer.backend)
    began = conventions_of(document)
    later = conventions_of(replace(document, producer=target, weights=None, metadata={}))
    predicts_alike = began.merged_masks == later.merged_masks or not masks_may_meet(document.model)
    if as_it_was or began == later or producer.dialect == LIVE and predicts_alike:      # a new model trains as its
        return extras.of(document.metadata)                                             # vocabulary says
    return extras.of({extras.KEY: {**own, extras.CONVENTIONS: began.name}})


def _architecture(document: ModelDocument, container: Container, dialect: str, same: bool) -> dict[str, Any]:
    """The model in the words of the dialect: the file's own if it is still the model that the file describes."""
    assert document.model is not None
    model = without_meanings_of_theano(document.model) if _by_theano(document, container, same) else document.model
    own = _own_words(document, model) if same and CONTAINERS[document.format].legacy == container.legacy else None
    return dialects.encode_model(model, dialect, legacy=container.legacy) if own is None else own


def _own_words(document: ModelDocument, model: ModelRecord) -> dict[str, Any] | None:
    """The architecture as the document's file has it, if that still describes `model`."""
    own, producer = document.architecture, document.producer
    if own is None:
        return None
    described, _ = dialects.decode_model(own, producer.dialect, producer.keras_version)
    if producer.dialect in dialects.INCOMPLETE:
        layouts.complete(described, document.weights)
    return own if described == model else None


def _by_theano(document: ModelDocument, container: Container, same: bool) -> bool:
    """Whether the file is one that Theano wrote or could have written: then its words mean what they mean there."""
    if not same or document.producer.dialect not in THEANO_DIALECTS:
        return False
    tree = document.weights
    return tree is None or tree.convention.backend == "theano" and tree.layout in container.layouts \
        or "weights" not in container.holds


def _training(document: ModelDocument, container: Container, dialect: str, written: WeightTree | None,
              where: str) -> TrainingRecord | None:
    """The training state: its words and the order of its slots are those of one dialect and container.

    Args:
        written: the weights of the new file, as which its optimizer has its slots.
    """
    training, source = document.training, document.producer.dialect
    archived = (document.format in _ARCHIVES) == (container.name in _ARCHIVES)
    if training is None or source == dialect and archived:
        return training
    if document.model is None or document.weights is None:
        raise CannotExpress(f"{where}: compile arguments and optimizer state follow the order of a model's weights, "
                            "which the document does not have; write it without: training=None")
    bound, report = layouts.bind_weights(document.model, document.weights)
    trained = layouts.trained_weights(document.model, bound)
    arrays = [] if written is None or dialect not in MULTI_BACKEND else \
        layouts.bind_weights(document.model, written)[1].arrays
    try:
        return translated(training, "keras3" if source == LIVE else source, dialect, trained,
                          output_names(document.model), container.legacy, report.arrays, arrays)
    except CannotExpress as error:
        raise CannotExpress(f"{where}: {error}\n  To leave training state out: "
                            "dataclasses.replace(document, training=None)", error.dialect) from error


def _laid_out(document: ModelDocument, container: Container, dialect: str, content: Content, where: str) -> WeightTree:
    """The weights, bound to the architecture and laid out anew for the container and the dialect."""
    if document.model is None or document.weights is None:
        raise CannotExpress(f"{where}: weights alone cannot be laid out for {container.title} in {dialect}: their "
                            "order follows the architecture; read them with it: zoo.io.read(json_path, weights=path)")
    bound, report = layouts.bind_weights(document.model, document.weights)
    _refuse_lost(report, where)
    tree = layouts.encode_weights(bound, document.model, container.layouts[0], dialect)
    if tree.layout == BY_LAYER and dialect in _WITH_BACKEND:
        tree.backend, tree.keras_version = content.backend, content.keras_version
    if tree.layout == BY_LAYER and dialect in _WITH_TOP_LEVEL and TOP_LEVEL not in [g.path for g in tree.groups]:
        tree.groups.append(WeightGroup(TOP_LEVEL, []))
    return tree


def _refuse_lost(report: layouts.BindingReport, where: str) -> None:
    lost = [f"no place for: {name}" for name in report.unexpected] + [f"other shape: {pair}"
                                                                      for pair in report.mismatched]
    if lost:
        raise CannotExpress("\n  ".join([f"{where}: weights of the file do not fit its architecture:", *lost[:40]]))
