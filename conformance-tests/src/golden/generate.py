#!/usr/bin/env python3
"""Makes the golden vectors of the conformance kit, in numpy alone.

    python3 generate.py ../main/resources/io/github/deltallm/conformance/tests/golden

Everything here follows the definitions in docs/conformance.md ("Golden vectors"), none of it the Java code:
whoever reads both can tell which of them is wrong. Inputs are whole numbers over a power of two, so that they are
the same in every language. The same numpy writes the same files, byte for byte.
"""

import sys
from pathlib import Path

import numpy as np

F32 = np.float32
ROWS = 32  # of every sequence
LAST = 2  # rows whose outputs are kept
ONE = 4096  # inputs are whole numbers over this


# --- Inputs ----------------------------------------------------------------------------------------------------------


def integers(seed, count):
    """Hashed counters: whole numbers of 16 bits with a sign, all equally likely."""
    x = (np.arange(count, dtype=np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B9)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    x ^= x >> np.uint64(16)
    return (x >> np.uint64(16)).astype(np.int64) - 32768


def white(seed, rows, width):
    """Independent numbers in [-2, 2), over 4096."""
    return (integers(seed, rows * width) >> 2).reshape(rows, width)


def walk(seed, rows, width):
    """Rows that change little: x[j] = floor(29 x[j-1] / 32) + noise, over 4096."""
    noise = (integers(seed, rows * width) >> 4).reshape(rows, width)
    out = np.empty_like(noise)
    out[0] = noise[0] * 2
    for j in range(1, rows):
        out[j] = (29 * out[j - 1] >> 5) + noise[j]
    return out


def real(whole):
    return (whole / ONE).astype(F32)


# --- Roundings -------------------------------------------------------------------------------------------------------


def bf16(x):
    """The upper half of an f32, nearest even."""
    bits = np.asarray(x, dtype=F32).view(np.uint32).astype(np.uint64)
    odd = (bits >> np.uint64(16)) & np.uint64(1)
    rounded = (bits + np.uint64(0x7FFF) + odd) & np.uint64(0xFFFF0000)
    return rounded.astype(np.uint32).view(F32)


STORES = {"f32": lambda x: x, "bf16": bf16}


# --- The delta rule --------------------------------------------------------------------------------------------------


def encode(rows, theta, events, steps):
    """DELTA rule of one head: masks [n, d], events in their order, kh [n, d]."""
    n, d = rows.shape
    mask = np.zeros((n, d), dtype=bool)
    kh = np.zeros((n, d), dtype=F32)
    sent = [rows[0]]
    mask[0] = True
    kh[0] = rows[0]
    for j in range(1, n):
        change = rows[j] - kh[j - 1]  # fp32
        mask[j] = np.abs(change) > theta
        if events == "f32":
            event = change
        elif events == "bf16":
            event = bf16(change)
        else:
            event = steps * np.clip(np.rint(change / steps), -127, 127).astype(F32)
        sent.append(event[mask[j]])
        kh[j] = np.where(mask[j], kh[j - 1] + event, kh[j - 1])
    return mask, np.concatenate(sent), kh


def attend(query, position, sinks, window, exact, middle):
    """One query head: keys and values as (keys, values), exact in sinks and window, else as the middle."""
    recent = max(0, position - window + 1)
    runs = np.arange(position + 1)
    inside = (runs >= min(sinks, recent)) & (runs < recent)
    pick = lambda a, b: np.where(inside[:, None], b[: position + 1], a[: position + 1]).astype(np.float64)
    keys, values = pick(exact[0], middle[0]), pick(exact[1], middle[1])
    scores = keys @ query.astype(np.float64) / np.sqrt(query.size)
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    return scores, weights @ values


# name: events, store, theta (a factor; "rising": from 0 to 0.6 over the channels), sinks, window, values encoded too
ENCODINGS = {
    "dense": ("none", "f32", 0.0, 0, ROWS, False),
    "zero": ("f32", "f32", 0.0, 2, 9, False),
    "plain": ("f32", "f32", 0.5, 0, 1, False),
    "rising": ("bf16", "bf16", "rising", 3, 9, False),
    "coarse": ("bf16", "f32", 1.0, 0, 4, True),
    "steps": ("int8", "bf16", 0.375, 1, 7, True),
}
HEADS = {16: (2, 2), 64: (1, 3), 80: (2, 1), 96: (1, 2), 128: (1, 2), 256: (1, 1)}


def delta(d):
    kv, group = HEADS[d]
    keys, values = walk(1000 + d, ROWS, kv * d), walk(2000 + d, ROWS, kv * d)
    queries = white(3000 + d, LAST, kv * group * d)
    file = {
        "heads": np.array([kv, group, d, ROWS, LAST], dtype="<i4"),
        "keys": keys.astype("<i2"),
        "values": values.astype("<i2"),
        "queries": queries.astype("<i2"),
    }
    for name, (events, store, theta, sinks, window, both) in ENCODINGS.items():
        rounded = [STORES[store](real(x)) for x in (keys, values)]
        thetas = (np.arange(d) * (0.6 / d) if theta == "rising" else np.full(d, theta)).astype(F32)
        steps = ((1 + np.arange(d) % 5) / F32(64)).astype(F32) if events == "int8" else np.zeros(0, dtype=F32)
        file[name + ".runs"] = np.array([sinks, window, int(both)], dtype="<i4")
        file[name + ".theta"] = thetas.astype("<f4")
        file[name + ".steps"] = steps.astype("<f4")
        middle = [x.copy() for x in rounded]
        for kind in range(2 if both else 1):
            for h in range(kv if events != "none" else 0):
                part = slice(h * d, (h + 1) * d)
                mask, sent, kh = encode(rounded[kind][:, part], thetas, events, steps)
                middle[kind][:, part] = kh
                at = "%s.%s.%d" % (name, ("keys", "values")[kind], h)
                file[at + ".mask"] = np.packbits(mask.reshape(-1), bitorder="little")
                if theta != 0:  # else they add up to the rows themselves
                    file[at + ".events"] = sent.astype("<f4")
        out = np.empty((LAST, kv * group * d))
        scores = np.empty((kv * group, ROWS))
        for row in range(LAST):
            for head in range(kv * group):
                q = real(queries[row, head * d : (head + 1) * d])
                part = slice(head // group * d, (head // group + 1) * d)
                position = ROWS - LAST + row
                s, o = attend(
                    q, position, sinks, window, [x[:, part] for x in rounded], [x[:, part] for x in middle]
                )
                out[row, head * d : (head + 1) * d] = o
                if row == LAST - 1:
                    scores[head] = s
        file[name + ".out"] = out.astype("<f4")
        file[name + ".scores"] = scores.astype("<f8")
    return file


# --- Rotations -------------------------------------------------------------------------------------------------------

POSITIONS = [0, 1, 100, 1021, 4000]


def rope():
    file = {"positions": np.array(POSITIONS, dtype="<i4")}
    for d in HEADS:
        x = white(4000 + d, 1, d)[0]
        file["%d.in" % d] = x.astype("<i2")
        # Pairing, base of the frequencies, rotated channels.
        for name, base, rotated in (("interleaved", 10000.0, d), ("halves", 500000.0, d), ("part", 10000.0, d // 2)):
            pairs = rotated // 2
            angle = np.outer(POSITIONS, base ** (-2.0 * np.arange(pairs) / rotated))
            first = np.arange(pairs) * 2 if name == "interleaved" else np.arange(pairs)
            second = first + (1 if name == "interleaved" else pairs)
            out = np.tile(x / ONE, (len(POSITIONS), 1))
            a, b = x[first] / ONE, x[second] / ONE
            out[:, first] = a * np.cos(angle) - b * np.sin(angle)
            out[:, second] = a * np.sin(angle) + b * np.cos(angle)
            file["%d.%s" % (d, name)] = out.astype("<f4")
    return file


# --- Ternary layers --------------------------------------------------------------------------------------------------


def i2_s(trits, scale):
    """128 weights in 32 bytes: byte b holds weights b, b + 32, b + 64, b + 96 from its highest bits down."""
    out = bytearray()
    for block in (trits.reshape(-1, 4, 32) + 1).astype(np.uint8):
        out += (block[0] << 6 | block[1] << 4 | block[2] << 2 | block[3]).astype(np.uint8).tobytes()
    return bytes(out) + np.array([scale] + [0] * 7, dtype="<f4").tobytes()


def tq2_0(trits, scale):
    """256 weights in 64 bytes and an f16: in each half, byte b holds weights b, b + 32, ... from its lowest bits up."""
    out = bytearray()
    for block in (trits.reshape(-1, 2, 4, 32) + 1).astype(np.uint8):
        for half in block:
            out += (half[0] | half[1] << 2 | half[2] << 4 | half[3] << 6).astype(np.uint8).tobytes()
        out += np.array([scale], dtype="<f2").tobytes()
    return bytes(out)


def tq1_0(trits, scale):
    """256 weights in 52 bytes and an f16: 5 to a byte as digits to the base 3, the fraction of 256 rounded up."""
    out = bytearray()
    for block in (trits.reshape(-1, 256) + 1).astype(np.int64):
        groups = [block[:160].reshape(5, 32), block[160:240].reshape(5, 16), block[240:].reshape(4, 4)]
        for digits in groups:
            number = np.zeros(digits.shape[1], dtype=np.int64)
            for place in range(5):
                number = number * 3 + (digits[place] if place < len(digits) else 0)
            out += ((number * 256 + 242) // 243).astype(np.uint8).tobytes()
        out += np.array([scale], dtype="<f2").tobytes()
    return bytes(out)


def ternary():
    outputs, columns, rows, scale = 24, 512, 5, F32(0.8125)
    trits = (integers(5000, outputs * columns) % 3 - 1).reshape(outputs, columns)
    x = white(5001, rows, columns)
    x[2] = 0
    x[3, 1:] = x[3, 1:] // 64  # one large activation
    sums = np.zeros((rows, outputs), dtype=np.int64)
    out = np.zeros((rows, outputs))
    for row in range(rows):
        largest = np.abs(real(x[row])).max()
        if largest > 0:
            s = F32(127) / largest
            q = np.clip(np.rint(real(x[row]) * s), -128, 127).astype(np.int64)
            sums[row] = trits @ q
            out[row] = sums[row] * (np.float64(scale) / np.float64(s))
    return {
        "in": x.astype("<i2"),
        "scale": np.array([scale], dtype="<f4"),
        "out": out.astype("<f4"),
        "shape": np.array([outputs, columns, rows], dtype="<i4"),
        "I2_S": np.frombuffer(i2_s(trits, scale), dtype=np.uint8),
        "TQ1_0": np.frombuffer(tq1_0(trits, scale), dtype=np.uint8),
        "TQ2_0": np.frombuffer(tq2_0(trits, scale), dtype=np.uint8),
    }


# --- Quantised tensors -----------------------------------------------------------------------------------------------


def f16(block, at):
    return np.float64(np.frombuffer(block[at : at + 2].tobytes(), dtype="<f2")[0])


def nibbles(b):
    return np.concatenate([b & 15, b >> 4]).astype(np.float64)


def q4_0(b):
    return f16(b, 0) * (nibbles(b[2:18]) - 8)


def q4_1(b):
    return f16(b, 0) * nibbles(b[4:20]) + f16(b, 2)


def fifth_bits(b):
    return np.unpackbits(b, bitorder="little").astype(np.float64) * 16


def q5_0(b):
    return f16(b, 0) * (nibbles(b[6:22]) + fifth_bits(b[2:6]) - 16)


def q5_1(b):
    return f16(b, 0) * (nibbles(b[8:24]) + fifth_bits(b[4:8])) + f16(b, 2)


def q8_0(b):
    return f16(b, 0) * b[2:34].view(np.int8).astype(np.float64)


def pairs_of_bits(b):
    """64 bytes to 256 numbers of 2 bits: in each half of 32 bytes, all lowest pairs come first."""
    return np.concatenate([half >> shift & 3 for half in b.reshape(2, 32) for shift in (0, 2, 4, 6)])


def q2_k(b):
    q = pairs_of_bits(b[16:80]).astype(np.float64)
    scales = np.repeat((b[:16] & 15).astype(np.float64), 16)
    minima = np.repeat((b[:16] >> 4).astype(np.float64), 16)
    return f16(b, 80) * scales * q - f16(b, 82) * minima


def q3_k(b):
    high = np.concatenate([b[:32] >> bit & 1 for bit in range(8)]).astype(np.float64)
    q = pairs_of_bits(b[32:96]).astype(np.float64) + 4 * high - 4
    low, top = nibbles(b[96:104]), b[104:108]
    # 16 scales of 6 bits: the lower four as nibbles, the upper two in 4 bytes, lowest pairs first.
    scales = low + 16 * np.concatenate([top >> shift & 3 for shift in (0, 2, 4, 6)]) - 32
    return f16(b, 108) * np.repeat(scales, 16) * q


def sixes(b):
    """12 bytes to 8 scales and 8 minima of 6 bits."""
    scales = np.concatenate([b[0:4] & 63, b[8:12] & 15 | b[0:4] >> 6 << 4])
    minima = np.concatenate([b[4:8] & 63, b[8:12] >> 4 | b[4:8] >> 6 << 4])
    return np.repeat(scales.astype(np.float64), 32), np.repeat(minima.astype(np.float64), 32)


def nibbles_of_64(b):
    return np.concatenate([nibbles(b[at : at + 32]) for at in range(0, 128, 32)])


def q4_k(b):
    scales, minima = sixes(b[4:16])
    return f16(b, 0) * scales * nibbles_of_64(b[16:144]) - f16(b, 2) * minima


def q5_k(b):
    scales, minima = sixes(b[4:16])
    high = np.concatenate([b[16:48] >> bit & 1 for bit in range(8)]).astype(np.float64)
    return f16(b, 0) * scales * (nibbles_of_64(b[48:176]) + 16 * high) - f16(b, 2) * minima


def q6_k(b):
    parts = []
    for half in range(2):
        low, high = b[half * 64 : half * 64 + 64], b[128 + half * 32 : 160 + half * 32]
        for quarter, four in enumerate((low[:32] & 15, low[32:] & 15, low[:32] >> 4, low[32:] >> 4)):
            parts.append(four.astype(np.float64) + 16.0 * (high >> 2 * quarter & 3) - 32)
    return f16(b, 208) * np.repeat(b[192:208].view(np.int8).astype(np.float64), 16) * np.concatenate(parts)


def halves(b):
    return b.view("<f2").astype(np.float64)


def upper_halves(b):
    return (b.view("<u2").astype(np.uint32) << 16).view(F32).astype(np.float64)


# name: values and bytes of a block, where its f16 are, how it is read
TYPES = {
    "F16": (256, 512, None, halves),
    "BF16": (256, 512, None, upper_halves),
    "Q4_0": (32, 18, (0,), q4_0),
    "Q4_1": (32, 20, (0, 2), q4_1),
    "Q5_0": (32, 22, (0,), q5_0),
    "Q5_1": (32, 24, (0, 2), q5_1),
    "Q8_0": (32, 34, (0,), q8_0),
    "Q2_K": (256, 84, (80, 82), q2_k),
    "Q3_K": (256, 110, (108,), q3_k),
    "Q4_K": (256, 144, (0, 2), q4_k),
    "Q5_K": (256, 176, (0, 2), q5_k),
    "Q6_K": (256, 210, (208,), q6_k),
}


def quantised():
    """Two rows of 256 values for every type; all bits are hashed but those of scales."""
    file = {}
    for seed, (name, (values, size, scales, read)) in enumerate(TYPES.items()):
        blocks = 512 // values
        raw = (integers(6000 + seed, blocks * size) & 255).astype(np.uint8).reshape(blocks, size)
        numbers = white(7000 + seed, blocks, 2) / ONE
        if scales is None:
            plain = (white(7000 + seed, blocks, values) / ONE).astype(F32)
            raw = (plain.astype("<f2") if name == "F16" else (plain.view(np.uint32) >> 16).astype("<u2"))
            raw = np.ascontiguousarray(raw).view(np.uint8).reshape(blocks, size)
        else:
            for place, at in enumerate(scales):
                half = (numbers[:, place] / 32).astype("<f2")
                raw[:, at : at + 2] = half.view(np.uint8).reshape(blocks, 2)
        file[name] = raw.reshape(-1)
        file[name + ".values"] = np.concatenate([read(block) for block in raw]).astype("<f4")
    return file


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for d in HEADS:
        np.savez_compressed(folder / ("delta-%d.npz" % d), **delta(d))
    np.savez_compressed(folder / "rope.npz", **rope())
    np.savez_compressed(folder / "ternary.npz", **ternary())
    np.savez_compressed(folder / "quantised.npz", **quantised())


if __name__ == "__main__":
    main()
