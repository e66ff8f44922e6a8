"""FarmHash Fingerprint64 of bytes: the hash by which TensorFlow puts strings into buckets.

Source: Pike, Alakuijala: FarmHash (2014), https://github.com/google/farmhash, the fingerprint for 64-bit words; all
arithmetic is modulo 2**64.
"""

from __future__ import annotations

from struct import unpack_from

_MASK = 2 ** 64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_K_MUL = 0x9DDFEA08EB382D69
_CAT_MUL = 0xC6A4A7935BD1E995


def fingerprint64(data: bytes) -> int:
    """The fingerprint, from 0 to 2**64 - 1."""
    size = len(data)
    if size <= 16:
        return _up_to_16(data, size)
    if size <= 32:
        return _up_to_32(data, size)
    if size <= 64:
        return _up_to_64(data, size)
    return _longer(data, size)


def combine(first: int, second: int) -> int:
    """The fingerprint of two fingerprints one after the other (TensorFlow's crossing of features)."""
    result = first ^ _CAT_MUL
    result ^= _mix(second * _CAT_MUL & _MASK) * _CAT_MUL & _MASK
    result = result * _CAT_MUL & _MASK
    return _mix(_mix(result) * _CAT_MUL & _MASK)


def _word(data: bytes, at: int) -> int:
    return unpack_from("<Q", data, at)[0]


def _half(data: bytes, at: int) -> int:
    return unpack_from("<I", data, at)[0]


def _rotate(value: int, bits: int) -> int:
    value &= _MASK
    return (value >> bits | value << (64 - bits)) & _MASK


def _mix(value: int) -> int:
    return value ^ value >> 47


def _two(u: int, v: int, factor: int) -> int:
    """128 bits to 64."""
    a = _mix((u ^ v) * factor & _MASK)
    b = _mix((v ^ a) * factor & _MASK)
    return b * factor & _MASK


def _up_to_16(data: bytes, size: int) -> int:
    factor = _K2 + 2 * size
    if size >= 8:
        a, b = _word(data, 0) + _K2, _word(data, size - 8)
        c = _rotate(b, 37) * factor + a
        d = (_rotate(a, 25) + b) * factor
        return _two(c & _MASK, d & _MASK, factor)
    if size >= 4:
        return _two(size + (_half(data, 0) << 3) & _MASK, _half(data, size - 4), factor)
    if size:
        y = data[0] + (data[size >> 1] << 8)
        z = size + (data[-1] << 2)
        return _mix((y * _K2 ^ z * _K0) & _MASK) * _K2 & _MASK
    return _K2


def _up_to_32(data: bytes, size: int) -> int:
    factor = _K2 + 2 * size
    a, b = _word(data, 0) * _K1, _word(data, 8)
    c, d = _word(data, size - 8) * factor, _word(data, size - 16) * _K2
    u = _rotate(a + b, 43) + _rotate(c, 30) + d
    v = a + _rotate(b + _K2, 18) + c
    return _two(u & _MASK, v & _MASK, factor)


def _up_to_64(data: bytes, size: int) -> int:
    factor = _K2 + 2 * size
    a, b = _word(data, 0) * _K2, _word(data, 8)
    c, d = _word(data, size - 8) * factor, _word(data, size - 16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _two(y & _MASK, (a + _rotate(b + _K2, 18) + c) & _MASK, factor)
    e, f = _word(data, 16) * factor, _word(data, 24)
    g, h = (y + _word(data, size - 32)) * factor, (z + _word(data, size - 24)) * factor
    u = _rotate(e + f, 43) + _rotate(g, 30) + h
    v = e + _rotate(f + a, 18) + g
    return _two(u & _MASK, v & _MASK, factor)


def _weak(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Two words from 32 bytes and two words."""
    w, x, y, z = (_word(data, at + 8 * i) for i in range(4))
    a += w
    b = _rotate(b + a + z, 21)
    c, a = a, a + x + y
    b += _rotate(a, 44)
    return (a + z) & _MASK, (b + c) & _MASK


def _longer(data: bytes, size: int) -> int:
    seed = 81
    x = seed
    y = (seed * _K1 + 113) & _MASK
    z = _mix((y * _K2 + 113) & _MASK) * _K2 & _MASK
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _word(data, 0)) & _MASK
    end = (size - 1) // 64 * 64
    last = end + ((size - 1) & 63) - 63
    for at in range(0, end, 64):
        x = _rotate(x + y + v[0] + _word(data, at + 8), 37) * _K1 & _MASK
        y = _rotate(y + v[1] + _word(data, at + 48), 42) * _K1 & _MASK
        x ^= w[1]
        y = (y + v[0] + _word(data, at + 40)) & _MASK
        z = _rotate(z + w[0], 33) * _K1 & _MASK
        v = _weak(data, at, v[1] * _K1, x + w[0])
        w = _weak(data, at + 32, z + w[1], y + _word(data, at + 16))
        z, x = x, z
    factor = (_K1 + ((z & 0xFF) << 1)) & _MASK
    w = ((w[0] + ((size - 1) & 63)) & _MASK, w[1])
    v = ((v[0] + w[0]) & _MASK, v[1])
    w = ((w[0] + v[0]) & _MASK, w[1])
    x = _rotate(x + y + v[0] + _word(data, last + 8), 37) * factor & _MASK
    y = _rotate(y + v[1] + _word(data, last + 48), 42) * factor & _MASK
    x ^= w[1] * 9 & _MASK
    y = (y + v[0] * 9 + _word(data, last + 40)) & _MASK
    z = _rotate(z + w[0], 33) * factor & _MASK
    v = _weak(data, last, v[1] * factor, x + w[0])
    w = _weak(data, last + 32, z + w[1], y + _word(data, last + 16))
    z, x = x, z
    first = (_two(v[0], w[0], factor) + _mix(y) * _K0 + z) & _MASK
    return _two(first, (_two(v[1], w[1], factor) + x) & _MASK, factor)
