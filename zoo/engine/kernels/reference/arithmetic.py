"""Definitions of arithmetic on two tensors, and of the choice between two."""

from __future__ import annotations

from zoo.engine.kernels.reference.universal import define

define({
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide",
    "floor_divide": "floor_divide", "mod": "mod", "power": "power",
    "maximum": "maximum", "minimum": "minimum", "arctan2": "arctan2", "select": "where",
})
