"""Words as numbers, windows and pairs."""

from __future__ import annotations

import random

import numpy as np
import pytest

import zoo
from zoo import spelling
from zoo.errors import ConfigError, OldSpelling, ShapeError
from zoo.preprocessing import sequence, text

TEXTS = ["The cat, the dog and the bird.", "a dog? a cat!", ["X", "the"]]


def fitted(**options: object) -> text.Tokenizer:
    tokenizer = text.Tokenizer(**options)
    tokenizer.fit_on_texts(TEXTS)
    return tokenizer


def test_words() -> None:
    assert text.text_to_word_sequence("Hello, (big) world!") == ["hello", "big", "world"]
    assert text.text_to_word_sequence("A-b;c", filters=";", lower=False, split="-") == ["A", "b", "c"]


def test_hashes() -> None:
    numbers = text.hashing_trick("a b a c", 50, "md5")
    assert numbers == [15, 33, 15, 1] and all(0 < n < 50 for n in text.one_hot("some words here", 50))
    assert text.hashing_trick("ab cde", 10, len) == [3, 4]
    assert text.hashing_trick("a|b", 10, len, analyzer=lambda t: t.split("|")) == [2, 2]
    with pytest.raises(ConfigError, match="sha"):
        text.hashing_trick("a", 10, "sha")


def test_words_by_rank() -> None:
    tokenizer = fitted()
    assert list(tokenizer.word_index) == ["the", "cat", "dog", "a", "and", "bird", "x"]
    assert tokenizer.word_counts["the"] == 4 and tokenizer.word_docs["the"] == 2 and tokenizer.document_count == 3
    assert tokenizer.index_docs[1] == 2
    assert tokenizer.texts_to_sequences(["the bird sat", ["Dog"]]) == [[1, 6], [3]]
    assert tokenizer.sequences_to_texts([[1, 6, 99]]) == ["the bird"]


def test_rare_and_unknown_words() -> None:
    assert fitted(num_words=4).texts_to_sequences(["the bird and a dog"]) == [[1, 3]]
    unknown = fitted(num_words=4, oov_token="?")
    assert unknown.texts_to_sequences(["the bird sat dog"]) == [[2, 1, 1, 1]] and unknown.word_index["?"] == 1
    assert unknown.sequences_to_texts([[2, 99, 5]]) == ["the ? ?"]
    assert fitted(char_level=True).word_index["a"] < 5
    spelling.forget()
    with pytest.warns(OldSpelling, match="nb_words"):
        assert text.Tokenizer(nb_words=3).num_words == 3


@pytest.mark.parametrize(("mode", "expected"), [
    ("binary", [0, 1, 1, 0, 0]), ("count", [0, 2, 1, 0, 0]), ("freq", [0, 0.5, 0.25, 0, 0]),
    ("tfidf", [0, (1 + np.log(2)) * np.log(1 + 3 / 3), np.log(1 + 3 / 3), 0, 0])])
def test_matrices(mode: str, expected: list[float]) -> None:
    tokenizer = fitted(num_words=5)
    assert np.allclose(tokenizer.sequences_to_matrix([[1, 1, 2, 9]], mode)[0], expected)
    assert tokenizer.texts_to_matrix(["the the cat"], mode).shape == (1, 5)


def test_matrices_need_something() -> None:
    with pytest.raises(ConfigError, match="unknown"):
        fitted().sequences_to_matrix([[1]], "unknown")
    with pytest.raises(ConfigError, match="fit_on_texts"):
        text.Tokenizer().texts_to_matrix(["a"])
    counted = text.Tokenizer(num_words=4)
    counted.fit_on_sequences([[1, 2, 2], [1]])
    assert counted.index_docs == {1: 2, 2: 1} and counted.sequences_to_matrix([[1]], "tfidf")[0, 1] > 0


def test_tokenizers_as_json() -> None:
    again = text.tokenizer_from_json(fitted(num_words=4, oov_token="?").to_json())
    assert again.texts_to_sequences(["the bird sat dog"]) == [[2, 1, 1, 1]] and again.index_docs[2] == 2
    for wrong in ("[]", "{}", '{"config": {"word_counts": 1}}', "no json"):
        with pytest.raises(ConfigError, match="tokenizer_from_json"):
            text.tokenizer_from_json(wrong)


def test_time_series() -> None:
    data = np.arange(50)[:, None]
    windows = sequence.TimeseriesGenerator(data, data, length=10, sampling_rate=2, batch_size=2)
    x, y = windows[0]
    assert x[..., 0].tolist() == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]] and y.tolist() == [[10], [11]]
    assert len(windows) == 20
    assert sum(len(windows[i][0]) for i in range(len(windows))) == 40
    backwards = sequence.TimeseriesGenerator(data, data, 3, stride=5, reverse=True, start_index=10, end_index=30)
    assert backwards[0][0][1, :, 0].tolist() == [17, 16, 15] and backwards[0][1][:, 0].tolist() == [13, 18, 23, 28]
    assert sequence.TimeseriesGenerator(data, data, 3, shuffle=True, batch_size=4)[0][0].shape == (4, 3, 1)
    assert '"length": 3' in backwards.to_json()
    with pytest.raises(ShapeError, match="50 times"):
        sequence.TimeseriesGenerator(data, data[1:], 3)
    with pytest.raises(ConfigError, match="end_index"):
        sequence.TimeseriesGenerator(data, data, 60)


def test_training_on_windows() -> None:
    data = np.arange(40, dtype="float32")[:, None] / 40
    model = zoo.Sequential([zoo.Input((4, 1)), zoo.layers.Flatten(), zoo.layers.Dense(1)])
    model.compile(zoo.optimizers.SGD(0.1), "mse")
    losses = model.fit(sequence.TimeseriesGenerator(data, data, 4, batch_size=8), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_pairs_of_words() -> None:
    random.seed(1)
    couples, labels = sequence.skipgrams([1, 2, 0, 3], 5, window_size=1, negative_samples=0, shuffle=False)
    assert couples == [[1, 2], [2, 1]] and labels == [1, 1]
    couples, labels = sequence.skipgrams([1, 2, 3, 4], 5, categorical=True, seed=3)
    assert len(couples) == len(labels) == 24 and sum(label == [0, 1] for label in labels) == 12
    assert all(a != b for (a, b), label in zip(couples, labels) if label == [0, 1])
    assert sequence.skipgrams([1, 2], 5, sampling_table=[0.0] * 5, negative_samples=0) == ([], [])


def test_sampling_table() -> None:
    table = sequence.make_sampling_table(5)
    assert np.allclose(table, [0.00315225, 0.00315225, 0.00547597, 0.00741556, 0.00912817], atol=1e-7)
