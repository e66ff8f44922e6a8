"""What surrounds the formulas of optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo import naming, ops, optimizers
from zoo.engine.function import Function
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError, UnknownClass
from zoo.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap, Slot, schedules

ONES = np.ones(2, "float32")
FORMULAS = [cls for cls in dict.fromkeys(optimizers.ALL.values())
            if issubclass(cls, optimizers.Optimizer)
            and cls not in (optimizers.Optimizer, LossScaleOptimizer, MultiOptimizer)]
RATES = {"Adadelta": 5.0, "Adafactor": 1.0, "Ftrl": 0.05, "Adagrad": 0.05, "Lamb": 0.03, "Muon": 0.05}


def variable(value: Any = (1.0, -2.0), path: str = "dense/kernel") -> Variable:
    made = Variable(np.asarray(value, "float32"), name=path.rpartition("/")[2])
    made.path = path
    return made


@pytest.mark.parametrize("cls", FORMULAS, ids=lambda cls: cls.__name__)
def test_every_optimizer_goes_downhill(cls: type) -> None:
    """Minimises the distance to a point, in a compiled step; the state it saves is all there is."""
    target, w = np.full((3, 4), 0.5, "float32"), variable(np.full((3, 4), 0.1))
    optimizer = cls(learning_rate=RATES.get(cls.__name__, 0.01))
    step = Function(lambda: optimizer.apply([w - target], [w]))
    for _ in range(60):
        step()
    assert np.linalg.norm(w.value - target) < 0.75 * np.linalg.norm(0.1 - target)
    copy, other = cls.from_config(optimizer.get_config()), variable(w.numpy())
    copy.build([other])
    copy.set_weights([v.numpy() for v in optimizer.variables])
    step()
    copy.apply([other - target])
    np.testing.assert_allclose(other.value, w.value, rtol=1e-5)


@pytest.mark.parametrize("cls", FORMULAS, ids=lambda cls: cls.__name__)
def test_a_gradient_of_zero_changes_nothing(cls: type) -> None:
    w = variable(np.ones((2, 2)))
    options = {name: None for name in ("weight_decay", "adam_weight_decay") if cls is optimizers.Muon}
    optimizer = cls(**options, **{"weight_decay": 0.0} if cls is optimizers.AdamW else {})
    optimizer.apply([np.zeros((2, 2), "float32")], [w])
    if cls is not optimizers.Ftrl:                          # whose variables follow from its state alone
        np.testing.assert_allclose(w.value, 1, atol=1e-6)
    assert np.isfinite(w.value).all()


@pytest.mark.parametrize(("options", "expected"), [
    ({"clipnorm": 1.0}, [[0.6, 0.8], [0.6, 0.8]]), ({"clipvalue": 3.5}, [[3, 3.5], [0.6, 0.8]]),
    ({"global_clipnorm": 1.0}, np.array([[3, 4], [0.6, 0.8]]) / np.sqrt(26)),
    ({"clipnorm": 5.0}, [[3, 4], [0.6, 0.8]])])
def test_clipping(options: dict[str, float], expected: Any) -> None:
    first, second = variable((0, 0)), variable((0, 0))
    SGD(1.0, **options).apply([np.array([3, 4], "float32"), np.array([0.6, 0.8], "float32")], [first, second])
    np.testing.assert_allclose([-first.value, -second.value], expected, rtol=1e-6)


def test_weight_decay_and_what_is_excluded() -> None:
    kernel, bias, listed = (variable(ONES, path) for path in ("dense/kernel", "dense/bias", "norm/gamma"))
    optimizer = SGD(0.5, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_list=[listed], var_names=["bias", "beta"])
    optimizer.apply([np.zeros(2, "float32")] * 3, [kernel, bias, listed])
    np.testing.assert_allclose([kernel.value[0], bias.value[0], listed.value[0]], [0.95, 1, 1])
    with pytest.raises(ConfigError, match="before"):
        optimizer.exclude_from_weight_decay(var_names=["x"])


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_accumulation_is_a_step_along_the_mean(traced: bool) -> None:
    w, optimizer = variable((0, 0)), SGD(1.0, gradient_accumulation_steps=3)
    optimizer.build([w])
    apply = Function(lambda g: optimizer.apply([g])) if traced else lambda g: optimizer.apply([g])
    seen = []
    for k in range(6):
        apply(np.full(2, k + 1, "float32"))
        seen.append(float(w.value[0]))
    assert seen == [0, 0, -2, -2, -2, -7]
    assert float(np.asarray(optimizer.iterations)) == 2


def test_moving_average_and_overwriting() -> None:
    w, optimizer = variable((0, 0)), SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    seen = []
    for _ in range(3):
        optimizer.apply([-ONES], [w])
        seen.append(float(w.value[0]))
    assert seen == [1, 1.5, 2.5]                            # averages 1, (1 + 2) / 2 and (1.5 + 2.5) / 2
    optimizer.finalize_variable_values([w])
    assert w.value[0] == 2


def test_constraints_hold_after_the_step() -> None:
    w = variable((1, -1))
    w.constraint = lambda value: ops.maximum(value, 0.0)
    SGD(1.0).apply([ONES * 0.25], [w])
    assert w.value.tolist() == [0.75, 0]


def test_learning_rate() -> None:
    optimizer = SGD(0.5)
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25 and optimizer.get_config()["learning_rate"] == 0.25
    optimizer.learning_rate = schedules.InverseTimeDecay(1.0, 1, 1.0)
    assert [v.name for v in optimizer.variables] == ["iteration"]
    w = variable((0, 0))
    for _ in range(2):
        optimizer.apply([-ONES], [w])
    assert w.value[0] == 1.5                                # 1 and then 1 / 2
    with pytest.raises(ConfigError, match="cannot be set"):
        optimizer.learning_rate = 0.1
    calls = SGD(lambda: 0.125)
    calls.apply([-ONES], [w])
    assert w.value[0] == 1.625


def test_missing_gradients() -> None:
    w, other = variable(), variable(path="other/kernel")
    optimizer = SGD(1.0)
    with pytest.warns(UserWarning, match="no gradient, and so no change, for other/kernel"):
        optimizer.apply([ONES, None], [w, other])
    assert other.value.tolist() == [1, -2]
    with pytest.raises(ConfigError, match="no variable has a gradient"):
        optimizer.apply([None, None])
    with pytest.raises(ConfigError, match="1 gradients for 2"):
        optimizer.apply([ONES])
    with pytest.raises(ConfigError, match="not built with third"):
        optimizer.apply([ONES], [variable(path="third")])
    with pytest.raises(ConfigError, match="is not built"):
        SGD().apply([ONES])


def test_updates_change_nothing() -> None:
    w, optimizer = variable(), Adam(0.1)
    optimizer.build([w])
    new = optimizer.updates([ONES], [w])
    assert set(new) == {w, *optimizer.variables} - {optimizer.learning_rate}
    assert w.value.tolist() == [1, -2] and all(not v.numpy().any() for v in optimizer.variables[2:])


def test_half_precision_variables_keep_their_dtype() -> None:
    w, optimizer = Variable(np.ones(2, "float16")), Adam(0.1)
    optimizer.apply([np.ones(2, "float32")], [w])
    assert w.value.dtype == np.float16 and {v.dtype for v in optimizer.variables[2:]} == {"float16"}
    np.testing.assert_allclose(w.value, 0.9, rtol=1e-2)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_loss_scale_leaves_bad_steps_out(traced: bool) -> None:
    w = variable((0, 0))
    optimizer = LossScaleOptimizer(SGD(1.0, momentum=0.5), initial_scale=4.0, dynamic_growth_steps=2)
    assert optimizer.scale_loss(2.0) == 8
    optimizer.build([w])
    apply = Function(lambda g: optimizer.apply([g], [w])) if traced else lambda g: optimizer.apply([g], [w])
    scales = []
    for gradient in (4, np.inf, 2, 2, np.nan):
        apply(np.full(2, gradient, "float32"))
        scales.append(float(optimizer.dynamic_scale.value))
    assert scales == [4, 2, 2, 4, 2]
    assert float(np.asarray(optimizer.iterations)) == 3
    np.testing.assert_allclose(w.value, -4.25)              # m: 1, then 0.5 + 1, then 0.75 + 1
    with pytest.raises(ConfigError, match="belong to the inner optimizer"):
        LossScaleOptimizer("sgd", clipnorm=1.0)


def test_optimizers_by_path() -> None:
    by_path = OptimizerMap(SGD(1.0))
    by_path["encoder/.*"] = SGD(0.5)
    optimizer = MultiOptimizer(by_path, name="multi")
    inside, outside = variable((0, 0), "encoder/kernel"), variable((0, 0), "head/kernel")
    optimizer.apply([-ONES, -ONES], [inside, outside])
    assert inside.value[0] == 0.5 and outside.value[0] == 1
    copy = optimizers.deserialize(optimizers.serialize(optimizer))
    assert copy.get_config() == optimizer.get_config() and len(copy.variables) == 6
    with pytest.raises(ConfigError, match="each with its learning rate"):
        optimizer.learning_rate = 1.0
    by_path[".*/kernel"] = SGD()
    with pytest.raises(ConfigError, match="several patterns"):
        by_path["encoder/kernel"]


def test_own_optimizer() -> None:
    class Signs(optimizers.Optimizer):
        def __init__(self, learning_rate: float = 1.0, **options: Any):
            super().__init__(learning_rate, **options)

        def slots(self, variable: Variable) -> Any:
            return ((Slot("count"),),)

        def step(self, variable: Any, gradient: Any, slots: Any, rate: Any, t: Any) -> Any:
            return variable - rate * ops.sign(gradient), {"count": slots["count"] + 1}

    w, optimizer = variable((0, 0)), optimizers.deserialize({"class_name": "Signs", "config": {}}, {"Signs": Signs})
    optimizer.apply([np.array([3, -3], "float32")], [w])
    assert w.value.tolist() == [-1, 1] and optimizer.variables[-1].numpy().tolist() == [1, 1]


def test_names_and_state() -> None:
    naming.reset()
    optimizer = optimizers.RMSprop(momentum=0.5)
    optimizer.build([variable()])
    assert [v.path for v in optimizer.variables] == [
        "rm_sprop/iteration", "rm_sprop/learning_rate", "rm_sprop/dense_kernel_velocity",
        "rm_sprop/dense_kernel_momentum"]
    assert optimizers.AdamW().name == "adam_w" and optimizers.RMSprop().name == "rm_sprop_1"
    with pytest.raises(ShapeError, match="expected 4, received 3"):
        optimizer.set_weights([0, 0.1, ONES])
    with pytest.raises(ShapeError, match=r"velocity: expected \(2,\), received \(3,\)"):
        optimizer.set_weights([0, 0.1, np.ones(3), ONES])


@pytest.mark.parametrize("name", ["adam", "Adam", "ADAM"])
def test_get(name: str) -> None:
    assert type(optimizers.get(name)) is Adam and type(optimizers.get({"class_name": name, "config": {}})) is Adam
    assert optimizers.get(None) is None
    with pytest.raises(UnknownClass, match="Unknown optimizer 'adamx'. Did you mean"):
        optimizers.get("adamx")


@pytest.mark.parametrize("make", [
    lambda: SGD("fast"), lambda: SGD(momentum=2), lambda: SGD(clipnorm=1, clipvalue=1),
    lambda: optimizers.Lion(beta_1=0),
    lambda: SGD(gradient_accumulation_steps=1), lambda: SGD(use_ema=True, ema_momentum=2), lambda: SGD(momentun=0.1),
    lambda: SGD(use_ema=True, ema_overwrite_frequency=0), lambda: optimizers.AdamW(weight_decay=None),
    lambda: optimizers.Ftrl(learning_rate_power=1), lambda: optimizers.Ftrl(l1_regularization_strength=-1)])
def test_arguments_that_make_no_sense(make: Any) -> None:
    with pytest.raises(ConfigError, match="must|Only one|unknown argument 'momentun'"):
        make()
