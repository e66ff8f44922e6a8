"""The base of all layers: owns weights, can be called on symbols, graph values and arrays."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np

from zoo import constraints, dtype_policies, initializers, naming, ops, regularizers, serialization, tree
from zoo.config import config as settings
from zoo.engine import budget, dtypes, rng
from zoo.engine import graph as graphs
from zoo.engine.operation import Operation, is_symbolic
from zoo.engine.spec import TensorSpec
from zoo.engine.symbolic import CallNode, KerasTensor
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, DtypeError, ShapeError
from zoo.layers import base_arguments, building
from zoo.layers.building import name_scope as name_scope
from zoo.layers.input_spec import InputSpec
from zoo.layers.masks import mask_of, set_mask
from zoo.layers.penalties import WithLosses
from zoo.layers.shapes import map_shapes as map_shapes
from zoo.layers.shapes import shape_of
from zoo.layers.precision import WithDtypePolicy
from zoo.layers.signatures import accepts as accepts, call_parameters, trains_by_default

_training: ContextVar[bool | None] = ContextVar("training", default=None)


class Layer(WithLosses, WithDtypePolicy, Operation):
    """A function of tensors with weights.

    A subclass keeps its arguments as attributes of the same names (they are its config), creates weights in `build`
    and computes in `call`, written in `zoo.ops`. Shapes of outputs, gradients and configs follow from these.

    Args:
        name: unique in its model; made from the class name if None.
        trainable: False freezes its weights.
        dtype: dtype, or dtype policy in any form (see `zoo.dtype_policies`); the global policy if None.
        autocast: whether float inputs are cast to the dtype of the policy.
        activity_regularizer: penalty on its output.
        **kwargs: Keras's ways to give an input shape to a first layer: `input_shape` (without batch axis),
            `batch_input_shape`, `batch_size`, `input_dim`; and `weights`, initial ones in the order of `weights`.

    Example:
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
        ...     def call(self, x):
        ...         return x * self.scale
    """

    input_spec: InputSpec | None = None
    only_as: Mapping[str, Any] = {}                         # Keras's arguments that may only have this one value here
    not_in_config: frozenset[str] = frozenset()             # arguments that Keras does not write, or would not read
    supports_masking: bool = False                          # whether masks of inputs mean something for outputs
    keeps_track_of_building: ClassVar[bool] = False         # whether `build` itself says when the layer is built

    def __init__(self, *, name: str | None = None, trainable: bool = True, dtype: Any = None,
                 activity_regularizer: Any = None, autocast: bool = True, **kwargs: Any):
        self._attach_tracking()
        base_arguments.check(type(self), kwargs, self.only_as)
        self.name = name if name is not None else naming.unique_name(naming.to_snake_case(type(self).__name__))
        self.built = self._is_building = False
        self.dtype_policy, self.autocast = dtype, bool(autocast)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = bool(trainable)
        self._given_input_shape = base_arguments.given_batch_shape(kwargs)
        self._initial_weights = kwargs.get("weights")
        self._build_shapes: Any = None
        self.calls: list[CallNode] = []

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls) and not cls.keeps_track_of_building:
            cls.build = building.once(cls.build)

    # ---- what a subclass writes or uses

    def build(self, input_shape: Any) -> None:
        """Creates the weights; called once, before the first `call`, with the shape (or nest of them) of its input.

        Called by hand it makes the layer built. Where no subclass writes it, layers inside are built by a trial call.
        """
        if self._is_building or self.built:
            return
        if self._sublayers:
            self.compute_output_shape(input_shape)
        self.finish_building(input_shape)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Computes the output; takes `training` if it behaves differently in training."""
        raise NotImplementedError(f"{type(self).__name__} does not define call().")

    def add_weight(self, shape: Any = (), initializer: Any = None, dtype: Any = None, trainable: bool = True, *,
                   name: str | None = None, regularizer: Any = None, constraint: Any = None) -> Variable:
        """Creates a variable that this layer owns.

        Args:
            shape: static shape.
            initializer: name, object or config; Glorot uniform for floats and zeros otherwise if None.
            name: what it is called inside the layer, as ``kernel``.
        """
        shape = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
        dtype = dtypes.standardize(dtype or self.variable_dtype)
        init = initializers.get(initializer or ("glorot_uniform" if dtypes.is_float(dtype) else "zeros"))
        seed = rng.draw_seed()                              # drawn now: the value does not depend on when it is read
        variable = Variable(lambda: rng.seeded(init, seed)(shape, dtype), shape, dtype, trainable=trainable,
                            name=name or "variable")
        variable.path = building.path_of(self, variable.name)
        if self.dtype_policy.is_mixed and dtypes.is_float(dtype):
            variable.gradient_dtype = self.compute_dtype
        variable.regularizer, variable.constraint = regularizers.get(regularizer), constraints.get(constraint)
        self._track(variable)
        return variable

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask (or nest of masks) of the outputs, if the layer supports masking: that of the input unless it says.

        Args:
            inputs: the first argument of the call.
            previous_mask: its mask, or nest of masks.
        """
        return previous_mask

    # ---- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer on tensors: symbolic ones extend the topology, others are computed (or traced)."""
        if is_symbolic(args, kwargs):
            return self.call_symbolically(args, kwargs)
        return self.compute(args, kwargs)

    def compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Builds the layer if need be, and calls it on arrays or values of a graph."""
        args, kwargs = tree.map(self.as_input, (args, kwargs))
        self.build_for(args, kwargs)
        training = kwargs.pop("training", None)
        training = _training.get() if training is None else bool(training)
        if accepts(type(self), "training"):
            training = kwargs["training"] = trains_by_default(type(self)) if training is None else training
        previous_mask = self._take_masks(args, kwargs)
        token, graph = _training.set(training), graphs.current()
        try:
            with nullcontext() if graph is None else graph.scope(self.name), self.holding_losses():
                outputs = self.call(*args, **kwargs)
                if self.supports_masking and args:
                    _give_masks(outputs, self.compute_mask(args[0], previous_mask))
                self.penalize(outputs)
                return outputs
        except (ShapeError, DtypeError) as error:
            shapes = tree.map(shape_of, args[0] if len(args) == 1 else list(args))
            error.args = (f"{error}\n  In layer {self.name!r} ({type(self).__name__}), called on shape {shapes}.",)
            raise
        finally:
            _training.reset(token)

    def _take_masks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Hands the masks of tensors to `call` as `mask`, or ``<argument>_mask``; gives that of the first argument."""
        tensors = {**dict(zip(call_parameters(type(self)), args)), **kwargs}
        for i, (name, tensor) in enumerate(tensors.items()):
            for wanted in (f"{name}_mask", "mask")[:2 if i == 0 else 1]:
                if wanted not in tensors and accepts(type(self), wanted):
                    kwargs[wanted] = _masks_of(tensor)
        return _masks_of(args[0]) if args else None

    # ---- building

    def build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Checks the input against `input_spec` and builds the layer if it is not built.

        Raises:
            ShapeError: the input does not meet the layer's demands.
        """
        if self.input_spec is not None and args:
            for tensor in tree.leaves(args[0]):
                self.input_spec.check(self, tuple(tensor.shape))
        if self.built:
            return
        shapes = building.shapes_for(self, args, kwargs)
        if type(self).build is Layer.build:                 # layers inside are built by the call that follows
            self.finish_building(shapes)
        elif isinstance(shapes, building.ShapesByName):
            self.build(**shapes)
        else:
            self.build(shapes)

    def finish_building(self, shapes: Any) -> None:
        """What follows `build`, with the shapes that it had: the layer is built, and gets weights that were given."""
        self._build_shapes, self.built = shapes, True
        if self._initial_weights is not None:
            with graphs.suspended():
                self.set_weights(self._initial_weights)

    # ---- weights and sublayers

    def _attach_tracking(self) -> None:
        object.__setattr__(self, "_variables", [])
        object.__setattr__(self, "_sublayers", {})

    def __setattr__(self, name: str, value: Any) -> None:
        if "_variables" not in self.__dict__:
            self._attach_tracking()
        if isinstance(value, Variable):
            self._track(value)
        elif isinstance(value, Layer) or _is_layer_list(value):
            self._sublayers[name] = value
        elif name in self._sublayers:
            del self._sublayers[name]
        object.__setattr__(self, name, value)

    def _track(self, variable: Variable) -> None:
        if all(variable is not known for known in self._variables):
            budget.charge(variable.spec.nbytes, variable.path)
            self._variables.append(variable)

    def sublayers(self) -> Iterator[tuple[str, Layer]]:
        """Direct sublayers with the name of the attribute that holds them; those in lists as ``name/0``, ``name/1``."""
        for name, held in self._sublayers.items():
            if isinstance(held, Layer):
                yield name, held
            else:
                yield from ((f"{name}/{i}", layer) for i, layer in enumerate(held))

    def own_variables(self) -> list[Variable]:
        """Variables held directly: first those made trainable, then the others, each in order of creation."""
        return ([v for v in self._variables if v.trainable] + [v for v in self._variables if not v.trainable])

    @property
    def weights(self) -> list[Variable]:
        """All variables, those of sublayers after the layer's own."""
        found = dict.fromkeys(self.own_variables())
        for _, layer in self.sublayers():
            found.update(dict.fromkeys(layer.weights))
        return list(found)

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that training may change."""
        if not self.trainable:
            return []
        found = dict.fromkeys(v for v in self.own_variables() if v.trainable)
        for _, layer in self.sublayers():
            found.update(dict.fromkeys(layer.trainable_weights))
        return list(found)

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that training leaves alone: statistics, and everything in frozen layers."""
        trainable = set(self.trainable_weights)
        return [v for v in self.weights if v not in trainable]

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether training may change the layer; setting it sets all sublayers as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for _, layer in self.sublayers():
            layer.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in the order of `weights`."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Assigns all weights, in the order of `weights`; nothing is changed if one does not fit.

        Raises:
            ShapeError: another number of weights, or other shapes; all differences are listed.
        """
        variables = self.weights
        if len(weights) != len(variables):
            raise ShapeError(f"Layer {self.name!r} has {len(variables)} weights, received {len(weights)}.")
        wrong = [f"{v.path}: expected {v.shape}, received {np.shape(w)}"
                 for v, w in zip(variables, weights) if np.shape(w) != v.shape]
        if wrong:
            raise ShapeError(f"Weights do not fit layer {self.name!r}:\n  " + "\n  ".join(wrong))
        for variable, weight in zip(variables, weights):
            variable.assign(np.asarray(weight))

    def count_params(self) -> int:
        """Number of scalars in all weights.

        Raises:
            ConfigError: the layer is not built, so it has no weights yet.
        """
        if not self.built:
            raise ConfigError(f"Layer {self.name!r} is not built, so it has no weights yet: "
                              f"call it on data, or build it with build(input_shape).")
        return sum(int(np.prod(variable.shape)) for variable in self.weights)

    # ---- files beside the weights

    def assets(self) -> dict[str, bytes]:
        """Files that an archive keeps for the layer beside its weights, by name."""
        return {}

    def load_assets(self, assets: Mapping[str, bytes]) -> None:
        """Takes back what `assets` gave."""

    # ---- shapes

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape (or nest of shapes) of the output for an input of that shape."""
        tensors = map_shapes(lambda shape: KerasTensor(TensorSpec(tuple(shape), settings.floatx)), input_shape)
        return tree.map(lambda spec: spec.shape, self.infer(CallNode(self, (tensors,), {})))

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer: plain data."""
        config = {"name": self.name, "trainable": self.trainable,
                  "dtype": self.dtype_policy.in_config()}
        absent = ("activity_regularizer",) * (self.activity_regularizer is None)
        skip = ("name", "trainable", "dtype", "autocast", *absent, *self.not_in_config)
        config |= serialization.config_of(self, skip=skip)
        return {name: value for name, value in config.items() if name not in self.not_in_config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """An unbuilt layer of that config.

        Raises:
            ConfigError: an argument is missing, unknown or wrong.
        """
        try:
            inspect.signature(cls).bind(**config)
        except TypeError as error:
            raise ConfigError(f"{cls.__name__}: {error}. Received config: {config}") from error
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def is_training() -> bool:
    """Whether the layer that is being called, if any, is called in training mode."""
    return bool(_training.get())


def _masks_of(tensors: Any) -> Any:
    """The masks of a nest of tensors; None if none of them has one."""
    masks = tree.map(mask_of, tensors)
    return masks if any(mask is not None for mask in tree.leaves(masks)) else None


def _give_masks(outputs: Any, masks: Any) -> None:
    for output, mask in zip(tree.leaves(outputs), tree.leaves(masks)):
        if mask is not None and mask_of(output) is None:
            set_mask(output, mask)


def _is_layer_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(isinstance(item, Layer) for item in value)
