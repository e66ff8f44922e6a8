"""Functions of tensors written as ONNX models."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from zoo import tree
from zoo.engine.graph import Graph
from zoo.engine.spec import TensorSpec
from zoo.errors import CannotExpress, MissingDependency
from zoo.export.emitter import Emitter
from zoo.export.nodes import FileGraph, Port
from zoo.export.probes import Probes, Size, probe
from zoo.export.rules import RULES


def export_onnx(function: Callable[..., Any], nest: Any, path: str | os.PathLike[str], *, name: str,
                input_names: Sequence[str], output_names: Sequence[str] | None = None, opset: int = 17) -> None:
    """Writes a function of a nest of tensors, and the weights that it reads, as an ONNX model.

    Args:
        function: takes the nest and returns a nest.
        nest: of `TensorSpec`; sizes that are None stay open in the file, the first axis being the batch of all inputs.
        path: of the file; it appears whole or not at all.
        name: of the model.
        input_names, output_names: of the leaves of the nests; outputs are numbered if None.
        opset: version of ONNX's operators, 17 or later.

    Raises:
        CannotExpress: ONNX lacks something; everything that it lacks is listed with its layer.
        MissingDependency: the package ``onnx`` is not installed.
    """
    file = _onnx_file()
    file.check_opset(opset)
    probes = probe(function, nest, name)
    if probes.graph.updates:
        states = ", ".join(sorted(variable.path for variable in probes.graph.updates))
        raise CannotExpress(f"Model {name!r} keeps a state from one call to the next ({states}), which ONNX models "
                            f"cannot. Make its layers with stateful=False, and without those that draw random numbers.")
    graph = FileGraph(name)
    emitter = Emitter(probes, graph, RULES, opset)
    for value, title in zip(probes.graph.inputs, input_names, strict=True):
        port = Port(graph.unique(title), value.dtype, ())
        graph.inputs.append(port)
        emitter.hold(value, port.name)
    _name_sizes(graph, probes, nest)
    count = len(probes.graph.outputs)
    titles = [graph.unique(title) for title in output_names or [f"output_{i + 1}" for i in range(count)]]
    emitter.write()
    if emitter.lacking:
        raise CannotExpress(f"Model {name!r} cannot be written as ONNX (opset {opset}):\n  "
                            + "\n  ".join(dict.fromkeys(emitter.lacking)))
    _finish(emitter, graph, probes.graph, titles)
    graph.tidy()
    file.save(graph, path, opset)


def _onnx_file() -> Any:
    """The module that needs the package ``onnx``."""
    try:
        return import_module("zoo.export.onnx_file")
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "onnx":
            raise
        raise MissingDependency("onnx", "onnx", "Writing ONNX models") from error


def _name_sizes(graph: FileGraph, probes: Probes, nest: Any) -> None:
    """Gives the ports their sizes: unknown ones have one name where they are one number."""
    names: dict[Any, str] = {}
    specs: list[TensorSpec] = tree.leaves(nest)
    for i, (port, value, spec) in enumerate(zip(graph.inputs, probes.graph.inputs, specs)):
        shape = tuple(names.setdefault(size, "batch" if axis == 0 else f"{port.name}_{axis}")
                      if isinstance(size, Size) else size for axis, size in enumerate(probes.shape(value)))
        graph.inputs[i] = Port(port.name, spec.dtype, shape)


def _finish(emitter: Emitter, file: FileGraph, graph: Graph, titles: Sequence[str]) -> None:
    """Gives the outputs their names: tensors are renamed, those that cannot be are copied."""
    by_numbers = {size: name for port, value in zip(file.inputs, graph.inputs)
                  for size, name in zip(emitter.shape(value), port.shape) if isinstance(size, Size)}
    names = [emitter.name(value) for value in graph.outputs]
    made = {name for node in file.nodes for name in node.outputs}
    renamed: dict[str, str] = {}
    for value, name, title in zip(graph.outputs, names, titles, strict=True):
        if name in made and name not in renamed:
            renamed[name] = title
        else:
            copy = emitter.op("Identity", name)
            renamed[copy] = title
        shape = tuple(by_numbers.get(size) if isinstance(size, Size) else size for size in emitter.shape(value))
        file.outputs.append(Port(title, value.dtype, shape))
    file.rename(renamed)
