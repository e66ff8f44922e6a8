"""Functions of strings, against values that TensorFlow gave."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import ops
from zoo.engine.function import Function
from zoo.errors import DtypeError, ShapeError
from zoo.ops.text.farmhash import fingerprint64
from zoo.ops.text.siphash import siphash

BUCKETS = 2 ** 61 - 1
FARMHASH = {                                                # length of the data -> to_hash_bucket_fast
    0: 1936946117179621459, 1: 2188844998935006041, 3: 919192356075488299, 4: 365121004050576997,
    7: 1123016345076934235, 8: 2037891737372276653, 16: 1995785141541547426, 17: 386070902467919993,
    32: 764915578794662492, 33: 1964684508825067598, 64: 19261069045856657, 65: 1750252573709625707,
    128: 555550388376880256, 200: 1800212452726993940}
SIPHASH = {                                                 # to_hash_bucket_strong with the key 133, 137
    0: 316627932347062998, 1: 299283810739808420, 7: 1277312011139479492, 8: 247429087355529960,
    15: 689141469321840030, 64: 2271713433259176403}


def data(length: int) -> bytes:
    return bytes(i * 7 % 256 for i in range(length))


@pytest.mark.parametrize("length", FARMHASH)
def test_farmhash(length: int) -> None:
    assert fingerprint64(data(length)) % BUCKETS == FARMHASH[length]


@pytest.mark.parametrize("length", SIPHASH)
def test_siphash(length: int) -> None:
    assert siphash(data(length), (133, 137)) % BUCKETS == SIPHASH[length]


def test_integers_are_hashed_by_their_digits() -> None:
    buckets = ops.text.hash_buckets(np.array([10, -3]), 1000)
    np.testing.assert_array_equal(buckets, ops.text.hash_buckets(["10", "-3"], 1000))
    salted = ops.text.hash_buckets(["a", "b"], 1000, salt=(1, 2))
    assert (salted != ops.text.hash_buckets(["a", "b"], 1000)).all()


def test_crossings_of_strings_and_integers() -> None:
    def cross(*columns):
        return ops.text.cross_buckets([np.asarray(c, object) if isinstance(c[0], str) else np.asarray(c)
                                       for c in columns], BUCKETS).tolist()
    assert cross(["a", "b"], [3, -7]) == [2298821503334979829, 1070782847240914705]
    assert cross(["x", "y"], ["q", "r"], [1, 2]) == [318923565139963956, 645590536676505866]


def test_letters_and_blanks_are_those_of_ascii() -> None:
    assert ops.text.lower(["ÉTÉ Cat"]).tolist() == ["ÉtÉ cat"]
    assert ops.text.strip_punctuation(["it's [50%] «so»!"]).tolist() == ["its 50 «so»"]
    assert ops.text.split(["a\t b\u00a0c \n"]).tolist() == [["a", "b\u00a0c"]]


def test_split_pads_to_the_longest_or_to_a_length() -> None:
    texts = ["one two three", "", "four"]
    assert ops.text.split(texts).tolist() == [["one", "two", "three"], ["", "", ""], ["four", "", ""]]
    assert ops.text.split(texts, length=2).tolist() == [["one", "two"], ["", ""], ["four", ""]]
    assert ops.text.split([b"h\xc3\xa9", "ab"], "character").tolist() == [["h", "é"], ["a", "b"]]
    assert ops.text.split(["a-b", "c"], lambda x: [t.split("-") for t in x]).tolist() == [["a", "b"], ["c", ""]]


def test_ngrams_come_width_by_width() -> None:
    tokens = ops.text.split(["a b c", "d"])
    assert ops.text.ngrams(tokens, (1, 2)).tolist() == [["a", "b", "c", "a b", "b c"], ["d", "", "", "", ""]]
    assert ops.text.ngrams(tokens, (3,)).tolist() == [["a b c"], [""]]


def test_a_function_has_to_keep_the_shape() -> None:
    assert ops.text.apply(["a", "b"], np.char.upper).tolist() == ["A", "B"]
    with pytest.raises(ShapeError, match="as many back"):
        ops.text.apply(["a", "b"], lambda x: x[:1])
    with pytest.raises(DtypeError, match="string"):
        ops.text.lower(np.ones(2))


def test_sizes_that_depend_on_data_in_compiled_functions() -> None:
    def lengths(texts):
        hits = ops.text.lookup(ops.text.ngrams(ops.text.split(texts), (1, 2)), len)
        return hits, ops.sum(hits, axis=-1) + ops.shape(texts)[0]
    run = Function(lengths)
    for texts in (["a bb", "ccc", ""], ["x y z", "longer text here", ""], ["", "", ""]):
        hits, sums = run(np.asarray(texts, object))
        expected = lengths(np.asarray(texts, object))
        np.testing.assert_array_equal(hits, expected[0])
        np.testing.assert_array_equal(sums, expected[1])
