"""What all models share: layers by name, weights in files, summaries."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from typing import Any

from zoo import io, quantizers
from zoo.conventions import TODAY, current, using
from zoo.errors import CannotExpress, ConfigError, Unsupported
from zoo.layers.layer import Layer
from zoo.layers.main_weight import MainWeight
from zoo.models import capture, exporting, frozen, summary, training_state, weights
from zoo.models.load_report import LoadReport
from zoo.training.older_keras import TrainerOfOldCode

Path = str | os.PathLike[str]

_WEIGHTS_FORMATS = {".weights.h5": "weights_h5", ".safetensors": "safetensors_weights", ".npz": "npz"}


class Model(TrainerOfOldCode, Layer):
    """A layer made of layers that can be trained, saved and loaded.

    ``Model(inputs, outputs)`` makes a functional model; a subclass that writes `call` is a model as well.

    Attributes:
        load_report: what the last load of weights did, or None.
        metadata: what zoo's files say of a model beside what Keras's say: ``labels``, the names of the classes, and
            ``preprocess``, how pixels are prepared for it (``caffe``, ``tf``, ``torch``, ``lite`` or ``none``). It is
            read and written with the model.
    """

    kind = "opaque"                                         # how `capture` writes it: functional, sequential, opaque
    functional_class: type[Model]                           # set by zoo.models.functional, which derives from this

    def __new__(cls, *args: Any, **kwargs: Any) -> Model:
        functional = cls is Model and (args or "inputs" in kwargs)
        return super().__new__(Model.functional_class if functional else cls)

    def __init__(self, *, name: str | None = None, trainable: bool = True, dtype: Any = None, **kwargs: Any):
        super().__init__(name=name, trainable=trainable, dtype=dtype, **kwargs)
        self.load_report: LoadReport | None = None
        self.metadata: dict[str, Any] = {}
        self.reset_programs()

    def compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls the model by its own conventions, those of an old release, if it has such; else by those in force."""
        with using(current() if self.conventions == TODAY else self.conventions):
            return super().compute(args, kwargs)

    @property
    def layers(self) -> list[Layer]:
        """Direct sublayers."""
        return [layer for _, layer in self.sublayers()]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name, or by its position in `layers`.

        Raises:
            ConfigError: there is none.
        """
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ConfigError(f"Model {self.name!r} has {len(layers)} layers, there is no layer {index}.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ConfigError(f"Model {self.name!r} has no layer named {name!r}. "
                          f"It has: {', '.join(layer.name for layer in layers)}.")

    def split_frozen(self) -> frozen.Split | None:
        """The model cut where training begins to matter; None if nothing with weights comes before."""
        flags = tuple(layer.trainable for layer in frozen.all_layers(self))
        if flags not in self._splits:
            self._splits[flags] = frozen.split(self)
        return self._splits[flags]

    def quantize(self, mode: str | None = None, config: Any = None, filters: Any = None) -> None:
        """Brings the weights of dense and embedding layers to few bits; other layers stay as they are.

        An optimizer that has begun to train knows the old weights: compile anew before training on.

        Args:
            mode, config: as of `Dense.quantize`.
            filters: which layers: a regular expression for names, several, or a function of a layer.

        Raises:
            ConfigError: no layer can be quantized, or one is not built or quantized already.
        """
        config = quantizers.chosen_config(mode, config)
        chosen = [layer for layer in frozen.all_layers(self)
                  if isinstance(layer, MainWeight) and layer.takes_mode(config.mode) and _passes(layer, filters)]
        if not chosen:
            raise ConfigError(f"Model {self.name!r} has no layer to quantize"
                              f"{'' if filters is None else f' that passes {filters!r}'}.")
        for layer in chosen:
            layer.quantize(config=config)
        self.reset_programs()

    def reset_states(self) -> None:
        """Makes stateful layers start anew with the next batch."""
        for layer in self.layers:
            if hasattr(layer, "reset_states"):
                layer.reset_states()

    # ---- files

    def save(self, path: Path, overwrite: bool = True, *, format: str | None = None,  # noqa: A002
             dialect: str | None = None, include_optimizer: bool = True) -> None:
        """Writes architecture, weights and training state: ``.keras`` (Keras 3) or ``.h5`` (tf.keras 2 and Keras 3).

        The file appears whole or not at all. An ``.h5`` is written in the vocabulary of tf.keras 2, which Keras 3 reads
        as well (except models nested in models); a model that this vocabulary cannot express is written in that of
        Keras 3, with a warning.

        Args:
            path: the suffix says the format unless `format` does.
            overwrite: whether an existing file may be replaced.
            format: ``keras_zip`` or ``keras_h5``.
            dialect: whose vocabulary: ``keras3``, ``tfkeras`` or ``keras2``; see above if None.
            include_optimizer: whether to write how the model is compiled, and the state of its optimizer.

        Raises:
            CannotExpress: the vocabulary asked for lacks something; everything that it lacks is listed.
        """
        document = capture.document(self)
        document.training = training_state.capture(self) if include_optimizer else None
        try:
            notes = io.write(document, path, format=format, dialect=dialect, overwrite=overwrite)
        except CannotExpress as error:
            if dialect is not None or error.dialect in (None, "keras3"):
                raise
            warnings.warn(f"{os.fspath(path)} is written for Keras 3 alone: {error}", stacklevel=2)
            notes = io.write(document, path, format=format, dialect="keras3", overwrite=overwrite)
        for note in notes:
            warnings.warn(f"{os.fspath(path)}: {note}", stacklevel=2)

    def save_weights(self, path: Path, overwrite: bool = True, *, format: str | None = None) -> None:  # noqa: A002
        """Writes the weights alone: ``.weights.h5`` (Keras 3), ``.safetensors``, ``.npz``, or else ``.h5`` (legacy)."""
        by_suffix = (name for suffix, name in _WEIGHTS_FORMATS.items() if os.fspath(path).endswith(suffix))
        io.write(capture.document(self), path, format=format or next(by_suffix, "legacy_weights_h5"),
                 overwrite=overwrite)

    def load_weights(self, path: Path, *, by_name: bool = False, skip_mismatch: bool = False,
                     strict: bool = True, assume: str | None = None) -> LoadReport:
        """Reads weights of any known format into this model.

        Args:
            path: a weights file, or a whole model of which only the weights are used.
            by_name: match layers by their names (layers that only one side has are reported, not refused).
            skip_mismatch: leave weights alone whose shapes differ, instead of refusing the file.
            strict: refuse, before anything is changed, unless every weight of the model gets a value and every weight
                of the file a place.
            assume: the backend that wrote an old file, ``theano`` or ``tensorflow``; see `zoo.io.read`.

        Raises:
            WeightsMismatch: the weights do not fit; all differences are listed. Nothing was changed.
        """
        self.load_report = weights.load(self, io.read(path, assume=assume), by_name=by_name,
                                        skip_mismatch=skip_mismatch, strict=strict)
        return self.load_report

    def export(self, path: Path, format: str = "onnx", verbose: bool | None = None,  # noqa: A002 - Keras's name
               input_signature: Any = None, *, opset: int = 17) -> None:
        """Writes the model in inference mode for other programs; see `zoo.export_onnx`.

        Args:
            format: ``onnx``, the only one that zoo writes.
            verbose: accepted for Keras's sake.

        Raises:
            Unsupported: another format is asked for.
            CannotExpress: ONNX lacks something that the model does.
        """
        if format != "onnx":
            raise Unsupported(f"Model.export: expected format='onnx', received {format!r}. Others are written "
                              f"by Keras itself: save the model with model.save('model.keras') and export that.")
        exporting.export_onnx(self, path, opset=opset, input_signature=input_signature)

    def to_json(self, *, dialect: str = "keras3", **json_options: Any) -> str:
        """The architecture as JSON text, in the vocabulary of ``keras3``, ``tfkeras`` or ``keras2``."""
        return io.architecture_text(capture.architecture(self), dialect, **json_options)

    def to_yaml(self, *, dialect: str = "tfkeras", **_: Any) -> str:
        """The architecture as YAML text, in the vocabulary of ``tfkeras`` or ``keras2``: Keras 3 has none.

        Further arguments, which older Keras gave to its YAML writer, change nothing in what the text says.
        """
        return io.architecture_yaml_text(capture.architecture(self), dialect)

    def get_config(self) -> dict[str, Any]:
        """The architecture as plain data, in Keras 3's form."""
        return io.dialects.encode_model(capture.architecture(self), "keras3")["config"]

    # ---- reading

    def summary(self, line_length: int | None = None, print_fn: Callable[[str], Any] = print, *,
                expand_nested: bool = False, show_trainable: bool = False) -> None:
        """Prints a table of the layers with output shapes and numbers of parameters.

        Args:
            line_length: width of the table; as wide as it needs to be if None.
            print_fn: gets the text.
            expand_nested: whether nested models show their layers.
            show_trainable: whether to add a column that tells which layers train.
        """
        print_fn(summary.table(self, line_length, expand_nested, show_trainable))


def _passes(layer: Layer, filters: Any) -> bool:
    """Whether a layer is chosen by the filters of `Model.quantize`."""
    if filters is None:
        return True
    if callable(filters):
        return bool(filters(layer))
    return any(re.search(pattern, layer.name) for pattern in ([filters] if isinstance(filters, str) else filters))
