package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.Lanes.S;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Products of ternary weights by looking sums up: lanes are weight rows, and three weights of a row
 * are a number of 5 bits that selects one of the 27 sums which the three activations can make.
 *
 * <p>The number's low 4 bits are the magnitude of {@code w0 + 3 * w1 + 9 * w2}, from 0 to 13, its
 * fifth bit is the sign. A word of 16 bits holds nine weights. A register of 32 shorts has room for
 * the sums of both signs; narrower ones look up the magnitude and then negate. 256 columns of 8-bit
 * activations sum up to 16 bits exactly.
 */
final class TernaryKernels {
    /** Weights of one word. */
    static final int DIGITS = 9;

    /** Bytes of the table of three activations. */
    static final int TABLE = Math.max(16, 2 * N) * 2;

    private static final ShortVector FIRST = digits(1, 0);
    private static final ShortVector SECOND = digits(3, 0);
    private static final ShortVector THIRD = digits(9, 0);
    private static final ShortVector FIRST_HIGH = digits(1, 8);
    private static final ShortVector SECOND_HIGH = digits(3, 8);
    private static final ShortVector THIRD_HIGH = digits(9, 8);

    private TernaryKernels() {}

    /** The weight of a place in the numbers from {@code from} on, one a lane. */
    private static ShortVector digits(int place, int from) {
        short[] digits = new short[2 * N];
        for (int lane = 0; lane < digits.length; lane++) {
            int number = lane + from;
            int magnitude = number & 15;
            if (magnitude <= 13) {
                int digit = (magnitude + 13) / place % 3 - 1;
                digits[lane] = (short) (number < 16 ? digit : -digit);
            }
        }
        return ShortVector.fromArray(S, digits, 0);
    }

    /**
     * Makes the tables of a block.
     *
     * @param x quantised activations, shorts, those of word w's nine weights at {@code w}, {@code
     *     words + w}, {@code 2 * words + w} and so on
     * @param at offset of the block's first activation
     * @param tables three tables of {@link #TABLE} bytes a word, from {@code first} on
     */
    static void tables(MemorySegment x, long at, int words, MemorySegment tables, long first) {
        long step = 2L * words;
        long to = first;
        for (long p = at; p < at + step; p += 2) {
            table(x, p, step, tables, to);
            table(x, p + 3 * step, step, tables, to + TABLE);
            table(x, p + 6 * step, step, tables, to + 2 * TABLE);
            to += 3 * TABLE;
        }
    }

