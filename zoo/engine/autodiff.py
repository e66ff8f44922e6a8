"""Reverse-mode differentiation: graph in, longer graph out."""

import zoo.engine.gradients as _gradients  # noqa: F401 - fills the table of rules
from zoo.engine.gradients.backward import gradients as gradients
