package io.github.deltallm.engine.gguf;

import java.util.List;

/**
 * A metadata value exactly as a GGUF file holds it, with its type: what {@code inspect} shows and
 * {@code convert} copies.
 *
 * <p>Texts and arrays of an open file are views of its memory: read them before the file is closed.
 * Values are immutable and equal when their types and contents are.
 */
public sealed interface GgufValue
        permits GgufValue.Int, GgufValue.Real, GgufValue.Bool, GgufText, GgufArray {
    /** The value's type; {@link GgufType#ARRAY} for every array. */
    GgufType type();

    /**
     * One short line for people: long texts and arrays are abbreviated, control characters escaped.
     */
    String display();

    /**
     * An integer.
     *
     * @param type one of the eight integer types
     * @param value its value; a uint64 of 2<sup>63</sup> or more is kept as the negative long of
     *     the same bits
     */
    record Int(GgufType type, long value) implements GgufValue {
        public Int {
            if (!type.integer()) {
                throw new IllegalArgumentException(type + " is not an integer type");
            }
            int bits = type.width() * Byte.SIZE;
            boolean unsigned = type.name().startsWith("U");
            if (bits < Long.SIZE) {
                long least = unsigned ? 0 : -(1L << (bits - 1));
                long most = unsigned ? (1L << bits) - 1 : (1L << (bits - 1)) - 1;
                if (value < least || value > most) {
                    throw new IllegalArgumentException(value + " does not fit " + type);
                }
            }
        }

        /** Whether {@link #value} is the number itself, not the bits of a uint64 beyond a long. */
        boolean fitsLong() {
            return type != GgufType.UINT64 || value >= 0;
        }

        @Override
        public String display() {
            return type == GgufType.UINT64 ? Long.toUnsignedString(value) : Long.toString(value);
        }
    }

    /**
     * A floating-point number.
     *
     * @param type {@link GgufType#FLOAT32} or {@link GgufType#FLOAT64}
     * @param value its value
     */
    record Real(GgufType type, double value) implements GgufValue {
        public Real {
            if (!type.real()) {
                throw new IllegalArgumentException(type + " is not a floating-point type");
            }
        }

        @Override
        public String display() {
            return type == GgufType.FLOAT32
                    ? Float.toString((float) value)
                    : Double.toString(value);
        }
    }

    /**
     * A truth value.
     *
     * @param value its value
     */
    record Bool(boolean value) implements GgufValue {
        @Override
        public GgufType type() {
            return GgufType.BOOL;
        }

        @Override
        public String display() {
            return Boolean.toString(value);
        }
    }

    /** A uint32, the usual type of counts and sizes. */
    static GgufValue uint32(long value) {
        return new Int(GgufType.UINT32, value);
    }

    static GgufValue float32(float value) {
        return new Real(GgufType.FLOAT32, value);
    }

    static GgufValue bool(boolean value) {
        return new Bool(value);
    }

    static GgufValue text(String value) {
        return GgufText.of(value);
    }

    static GgufValue texts(List<String> values) {
        return GgufArray.ofTexts(values);
    }

    static GgufValue int32s(int... values) {
        return GgufArray.ofInts(values);
    }

    static GgufValue float32s(float... values) {
        return GgufArray.ofFloats(values);
    }
}