    private static void table(MemorySegment x, long at, long step, MemorySegment table, long to) {
        short a = x.get(ValueLayout.JAVA_SHORT_UNALIGNED, at);
        short b = x.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + step);
        short c = x.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2 * step);
        FIRST.mul(a).add(SECOND.mul(b)).add(THIRD.mul(c)).intoMemorySegment(table, to, NATIVE);
        if (N == 4) {
            FIRST_HIGH
                    .mul(a)
                    .add(SECOND_HIGH.mul(b))
                    .add(THIRD_HIGH.mul(c))
                    .intoMemorySegment(table, to + 16, NATIVE);
        }
    }

    /** Sets sums to 0, a multiple of 64 of them. */
    static void clear(MemorySegment sums, int count) {
        IntVector zero = IntVector.zero(I);
        for (long at = 0; at < 4L * count; at += BYTES) {
            zero.intoMemorySegment(sums, at, NATIVE);
        }
    }

    /**
     * Adds a block's products of 64 weight rows.
     *
     * @param w words, {@code [words][64]}; see {@link Repacking#lane} for the order of rows
     * @param tables of {@link #tables}, from {@code first} on
     * @param sums 64 ints, row after row
     */
    static void add(
            MemorySegment w,
            long at,
            int words,
            MemorySegment tables,
            long first,
            MemorySegment sums,
            long to) {
        if (N == 16) {
            wide(w, at, words, tables, first, sums, to);
            return;
        }
        for (int part = 0; part < 16 / N; part++) {
            long from = at + (long) part * 2 * BYTES;
            if (N == 8) {
                medium(w, from, words, tables, first, sums, to + part * 4L * BYTES);
            } else {
                narrow(w, from, words, tables, first, sums, to + part * 4L * BYTES);
            }
        }
    }

    /**
     * 64 rows as two registers of 32 lanes. They are shifted faster by a register of counts than by
     * one count, which the compiler keeps in a register too.
     */
    private static void wide(
            MemorySegment w,
            long at,
            int words,
            MemorySegment tables,
            long first,
            MemorySegment sums,
            long to) {
        ShortVector five = ShortVector.broadcast(S, 5);
        ShortVector ten = ShortVector.broadcast(S, 10);
        ShortVector a = ShortVector.zero(S);
        ShortVector b = a;
        long p = at;
        long end = first + 3L * TABLE * words;
        for (long q = first; q < end; q += 3 * TABLE, p += 128) {
            ShortVector v = ShortVector.fromMemorySegment(S, w, p, NATIVE);
            ShortVector u = ShortVector.fromMemorySegment(S, w, p + 64, NATIVE);
            ShortVector x = ShortVector.fromMemorySegment(S, tables, q, NATIVE);
            ShortVector y = ShortVector.fromMemorySegment(S, tables, q + TABLE, NATIVE);
            ShortVector z = ShortVector.fromMemorySegment(S, tables, q + 2 * TABLE, NATIVE);
            a =
                    a.add(v.selectFrom(x))
                            .add(v.lanewise(LSHR, five).selectFrom(y))
                            .add(v.lanewise(LSHR, ten).selectFrom(z));
            b =
                    b.add(u.selectFrom(x))
                            .add(u.lanewise(LSHR, five).selectFrom(y))
                            .add(u.lanewise(LSHR, ten).selectFrom(z));
        }
        IntVector pairs = a.reinterpretAsInts();
        IntVector.fromMemorySegment(I, sums, to, NATIVE)
                .add(pairs.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .intoMemorySegment(sums, to, NATIVE);
        IntVector.fromMemorySegment(I, sums, to + BYTES, NATIVE)
                .add(pairs.lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + BYTES, NATIVE);
        pairs = b.reinterpretAsInts();
        IntVector.fromMemorySegment(I, sums, to + 2L * BYTES, NATIVE)
                .add(pairs.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + 2L * BYTES, NATIVE);
        IntVector.fromMemorySegment(I, sums, to + 3L * BYTES, NATIVE)
                .add(pairs.lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + 3L * BYTES, NATIVE);
    }

    /** 32 rows as two registers of 16 lanes. */
    private static void medium(
            MemorySegment w,
            long at,
            int words,
            MemorySegment tables,
            long first,
            MemorySegment sums,
            long to) {
        ShortVector a = ShortVector.zero(S);
        ShortVector b = a;
        long p = at;
        long end = first + 3L * TABLE * words;
        for (long q = first; q < end; q += 3 * TABLE, p += 128) {
            ShortVector v = ShortVector.fromMemorySegment(S, w, p, NATIVE);
            ShortVector u = ShortVector.fromMemorySegment(S, w, p + BYTES, NATIVE);
            ShortVector x = ShortVector.fromMemorySegment(S, tables, q, NATIVE);
            ShortVector y = ShortVector.fromMemorySegment(S, tables, q + TABLE, NATIVE);
            ShortVector z = ShortVector.fromMemorySegment(S, tables, q + 2 * TABLE, NATIVE);
            // All bits of a number's sign: to xor with it and take it away negates.
            ShortVector sign = v.lanewise(LSHL, 11).lanewise(ASHR, 15);
            a = a.add(v.selectFrom(x).lanewise(XOR, sign).sub(sign));
            sign = u.lanewise(LSHL, 11).lanewise(ASHR, 15);
            b = b.add(u.selectFrom(x).lanewise(XOR, sign).sub(sign));
            sign = v.lanewise(LSHL, 6).lanewise(ASHR, 15);
            a = a.add(v.lanewise(LSHR, 5).selectFrom(y).lanewise(XOR, sign).sub(sign));
            sign = u.lanewise(LSHL, 6).lanewise(ASHR, 15);
            b = b.add(u.lanewise(LSHR, 5).selectFrom(y).lanewise(XOR, sign).sub(sign));
            sign = v.lanewise(LSHL, 1).lanewise(ASHR, 15);
            a = a.add(v.lanewise(LSHR, 10).selectFrom(z).lanewise(XOR, sign).sub(sign));
            sign = u.lanewise(LSHL, 1).lanewise(ASHR, 15);
            b = b.add(u.lanewise(LSHR, 10).selectFrom(z).lanewise(XOR, sign).sub(sign));
        }
        IntVector pairs = a.reinterpretAsInts();
        IntVector.fromMemorySegment(I, sums, to, NATIVE)
                .add(pairs.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .intoMemorySegment(sums, to, NATIVE);
        IntVector.fromMemorySegment(I, sums, to + BYTES, NATIVE)
                .add(pairs.lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + BYTES, NATIVE);
        pairs = b.reinterpretAsInts();
        IntVector.fromMemorySegment(I, sums, to + 2L * BYTES, NATIVE)
                .add(pairs.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + 2L * BYTES, NATIVE);
        IntVector.fromMemorySegment(I, sums, to + 3L * BYTES, NATIVE)
                .add(pairs.lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + 3L * BYTES, NATIVE);
    }

    /** 16 rows as two registers of 8 lanes. */
    private static void narrow(
            MemorySegment w,
            long at,
            int words,
            MemorySegment tables,
            long first,
            MemorySegment sums,
            long to) {
        ShortVector a = ShortVector.zero(S);
        ShortVector b = a;
        long p = at;
        long end = first + 3L * TABLE * words;
        for (long q = first; q < end; q += TABLE, p += 128) {
            ShortVector v = ShortVector.fromMemorySegment(S, w, p, NATIVE);
            ShortVector u = ShortVector.fromMemorySegment(S, w, p + BYTES, NATIVE);
            for (int digit = 0; digit < 3; digit++) {
                if (digit > 0) {
                    q += TABLE;
                    v = v.lanewise(LSHR, 5);
                    u = u.lanewise(LSHR, 5);
                }
                ShortVector low = ShortVector.fromMemorySegment(S, tables, q, NATIVE);
                ShortVector high = ShortVector.fromMemorySegment(S, tables, q + BYTES, NATIVE);
                // The low 3 bits select from one of two registers, which the next bit tells; the
                // one behind it is the sign.
                ShortVector sign = v.lanewise(LSHL, 11).lanewise(ASHR, 15);
                ShortVector x =
                        v.selectFrom(low)
                                .blend(v.selectFrom(high), v.and((short) 8).compare(NE, 0));
                a = a.add(x.lanewise(XOR, sign).sub(sign));
                sign = u.lanewise(LSHL, 11).lanewise(ASHR, 15);
                x = u.selectFrom(low).blend(u.selectFrom(high), u.and((short) 8).compare(NE, 0));
                b = b.add(x.lanewise(XOR, sign).sub(sign));
            }
        }
        IntVector pairs = a.reinterpretAsInts();
        IntVector.fromMemorySegment(I, sums, to, NATIVE)
                .add(pairs.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .intoMemorySegment(sums, to, NATIVE);
        IntVector.fromMemorySegment(I, sums, to + BYTES, NATIVE)
                .add(pairs.lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + BYTES, NATIVE);
        pairs = b.reinterpretAsInts();
        IntVector.fromMemorySegment(I, sums, to + 2L * BYTES, NATIVE)
                .add(pairs.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + 2L * BYTES, NATIVE);
        IntVector.fromMemorySegment(I, sums, to + 3L * BYTES, NATIVE)
                .add(pairs.lanewise(ASHR, 16))
                .intoMemorySegment(sums, to + 3L * BYTES, NATIVE);
    }
}
