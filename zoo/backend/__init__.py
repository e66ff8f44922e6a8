"""K: the functions of `keras.backend`.

What `zoo.ops` has under the same name and with the same arguments is taken from there; the rest is in the files of this
package.
"""

from contextlib import nullcontext as name_scope

from zoo import ops as _ops
from zoo.backend import arrays as _arrays
from zoo.backend import neural as _neural
from zoo.backend import settings as _settings
from zoo.backend import symbolic as _symbolic
from zoo.backend import transcription as _transcription
from zoo.engine.rng import set_random_seed as set_random_seed

#: What is as in `zoo.ops`.
FROM_OPS = """
abs all any cast cos equal exp greater greater_equal less less_equal log logsumexp max maximum mean min
minimum not_equal prod reshape round shape sigmoid sign sin softplus softsign sqrt square squeeze std stop_gradient sum
tanh transpose var
""".split()

globals().update({name: getattr(_ops, name) for name in FROM_OPS})
for _module in (_arrays, _neural, _settings, _symbolic, _transcription):
    globals().update({name: thing for name, thing in vars(_module).items() if not name.startswith("_")
                      and (getattr(thing, "__module__", "") == _module.__name__)})


def __getattr__(name: str) -> object:
    """What is not there is said, with what to use instead.

    Raises:
        AttributeError: always.
    """
    instead = f"zoo.ops.{name} has that name" if hasattr(_ops, name) else "zoo.ops has the functions of Keras 3"
    raise AttributeError(f"zoo.backend has no {name!r}: {instead}.")
