"""Models as ONNX files."""

from __future__ import annotations

import os
from typing import Any

from zoo import export, tree
from zoo.engine import dtypes
from zoo.engine.spec import TensorSpec
from zoo.errors import ConfigError


def export_onnx(model: Any, path: str | os.PathLike[str], *, opset: int = 17, input_signature: Any = None) -> None:
    """Writes a model, in inference mode, as an ONNX file: weights included, the size of the batch open.

    Inputs and outputs have the names of the model's. Other unknown sizes stay open where ONNX can say what follows from
    them.

    Args:
        model: a built model.
        path: of the file.
        opset: version of ONNX's operators, 17 or later.
        input_signature: a nest like the model's inputs of anything with a shape and a dtype (`Input`, an array), to fix
            sizes that are unknown, or for a model that does not know its inputs; None for those of the model.

    Raises:
        CannotExpress: ONNX lacks something; each layer and operation of that kind is listed.
        ConfigError: the model does not know its inputs.
        MissingDependency: the package ``onnx`` is not installed.

    Example:
        >>> zoo.export_onnx(model, "model.onnx", input_signature=zoo.Input((224, 224, 3), batch_size=1))
    """
    structure = getattr(model, "input_structure", None) if input_signature is None else input_signature
    if structure is None:
        raise ConfigError(f"Model {model.name!r} does not know the shapes of its inputs: give an input_signature, such "
                          f"as zoo.Input((224, 224, 3)).")
    nest = tree.map(lambda leaf: TensorSpec(tuple(leaf.shape), dtypes.standardize(leaf.dtype)), structure)
    known = getattr(model, "input_structure", None) is not None
    names = model.input_names if known else [f"input_{i + 1}" for i in range(len(tree.leaves(nest)))]
    if len(names) != len(tree.leaves(nest)):
        raise ConfigError(f"Model {model.name!r} has {len(names)} inputs {names}, and the input_signature "
                          f"{len(tree.leaves(nest))}.")
    export.export_onnx(model.predict_function.function, nest, path, name=model.name, input_names=names,
                       output_names=model.output_names if known else None, opset=opset)
