"""The gradient of every primitive. Importing this package fills the table."""

from zoo.engine.gradients import contract as _contract  # noqa: F401
from zoo.engine.gradients import custom_gradient as _custom_gradient  # noqa: F401
from zoo.engine.gradients import elementwise as _elementwise  # noqa: F401
from zoo.engine.gradients import linalg as _linalg  # noqa: F401
from zoo.engine.gradients import movement as _movement  # noqa: F401
from zoo.engine.gradients import recurrent as _recurrent  # noqa: F401
from zoo.engine.gradients import reduce as _reduce  # noqa: F401
from zoo.engine.gradients import windows as _windows  # noqa: F401
from zoo.engine.gradients.registry import RULES as RULES
from zoo.engine.gradients.registry import WITHOUT as WITHOUT
from zoo.engine.gradients.registry import without as _without

_without("random numbers do not depend on anything that has a gradient", "random_uniform", "random_normal")
_without("it is computed on the host, of strings for the most part", "host")
