"""Comparisons and logic, elementwise: of tensors with a bool result, and of the bits of integers."""

from __future__ import annotations

from zoo.engine.primitives.rules import ANY, BOOL, INTEGER, ORDERED, binary

equal_op = binary("equal", ANY, "bool")
not_equal_op = binary("not_equal", ANY, "bool")
less_op = binary("less", ORDERED, "bool")
less_equal_op = binary("less_equal", ORDERED, "bool")
greater_op = binary("greater", ORDERED, "bool")
greater_equal_op = binary("greater_equal", ORDERED, "bool")

logical_and_op = binary("logical_and", BOOL, "bool")
logical_or_op = binary("logical_or", BOOL, "bool")
logical_xor_op = binary("logical_xor", BOOL, "bool")

bitwise_and_op = binary("bitwise_and", INTEGER | BOOL)
bitwise_or_op = binary("bitwise_or", INTEGER | BOOL)
bitwise_xor_op = binary("bitwise_xor", INTEGER | BOOL)
left_shift_op = binary("left_shift", INTEGER)
right_shift_op = binary("right_shift", INTEGER)            # keeps the sign
