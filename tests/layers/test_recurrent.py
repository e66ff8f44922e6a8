"""Recurrent layers: masks, states, directions, dropout, cells of one's own, wrappers."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import Input, Model, Sequential, layers, ops, tree
from zoo.engine import graph as graphs
from zoo.engine.autodiff import gradients
from zoo.engine.function import Function
from zoo.engine.rng import set_random_seed
from zoo.engine.spec import TensorSpec
from zoo.errors import ConfigError, ShapeError
from zoo.layers import GRU, LSTM, RNN, Bidirectional, ConvLSTM2D, GRUCell, LSTMCell, SimpleRNN, SimpleRNNCell
from zoo.layers import StackedRNNCells, TimeDistributed
from zoo.layers.masks import mask_of

MASK = np.array([[True, True, False, True, False], [False, False, True, True, True]])
X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
RECURRENT = pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM], ids=lambda cls: cls.__name__)


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    set_random_seed(3)


def soft_step(x: Any) -> Any:
    """The logistic function under another name: layers cannot know a primitive for it."""
    return ops.sigmoid(x)


def with_own_functions(layer: Any) -> Any:
    """An equal layer that no primitive computes, of the same weights."""
    config = layer.get_config()
    if "recurrent_activation" in config:
        config["recurrent_activation"] = soft_step
    config["activation"] = lambda x: ops.tanh(x)
    again = type(layer)(**config)
    again.build(X.shape)
    again.set_weights(layer.get_weights())
    again.built = True
    return again


def states_of(layer: Any, value: float = 0.5) -> list[np.ndarray]:
    return [np.full((2, size), value, "float32") for size in layer.state_size]


# ---- the two ways to compute

@RECURRENT
@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"zero_output_for_mask": True}], ids=str)
@pytest.mark.parametrize("mask", [None, MASK], ids=["all steps", "mask"])
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "initial state"])
def test_primitives_compute_what_loops_of_steps_do(cls: Any, options: dict[str, bool], mask: Any, given: bool) -> None:
    layer = cls(4, return_sequences=True, return_state=True, bias_initializer="random_normal", **options)
    states = {"initial_state": states_of(layer)} if given else {}
    names = {node.op.name for node in _traced(layer, mask, states).nodes}
    other = with_own_functions(layer)
    assert not names & {"scan"} and "scan" in {node.op.name for node in _traced(other, mask, states).nodes}
    expected = Function(lambda x, *rest: other(x, mask=mask, **states))(X)
    for received, wanted in zip(Function(lambda x: layer(x, mask=mask, **states))(X), expected, strict=True):
        np.testing.assert_allclose(received, wanted, rtol=1e-5, atol=1e-6)
    for received, wanted in zip(other(X, mask=mask, **states), expected, strict=True):
        np.testing.assert_allclose(received, wanted, rtol=1e-5, atol=1e-6)


def _traced(layer: Any, mask: Any, states: dict[str, Any]) -> Any:
    function = Function(lambda x: layer(x, mask=mask, **states))
    return function.compiled(TensorSpec(X.shape))[0].graph


# ---- masks

@RECURRENT
def test_masked_steps_are_as_if_they_were_not_there(cls: Any) -> None:
    layer = cls(4, return_sequences=True, return_state=True)
    outputs, *states = layer(X, mask=MASK)
    for row, mask in enumerate(MASK):
        alone, *last = layer(X[row:row + 1, mask])
        np.testing.assert_allclose(outputs[row, mask], alone[0], rtol=1e-5, atol=1e-6)
        for received, expected in zip(states, last):
            np.testing.assert_allclose(received[row], expected[0], rtol=1e-5, atol=1e-6)


@RECURRENT
def test_outputs_of_masked_steps_repeat_the_one_before(cls: Any) -> None:
    layer = cls(4, return_sequences=True)
    outputs = layer(X, mask=MASK, initial_state=states_of(layer))
    np.testing.assert_array_equal(outputs[0, 2], outputs[0, 1])
    np.testing.assert_array_equal(outputs[0, 4], outputs[0, 3])
    assert not outputs[1, :2].any() and outputs[1, 2:].all()        # zeros before the first real step
    layer.zero_output_for_mask = True
    assert not layer(X, mask=MASK)[~MASK].any()


def test_masks_come_with_the_tensors() -> None:
    x = X.copy()
    x[~MASK] = 7
    masked = layers.Masking(7.0)(x)
    layer = LSTM(4, return_sequences=True)
    outputs = layer(masked)
    np.testing.assert_array_equal(outputs, layer(masked, mask=MASK))
    np.testing.assert_array_equal(mask_of(outputs), MASK)
    assert mask_of(LSTM(4)(masked)) is None
    with_states = LSTM(4, return_sequences=True, return_state=True)(masked)
    np.testing.assert_array_equal(mask_of(with_states[0]), MASK)
    assert mask_of(with_states[1]) is None


def test_masks_of_more_axes_are_those_of_steps() -> None:
    layer = GRU(4)
    np.testing.assert_array_equal(layer(X, mask=MASK[..., None]), layer(X, mask=MASK))


# ---- states

@RECURRENT
def test_a_sequence_may_be_continued(cls: Any) -> None:
    layer = cls(4, return_state=True)
    whole, *last = layer(X)
    _, *middle = layer(X[:, :2])
    output, *states = layer(X[:, 2:], initial_state=middle)
    np.testing.assert_allclose(output, whole, rtol=1e-5, atol=1e-6)
    for received, expected in zip(states, last):
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer([X[:, 2:], *middle])[0], output)


def test_initial_states_may_be_symbolic() -> None:
    x, h, c = Input((None, 3)), Input((4,)), Input((4,))
    layer = LSTM(4)
    model = Model([x, h, c], layer(x, initial_state=[h, c]))
    states = states_of(layer)
    np.testing.assert_allclose(model.predict_on_batch([X, *states]), layer(X, initial_state=states), rtol=1e-5)


@RECURRENT
def test_stateful_layers_go_on_from_batch_to_batch(cls: Any) -> None:
    model = Sequential([Input((None, 3), batch_size=2), cls(4, stateful=True, name="recurrent")])
    stateless = cls(4)
    stateless.build(X.shape)
    stateless.built = True
    stateless.set_weights(model.get_weights())
    model.predict_on_batch(X[:, :3])
    expected = stateless(X)
    np.testing.assert_allclose(model.predict_on_batch(X[:, 3:]), expected, rtol=1e-5, atol=1e-6)
    model.reset_states()
    np.testing.assert_allclose(model.predict_on_batch(X), expected, rtol=1e-5, atol=1e-6)
    layer = model.get_layer("recurrent")
    layer.reset_states(states_of(layer))
    np.testing.assert_allclose(model.predict_on_batch(X), stateless(X, initial_state=states_of(layer)), rtol=1e-5,
                               atol=1e-6)
    assert len(model.weights) == len(stateless.weights)             # states are no weights


def test_stateful_layers_need_one_batch_size() -> None:
    with pytest.raises(ConfigError, match="needs a fixed batch size"):
        GRU(4, stateful=True)(Input((5, 3)))
    layer = GRU(4, stateful=True)
    layer(X)
    with pytest.raises(ShapeError, match="takes batches of the size it was built for, 2"):
        layer(X[:1])


# ---- dropout

def only_inputs(**options: Any) -> SimpleRNN:
    """``h = x``, but for dropout."""
    return SimpleRNN(50, activation="linear", use_bias=False, kernel_initializer="identity",
                     recurrent_initializer="zeros", return_sequences=True, **options)


def test_dropout_of_inputs_is_the_same_in_all_steps() -> None:
    layer, x = only_inputs(dropout=0.5), np.ones((2, 6, 50), "float32")
    np.testing.assert_array_equal(layer(x), x)
    first = layer(x, training=True)
    assert set(np.unique(first)) == {0, 2} and 0.3 < (first[:, 0] == 0).mean() < 0.7
    np.testing.assert_array_equal(first, np.repeat(first[:, :1], 6, axis=1))
    assert (first != layer(x, training=True)).any()
    assert (first[0] != first[1]).any()
    function = Function(lambda x: layer(x, training=True))
    assert (function(x) != function(x)).any()


def test_dropout_of_states_is_the_same_in_all_steps() -> None:
    layer = SimpleRNN(50, activation="linear", use_bias=False, kernel_initializer="zeros",
                      recurrent_initializer="identity", recurrent_dropout=0.5, return_sequences=True)
    x, ones = np.zeros((2, 3, 3), "float32"), np.ones((2, 50), "float32")
    made = Function(lambda x: layer(x, initial_state=[ones], training=True))(x)
    for step in range(3):
        assert set(np.unique(made[:, step])) == {0, 2 ** (step + 1)}
    np.testing.assert_array_equal(made[:, 0] == 0, made[:, 2] == 0)


@pytest.mark.parametrize("layer", [
    GRU(4, recurrent_dropout=0.3, seed=1), LSTM(4, dropout=0.2, recurrent_dropout=0.3, seed=1), LSTM(4, dropout=0.3, seed=1),
    GRU(4, dropout=0.3, reset_after=False, recurrent_dropout=0.1, seed=1), SimpleRNN(4, dropout=0.3, seed=1),
    RNN([LSTMCell(4, dropout=0.5, seed=1), GRUCell(3, recurrent_dropout=0.5, seed=1)])], ids=lambda layer: layer.name)
def test_dropout_in_training_only(layer: Any) -> None:
    inference = layer(X)
    np.testing.assert_array_equal(layer(X), inference)
    function = Function(lambda x: layer(x, training=True))
    assert (function(X) != function(X)).any() and (layer(X, training=True) != inference).any()


def test_dropout_of_conv_lstm() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 5, 2)).astype("float32")
    layer = ConvLSTM2D(3, 3, dropout=0.3, recurrent_dropout=0.3)
    assert (layer(x) != layer(x, training=True)).any()
    assert Function(lambda x: layer(x, training=True))(x).shape == layer(x).shape


# ---- cells

def test_a_cell_does_one_step() -> None:
    for cell in (SimpleRNNCell(4), GRUCell(4), GRUCell(4, reset_after=False), LSTMCell(4)):
        layer = RNN(cell, return_state=True)
        output, *states = layer(X[:, :1])
        first = cell.get_initial_state(batch_size=2)
        one, after = cell(X[:, 0], first)
        np.testing.assert_allclose(one, output, rtol=1e-5, atol=1e-6)
        for received, expected in zip(after, states, strict=True):
            np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)
    alone, state = SimpleRNNCell(4)(X[:, 0], first[0])              # a single state may stand alone
    np.testing.assert_array_equal(alone, state)


class Counting(layers.Layer):
    """A cell with a weight and a counter of its own."""

    def __init__(self, units: int = 3, **kwargs: Any):
        super().__init__(**kwargs)
        self.units, self.state_size = units, units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), "ones", name="kernel")
        self.steps = self.add_weight((), "zeros", name="steps", trainable=False)

    def call(self, inputs: Any, states: Any) -> Any:
        self.steps.assign_add(1.0)
        h = ops.add(ops.matmul(inputs, self.kernel), ops.multiply(states[0], 0.5))
        return ops.multiply(h, self.steps), [h]


class Conditioned(layers.Layer):
    """A cell that gets the same tensor in each step."""

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), "ones", name="kernel")

    def call(self, inputs: Any, states: Any, constants: Any = None) -> Any:
        (constant,) = constants
        h = ops.matmul(inputs, self.kernel) + 0.5 * states[0] + ops.sum(constant, -1, keepdims=True)
        return h, [h]


def test_constants_go_into_each_step() -> None:
    """The numbers are those of tf.keras 2 for this cell."""
    x, constant = np.arange(30, dtype="float32").reshape(2, 5, 3) / 30, np.array([[1, 2], [3, 4]], "float32")
    layer = RNN(Conditioned(4))
    expected = np.repeat([[7.84375], [18.5]], 4, axis=1)
    np.testing.assert_allclose(layer(x, constants=constant), expected, rtol=1e-5)
    np.testing.assert_allclose(layer(x, constants=[constant]), expected, rtol=1e-5)
    np.testing.assert_allclose(layer([x, constant]), expected, rtol=1e-5)               # all in one list
    assert layer.get_config()["num_constants"] == 1 and "num_constants" not in RNN(Conditioned(4)).get_config()
    started = layer(x, initial_state=[np.full((2, 4), 32.0, "float32")], constants=constant)
    np.testing.assert_allclose(started, expected + 1, rtol=1e-5)
    a, b = Input((5, 3)), Input((2,))
    model = zoo.Model([a, b], RNN(Conditioned(4), weights=layer.get_weights())(a, constants=b))
    np.testing.assert_allclose(model.predict([x, constant], verbose=0), expected, rtol=1e-5)
    stacked = RNN([SimpleRNNCell(3), Conditioned(2)])
    assert stacked(x, constants=constant).shape == (2, 2)
    with pytest.raises(ConfigError, match="no `constants`"):
        GRU(3)(x, constants=constant)


@pytest.mark.parametrize("mask", [None, MASK], ids=["all steps", "mask"])
def test_cells_of_ones_own(mask: Any) -> None:
    layer = RNN(Counting(), return_sequences=True)
    assert layer(Input((None, 3))).shape == (None, None, 3)
    layer.cell.steps.assign(0.0)
    sums, state, expected = X.sum(-1, keepdims=True), 0, []
    for t in range(5):
        state = sums[:, t] + 0.5 * state
        expected.append((t + 1) * state * np.ones(3))
    if mask is None:
        received = Function(lambda x: layer(x))(X)
        np.testing.assert_allclose(received, np.stack(expected, 1), rtol=1e-5)
        assert layer.cell.steps.value == 5
    else:
        assert Function(lambda x: layer(x, mask=mask))(X).shape == (2, 5, 3)
    restored = RNN.from_config(json.loads(json.dumps({**layer.get_config(), "cell": None})) | {"cell": Counting()})
    assert restored.cell.units == 3


def test_gradients_reach_the_weights_of_ones_own_cell() -> None:
    layer = RNN(Counting())
    layer(X)

    def step(x: Any) -> Any:
        loss = ops.sum(layer(x))
        return gradients([loss], [graphs.current().reads[layer.cell.kernel], x])

    layer.cell.steps.assign(0.0)
    by_kernel, by_x = Function(step)(X)
    weights = 5 * 0.5 ** np.arange(4, -1, -1, dtype="float32")      # only the last output, the fifth, counts
    np.testing.assert_allclose(by_kernel, np.repeat((X * weights[:, None]).sum((0, 1))[:, None], 3, 1), rtol=1e-5)
    np.testing.assert_allclose(by_x, np.broadcast_to(3 * weights[:, None], X.shape), rtol=1e-5)


def test_stacked_cells_are_layers_on_top_of_each_other() -> None:
    stacked = RNN([LSTMCell(4), GRUCell(3)], return_sequences=True, return_state=True)
    assert isinstance(stacked.cell, StackedRNNCells) and stacked.cell.output_size == 3
    outputs, first, second = stacked(X, mask=MASK)
    lower, upper = LSTM(4, return_sequences=True, return_state=True), GRU(3, return_sequences=True, return_state=True)
    inner, *lower_states = lower(X, mask=MASK)
    lower.set_weights(stacked.cell.cells[0].get_weights())
    inner, *lower_states = lower(X, mask=MASK)
    upper(inner, mask=MASK)
    upper.set_weights(stacked.cell.cells[1].get_weights())
    expected, state = upper(inner, mask=MASK)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tree.leaves([first, second])[-1], state, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(first[1], lower_states[1], rtol=1e-5, atol=1e-6)


def test_what_is_no_cell_is_refused() -> None:
    with pytest.raises(ConfigError, match="Expected a recurrent cell"):
        RNN(layers.Dense(3))


# ---- both directions

def test_bidirectional_is_a_layer_for_each_direction() -> None:
    layer = Bidirectional(GRU(4, return_sequences=True), merge_mode=None)
    forward, backward = layer(X, mask=MASK)
    np.testing.assert_array_equal(forward, layer.forward_layer(X, mask=MASK))
    np.testing.assert_array_equal(backward[:, ::-1], layer.backward_layer(X, mask=MASK))
    assert layer.forward_layer.name.startswith("forward_gru") and layer.backward_layer.go_backwards
    assert not forward[~MASK].any() and not backward[~MASK].any()   # zeros, so that merging leaves them alone


def test_states_of_both_directions() -> None:
    layer = Bidirectional(LSTM(4, return_state=True))
    output, *states = layer(X)
    assert output.shape == (2, 8) and len(states) == 4
    again, *_ = layer(X, initial_state=states)
    forward, *_ = layer.forward_layer(X, initial_state=states[:2])
    backward, *_ = layer.backward_layer(X, initial_state=states[2:])
    np.testing.assert_array_equal(again, np.concatenate([forward, backward], -1))


def test_cells_of_ones_own_in_both_directions() -> None:
    layer = Bidirectional(RNN(Counting()))
    assert layer(X).shape == (2, 6) and type(layer.backward_layer.cell) is Counting


def test_bidirectional_layers_must_fit() -> None:
    with pytest.raises(ConfigError, match="wrong go_backwards"):
        Bidirectional(GRU(4), backward_layer=GRU(4))
    with pytest.raises(ConfigError, match="wrong return_sequences"):
        Bidirectional(GRU(4), backward_layer=GRU(4, return_sequences=True, go_backwards=True))
    with pytest.raises(ConfigError, match="must be one of"):
        Bidirectional(GRU(4), merge_mode="max")
    with pytest.raises(ConfigError, match="expected a layer as `layer`"):
        Bidirectional("gru")


# ---- each step by itself

def test_each_step_goes_through_the_layer() -> None:
    dense = layers.Dense(4)
    np.testing.assert_allclose(TimeDistributed(dense)(X), np.stack([dense(X[:, t]) for t in range(5)], 1), rtol=1e-6)
    with pytest.raises(ShapeError, match="of 3 axes or more"):
        TimeDistributed(layers.Dense(2))(X[:, 0])


def test_statistics_see_one_step_after_the_other() -> None:
    wrapped, plain = TimeDistributed(layers.BatchNormalization(momentum=0.5)), layers.BatchNormalization(momentum=0.5)
    received = Function(lambda x: wrapped(x, training=True))(X)
    expected = np.stack([plain(X[:, t], training=True) for t in range(5)], 1)
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)
    for a, b in zip(wrapped.get_weights(), plain.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_model_may_be_applied_to_each_step(tmp_path: pathlib.Path) -> None:
    inner = Sequential([Input((4, 3)), layers.Conv1D(2, 2), layers.Flatten()])
    model = Sequential([Input((5, 4, 3)), TimeDistributed(inner), Bidirectional(LSTM(3))])
    x = np.random.default_rng(1).normal(size=(2, 5, 4, 3)).astype("float32")
    expected = model.predict_on_batch(x)
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        np.testing.assert_array_equal(zoo.load_model(tmp_path / name).predict_on_batch(x), expected)
    again = TimeDistributed.from_config(json.loads(json.dumps(model.layers[0].get_config())))
    assert [type(layer).__name__ for layer in again.layer.layers] == ["Conv1D", "Flatten"]


# ---- weights

def test_the_forget_gate_starts_open() -> None:
    layer = LSTM(3)
    layer(X)
    np.testing.assert_array_equal(layer.cell.bias.value, np.repeat([0, 1, 0, 0], 3))
    assert LSTM(3).get_config()["bias_initializer"]["class_name"] == "Zeros"
    closed = LSTM(3, unit_forget_bias=False)
    closed(X)
    assert not closed.cell.bias.value.any()


def test_paths_of_weights_are_those_of_keras() -> None:
    layer = Bidirectional(LSTM(3, name="inner"), name="both")
    layer(X)
    assert [variable.path for variable in layer.weights[:3]] == [
        f"both/forward_inner/lstm_cell/{name}" for name in ("kernel", "recurrent_kernel", "bias")]
