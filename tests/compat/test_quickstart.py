"""The steps of Keras's old quick-start page, each as a script of its time would write it."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
import pytest

from zoo import compat, spelling

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def keras():
    """The module `keras`, which is zoo."""
    spelling.forget()
    with compat.installed():
        import keras
        keras.utils.set_random_seed(1)
        yield keras


def test_layers_at_once_and_one_by_one() -> None:
    from keras.layers import Activation, Dense
    from keras.models import Sequential
    at_once = Sequential([Dense(32, input_shape=(784,)), Activation("relu"), Dense(10), Activation("softmax")])
    one_by_one = Sequential()
    one_by_one.add(Dense(32, input_dim=784))
    one_by_one.add(Activation("relu"))
    one_by_one.add(Dense(10))
    one_by_one.add(Activation("softmax"))
    assert at_once.output_shape == one_by_one.output_shape == (None, 10)
    assert at_once.count_params() == one_by_one.count_params() == 25450


@pytest.mark.parametrize("spelled", [{"input_shape": (784,)}, {"batch_input_shape": (None, 784)}, {"input_dim": 784}])
def test_shapes_of_a_dense_layer(spelled) -> None:
    from keras.layers import Dense
    from keras.models import Sequential
    model = Sequential()
    model.add(Dense(32, **spelled))
    assert model.input_shape == (None, 784) and model.layers[0].get_weights()[0].shape == (784, 32)


@pytest.mark.parametrize("spelled", [{"input_shape": (10, 64)}, {"batch_input_shape": (None, 10, 64)},
                                     {"input_length": 10, "input_dim": 64}])
def test_shapes_of_a_recurrent_layer(spelled) -> None:
    from keras.layers import LSTM
    from keras.models import Sequential
    model = Sequential()
    model.add(LSTM(8, **spelled))
    assert model.input_shape == (None, 10, 64) and model.output_shape == (None, 8)


def two_branches(mode="concat"):
    from keras.layers import Dense, Merge
    from keras.models import Sequential
    left = Sequential()
    left.add(Dense(32, input_dim=20))
    right = Sequential()
    right.add(Dense(32, input_dim=20))
    model = Sequential()
    model.add(Merge([left, right], mode=mode))
    model.add(Dense(10, activation="softmax"))
    return model


@pytest.mark.parametrize("mode", ["sum", "concat", "mul", "ave", "dot", "cos"])
def test_merged_branches(mode) -> None:
    model = two_branches(mode)
    assert len(model.inputs) == 2 and model.output_shape[-1] == 10


def test_merging_by_a_function() -> None:
    from keras.layers import Dense, Merge
    from keras.models import Sequential
    branches = [Sequential([Dense(4, input_dim=3)]) for _ in range(2)]
    model = Sequential([Merge(branches, mode=lambda x: x[0] - x[1])])
    a, b = np.ones((2, 5, 3), "float32")
    np.testing.assert_allclose(model.predict([a, b], verbose=0),
                               branches[0].predict(a, verbose=0) - branches[1].predict(b, verbose=0), rtol=1e-5)


def test_training_two_branches() -> None:
    model = two_branches()
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    data_1, data_2 = np.random.random((2, 100, 20))
    labels = np.eye(10)[np.random.randint(10, size=100)]
    history = model.fit([data_1, data_2], labels, nb_epoch=2, batch_size=32, verbose=0)
    assert len(history.history["loss"]) == 2


@pytest.mark.parametrize("arguments", [
    {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}, {"loss": "binary_crossentropy"}, {"loss": "mse"}])
def test_ways_to_compile(keras, arguments) -> None:
    from keras.layers import Dense
    from keras.models import Sequential
    from keras.optimizers import SGD
    for optimizer in ("rmsprop", "adam", SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)):
        model = Sequential([Dense(3, input_dim=4, activation="softmax")])
        model.compile(optimizer=optimizer, **arguments)
        model.train_on_batch(np.ones((2, 4)), np.eye(3)[:2])


def test_own_metrics() -> None:
    import keras.backend as K  # noqa: N812
    from keras.layers import Dense
    from keras.models import Sequential

    def mean_pred(y_true, y_pred):
        return K.mean(y_pred)
    model = Sequential([Dense(1, input_dim=4, activation="sigmoid")])
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy", mean_pred])
    x = np.random.random((6, 4))
    scores = model.evaluate(x, np.ones((6, 1)), verbose=0)
    assert scores[2] == pytest.approx(model.predict(x, verbose=0).mean(), rel=1e-5)


def binary_classifier():
    from keras.layers import Dense, Dropout
    from keras.models import Sequential
    model = Sequential()
    model.add(Dense(16, input_dim=20, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def test_two_classes() -> None:
    model = binary_classifier()
    data, labels = np.random.random((200, 20)), np.random.randint(2, size=(200, 1))
    model.fit(data, labels, nb_epoch=3, batch_size=32, verbose=0)
    loss, accuracy = model.evaluate(data, labels, batch_size=32, verbose=0)
    assert loss > 0 and 0 <= accuracy <= 1
    assert set(np.unique(model.predict_classes(data))) <= {0, 1}


def test_ten_classes() -> None:
    from keras.layers import Dense
    from keras.models import Sequential
    from keras.utils.np_utils import to_categorical
    model = Sequential([Dense(32, activation="relu", input_dim=100), Dense(10, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    data, labels = np.random.random((200, 100)), np.random.randint(10, size=(200, 1))
    history = model.fit(data, to_categorical(labels, nb_classes=10), nb_epoch=5, batch_size=32, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.predict_classes(data, batch_size=32).shape == (200,)
    np.testing.assert_allclose(model.predict_proba(data).sum(-1), 1, rtol=1e-5)


def test_looking_at_a_model(capsys) -> None:
    model = binary_classifier()
    model.summary()
    assert "dense" in capsys.readouterr().out
    assert [layer["class_name"] for layer in model.get_config()["layers"]][-1] == "Dense"
    weights = model.get_weights()
    model.set_weights([w + 1 for w in weights])
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], weights[0] + 1)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_going_on_after_saving(tmp_path: pathlib.Path, suffix: str) -> None:
    from keras.layers import Dense
    from keras.models import Sequential, load_model
    model = Sequential([Dense(4, input_dim=3, activation="tanh"), Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    x, y = np.random.random((8, 3)), np.random.random((8, 1))
    model.train_on_batch(x, y)
    model.save(tmp_path / f"model.{suffix}")
    again = load_model(tmp_path / f"model.{suffix}")
    for one in (model, again):
        one.train_on_batch(x, y)
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_architectures_and_weights_apart(tmp_path: pathlib.Path) -> None:
    from keras.models import model_from_json, model_from_yaml
    model = binary_classifier()
    again = model_from_json(model.to_json())
    model.save_weights(tmp_path / "weights.h5")
    again.load_weights(tmp_path / "weights.h5")
    x = np.random.random((3, 20))
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert model_from_yaml(model.to_yaml()).to_json() == again.to_json()


def test_pretrained_networks_by_name() -> None:
    from keras.applications.vgg16 import VGG16
    model = VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    assert model.output_shape == (None, 1, 1, 512)


def test_intermediate_outputs() -> None:
    from keras import backend as K  # noqa: N812
    model = binary_classifier()
    inner = K.function([model.layers[0].input, K.learning_phase()], [model.layers[1].output])
    x = np.random.random((4, 20)).astype("float32")
    kernel, bias = model.layers[0].get_weights()
    hidden = np.maximum(x @ kernel + bias, 0)
    np.testing.assert_allclose(inner([x, 0])[0], hidden, rtol=1e-5, atol=1e-6)
    dropped = inner([x, 1])[0]
    assert np.allclose(dropped[dropped != 0], 2 * hidden[dropped != 0], rtol=1e-5) and (dropped == 0).sum() > 0


def test_generators() -> None:
    model = binary_classifier()

    def batches():
        while True:
            yield np.random.random((10, 20)), np.random.randint(2, size=(10, 1))
    history = model.fit_generator(batches(), samples_per_epoch=50, nb_epoch=2, verbose=0)
    assert len(history.history["loss"]) == 2


def test_a_script_for_keras_1_runs_unmodified() -> None:
    run = subprocess.run([sys.executable, "-m", "zoo", "run", str(ROOT / "examples" / "keras1_script.py")],
                         capture_output=True, text=True, cwd=ROOT, check=True)
    accuracy = float(run.stdout.partition("Test accuracy:")[2].split()[0])
    assert accuracy > 0.9
    assert run.stderr.count("border_mode of older Keras") == 1


def test_scripts_get_their_arguments_and_errors_show_their_line(tmp_path: pathlib.Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nfrom keras.layers import Dense\nprint(sys.argv[1:])\nDense(-1)\n")
    run = subprocess.run([sys.executable, "-m", "zoo", "run", str(script), "--epochs", "3"], capture_output=True,
                         text=True, cwd=ROOT)
    assert run.returncode == 2 and "['--epochs', '3']" in run.stdout
    assert "script.py\", line 4" in run.stderr and "`units` must be an integer" in run.stderr
