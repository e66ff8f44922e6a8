"""Graphs, passes and programs: what runs."""

from zoo.engine.compile import compile_graph as compile_graph
from zoo.engine.explain import Explanation as Explanation
from zoo.engine.function import Function as Function
from zoo.engine.graph import Graph as Graph
from zoo.engine.graph import Node as Node
from zoo.engine.graph import Value as Value
from zoo.engine.op import OPS as OPS
from zoo.engine.op import Op as Op
from zoo.engine.program import Program as Program
from zoo.engine.spec import TensorSpec as TensorSpec
from zoo.engine.symbolic import KerasTensor as KerasTensor
from zoo.engine.trace import trace as trace
from zoo.engine.variable import Variable as Variable
