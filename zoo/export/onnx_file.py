"""The file itself, made with the package ``onnx``: the only module that needs it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from zoo import __version__
from zoo.engine import dtypes
from zoo.errors import ConfigError
from zoo.export.nodes import FileGraph, OnnxNode, Port
from zoo.io.atomic import replacing

LIMIT = 2 ** 31 - 2 ** 20                                  # a message of protocol buffers holds less than 2 GiB
OLDEST = 17


def check_opset(opset: int) -> None:
    """Checks that operators of that version can be written.

    Raises:
        ConfigError: they cannot.
    """
    newest = onnx.defs.onnx_opset_version()
    if not OLDEST <= opset <= newest:
        raise ConfigError(f"ONNX opset: expected {OLDEST} to {newest} (the newest that the installed onnx "
                          f"{onnx.__version__} knows), received {opset}.")


def save(graph: FileGraph, path: str | os.PathLike[str], opset: int) -> None:
    """Writes a model; arrays that are too large for the file go into one beside it, ``PATH.data``."""
    model = helper.make_model(_graph(graph), producer_name="zoo", producer_version=__version__,
                              opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = helper.find_min_ir_version_for(model.opset_import)
    if sum(array.nbytes for array in graph.initializers.values()) > LIMIT:
        _save_in_two(model, Path(os.path.realpath(path)))
        return
    with replacing(path) as temporary:
        onnx.save_model(model, temporary)


def _save_in_two(model: onnx.ModelProto, path: Path) -> None:
    """The nodes in one file, which names the other, that of the arrays; the former appears last."""
    data = path.with_name(f"{path.name}.data")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:100]}.") as folder:
        made = Path(folder, path.name)
        onnx.save_model(model, made, save_as_external_data=True, all_tensors_to_one_file=True, location=data.name)
        os.replace(made.with_name(data.name), data)
        os.replace(made, path)


def _graph(graph: FileGraph) -> onnx.GraphProto:
    return helper.make_graph([_node(node) for node in graph.nodes], graph.name, [_port(port) for port in graph.inputs],
                             [_port(port) for port in graph.outputs],
                             [numpy_helper.from_array(_stored(array), name)
                              for name, array in graph.initializers.items()])


def _stored(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).reshape(array.shape)     # which makes rank 0 rank 1


def _node(node: OnnxNode) -> onnx.NodeProto:
    return helper.make_node(node.op_type, node.inputs, node.outputs, name=node.name,
                            **{key: _attribute(value) for key, value in node.attributes.items()})


def _attribute(value: Any) -> Any:
    if isinstance(value, FileGraph):
        return _graph(value)
    if isinstance(value, np.dtype):
        return helper.np_dtype_to_tensor_dtype(value)
    return numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value


def _port(port: Port) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(port.name, tensor_type(port.dtype), port.shape)


def tensor_type(dtype: str) -> int:
    """The number that ONNX has for a dtype; bfloat16 is computed in float32, as zoo does."""
    return TensorProto.STRING if dtype == "string" else helper.np_dtype_to_tensor_dtype(dtypes.storage(dtype))
