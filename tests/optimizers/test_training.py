"""Small dense networks trained for eight steps as Keras did: every optimizer, schedule and loss of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import training_cases
from tests.conformance.outcome import tally
from tests.corpus import require_corpus
from zoo import losses, naming, ops, optimizers
from zoo.engine import graph as graphs
from zoo.engine.autodiff import gradients
from zoo.engine.function import Function
from zoo.engine.variable import Variable
from zoo.errors import ZooError

pytestmark = require_corpus
FAMILIES = ("optimizer_", "schedule_", "loss_")


def variables_of(meta: dict[str, Any], arrays: dict[str, np.ndarray]) -> list[Variable]:
    """The trained variables before the first step."""
    variables = []
    for i, (path, *_) in enumerate(meta["weights"]):
        variables.append(Variable(arrays[f"w0_{i}"], name=path.rpartition("/")[2]))
        variables[i].path = path
    return variables


def network(records: list[dict[str, Any]], variables: list[Variable]) -> Callable[[Any], Any]:
    """The network of a case's layers: `Dense` and `UnitNormalization`."""
    def call(x: Any) -> Any:
        weights = iter(variables)
        for record in records:
            if record["class_name"] == "UnitNormalization":
                x = ops.normalize(x, axis=record["config"]["axis"])
                continue
            x = ops.matmul(x, next(weights)) + next(weights)
            activation = record["config"]["activation"]
            x = x if activation == "linear" else getattr(ops, activation)(x)
        return x
    return call


def steps_of(optimizer: Any, loss: Any, model: Any, variables: list[Variable], traced: bool) -> Callable[..., Any]:
    """A training step ``(x, y, weight) -> loss``: one graph, or gradients compiled and the optimizer at once."""
    def differentiated(x: Any, y: Any, weight: Any) -> tuple[Any, list[Any]]:
        value = loss(y, model(x), weight)
        reads = [graphs.current().read(variable) for variable in variables]
        return value, gradients([optimizer.scale_loss(value)], reads)

    def step(x: Any, y: Any, weight: Any) -> Any:
        value, found = differentiated(x, y, weight)
        optimizer.apply(found, variables)
        return value

    if traced:
        return Function(step)
    compute = Function(differentiated)

    def step_at_once(*batch: Any) -> Any:
        value, found = compute(*batch)
        optimizer.apply(found, variables)
        return value
    return step_at_once


def problem(name: str, traced: bool) -> str | None:
    """None if losses, weights and states are Keras's in every step that the corpus holds."""
    meta, arrays = training_cases.meta(name), training_cases.arrays(name)
    naming.reset()
    optimizer, variables = optimizers.deserialize(meta["optimizer"]), variables_of(meta, arrays)
    optimizer.build(variables)
    found = [[variable.path, list(variable.shape)] for variable in optimizer.variables]
    if found != meta["optimizer_variables"]:
        return f"variables {found} instead of {meta['optimizer_variables']}"
    if training_cases.plain(optimizer.get_config()) != training_cases.plain(meta["optimizer"]["config"]):
        return f"config {optimizer.get_config()}"
    model, size = network(training_cases.layers(name), variables), meta["batch_size"]
    loss = losses.for_output(meta["compile"]["loss"], arrays["y0"], arrays["y0"])
    step = steps_of(optimizer, loss, model, variables, traced)
    for k in range(meta["steps"]):
        rows = slice(k * size, (k + 1) * size)
        weight = arrays["sample_weight0"][rows] if "sample_weight0" in arrays else None
        value = step(arrays["x0"][rows], arrays["y0"][rows], weight)
        held = {f"w{k + 1}_{i}": variable for i, variable in enumerate(variables)}
        held |= {f"o{k + 1}_{i}": variable for i, variable in enumerate(optimizer.variables)}
        wrong = [key for key, variable in held.items()
                 if key in arrays and not is_equal(variable.value, arrays[key], meta["tolerance"])]
        if wrong or not np.allclose(value, arrays["losses"][k], **meta["tolerance"]):
            return f"step {k}: loss {value} instead of {arrays['losses'][k]}; differ: {', '.join(wrong)}"
    return None


def is_equal(received: np.ndarray, expected: np.ndarray, tolerance: dict[str, float]) -> bool:
    return received.dtype == expected.dtype and np.allclose(received, expected, **tolerance)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("family", FAMILIES)
def test_steps_equal_those_of_keras(family: str, traced: bool) -> None:
    row = tally(f"training/{family}* {'traced' if traced else 'eager'}")
    for name in training_cases.names(family):
        others = {record["class_name"] for record in training_cases.layers(name)} - {"Dense", "UnitNormalization"}
        if others:
            row.not_yet[name] = f"layers {', '.join(sorted(others))}"
            continue
        try:
            reason = problem(name, traced)
        except ZooError as error:
            reason = f"{type(error).__name__}: {error}"
        row.passed.append(name) if reason is None else row.failed.update({name: reason})
    assert row.passed and not row.failed, "\n".join(row.lines())


def test_variables_of_all_networks_have_keras_names_shapes_and_order() -> None:
    row = tally("training/* optimizer variables")
    for name in training_cases.names("conv_", "rnn_", "net_"):
        meta, arrays = training_cases.meta(name), training_cases.arrays(name)
        naming.reset()
        optimizer, variables = optimizers.deserialize(meta["optimizer"]), variables_of(meta, arrays)
        optimizer.build(variable for variable, (*_, trained) in zip(variables, meta["weights"]) if trained)
        found = [[variable.path, list(variable.shape)] for variable in optimizer.variables]
        row.passed.append(name) if found == meta["optimizer_variables"] else row.failed.update({name: str(found)})
    assert row.passed and not row.failed, "\n".join(row.lines())
