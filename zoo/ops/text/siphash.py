"""SipHash-2-4 of bytes: the keyed hash that TensorFlow uses where a salt is given.

Source: Aumasson, Bernstein: SipHash: a fast short-input PRF (2012), https://www.131002.net/siphash/siphash.pdf; all
arithmetic is modulo 2**64.
"""

from __future__ import annotations

from struct import unpack_from

_MASK = 2 ** 64 - 1
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """The hash, from 0 to 2**64 - 1.

    Args:
        data: what to hash.
        key: two words of 64 bits.
    """
    state = [word ^ key[i % 2] & _MASK for i, word in enumerate(_START)]
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        word = unpack_from("<Q", padded, at)[0]
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


def _rounds(state: list[int], count: int) -> None:
    a, b, c, d = state
    for _ in range(count):
        a, c = a + b & _MASK, c + d & _MASK
        b, d = _rotate(b, 13) ^ a, _rotate(d, 16) ^ c
        a = _rotate(a, 32)
        c, a = c + b & _MASK, a + d & _MASK
        b, d = _rotate(b, 17) ^ c, _rotate(d, 21) ^ a
        c = _rotate(c, 32)
    state[:] = a, b, c, d
