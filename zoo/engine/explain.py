"""What becomes of a function on its way to numbers, for reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zoo.engine.compile import PassRecord, lower, optimize
from zoo.engine.function import Function
from zoo.engine.passes import INFERENCE
from zoo.engine.program import Program
from zoo.engine.trace import trace


@dataclass(frozen=True)
class Explanation:
    """The stages of compilation.

    Attributes:
        before: the graph as traced.
        passes: what each pass changed.
        after: the graph that the passes leave.
        program: its program, with the reasons of each kernel's choice.
    """

    before: str
    passes: tuple[PassRecord, ...]
    after: str
    program: Program

    def __str__(self) -> str:
        kernels = [f"  {i}: {step.node.op.name} -> {step.outputs[0].spec!r}: {step.choice}"
                   for i, step in enumerate(self.program.steps) if not step.is_alias]
        sections = {
            "As traced": self.before,
            "Passes": "\n".join(f"  {record}" for record in self.passes),
            "Optimized": self.after,
            "Kernels": "\n".join(kernels),
            "Program": str(self.program),
        }
        return "\n\n".join(f"{title}\n{'-' * len(title)}\n{text}" for title, text in sections.items())


def explain(function: Function | Callable[..., Any], *specs: Any) -> Explanation:
    """Traces and compiles `function` for nests of specs, keeping what every stage did.

    Args:
        function: a function of tensors, or a `Function`.
        specs: for each argument a nest of `TensorSpec` with static shapes.
    """
    compiled = isinstance(function, Function)
    traced = trace(function.function if compiled else function, *specs, name=function.name if compiled else "")
    before = str(traced.graph)
    graph, records = optimize(traced.graph, function.pipeline if compiled else INFERENCE)
    after = str(graph)
    return Explanation(before, records, after, lower(graph, function.weights if compiled else None))
