"""How each primitive is written in ONNX: one table."""

from zoo.export.emitter import Rule
from zoo.export.rules import elementwise, movement, products, recurrent, reductions, windows

RULES: dict[str, Rule] = {**elementwise.RULES, **movement.RULES, **products.RULES, **recurrent.RULES,
                          **reductions.RULES, **windows.RULES}
