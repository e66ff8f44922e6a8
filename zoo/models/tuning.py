"""Measuring the kernels of a model."""

from __future__ import annotations

from collections.abc import Sequence

from zoo import tree
from zoo.engine.compile import optimize
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.tune import Candidate, candidates
from zoo.errors import ConfigError
from zoo.models.model import Model
from zoo.models.warmup import SIZE, input_shapes


def unmeasured(model: Model, batch_sizes: Sequence[int] = (1,), *, size: int = SIZE) -> list[Candidate]:
    """What of `predict` has not been measured yet on this machine: give it to `zoo.engine.tune.measure`.

    Args:
        model: a functional or sequential model; its weights are not looked at.
        batch_sizes: for which it will be called.
        size: taken where the model leaves sizes of its inputs open.

    Raises:
        ConfigError: the model has no symbolic inputs.
    """
    if model.kind == "opaque":
        raise ConfigError(f"Model {model.name!r} writes its own call(): only functional and sequential models can be "
                          f"measured.")
    function, found = model.predict_function, {}
    for batch_size in dict.fromkeys(batch_sizes):
        specs = [TensorSpec(shape, tensor.dtype) for shape, tensor in zip(input_shapes(model, batch_size, size),
                                                                         model.inputs)]
        traced = trace(function.function, tree.pack(model.input, specs), name=model.name)
        graph, _ = optimize(traced.graph, function.pipeline)
        found.update({candidate.key: candidate for candidate in candidates(graph)})
    return list(found.values())
