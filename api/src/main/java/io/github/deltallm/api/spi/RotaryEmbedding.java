package io.github.deltallm.api.spi;

import java.util.Arrays;

/**
 * Rotary position embedding (RoPE, arXiv 2104.09864) with its frequencies already scaled.
 *
 * <p>Pair i of a head is rotated by {@code position * frequencies[i]} radians. Angles are computed
 * in double precision, rotations in fp32.
 *
 * @param pairing which two channels make pair i
 * @param frequencies radians a position, one a pair; twice as many channels are rotated, the rest
 *     of a head passes
 */
public record RotaryEmbedding(Pairing pairing, double[] frequencies) {
    /** Which channels are rotated together, of the d rotated ones. */
    public enum Pairing {
        /**
         * Channels 2i and 2i + 1: models of architecture {@code llama}, whose GGUF files are
         * permuted for it.
         */
        INTERLEAVED,
        /** Channels i and i + d/2: GPT-NeoX, BitNet and most others. */
        HALVES
    }

    public RotaryEmbedding {
        frequencies = frequencies.clone();
    }

    /** A copy. */
    @Override
    public double[] frequencies() {
        return frequencies.clone();
    }

    /** Number of rotated channels. */
    public int dimensions() {
        return frequencies.length * 2;
    }

    /** The unscaled frequencies {@code base^(-2i / dimensions)}. */
    public static double[] plainFrequencies(double base, int dimensions) {
        double[] frequencies = new double[dimensions / 2];
        Arrays.setAll(frequencies, i -> Math.pow(base, -2.0 * i / dimensions));
        return frequencies;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RotaryEmbedding rope
                && rope.pairing == pairing
                && Arrays.equals(rope.frequencies, frequencies);
    }

    @Override
    public int hashCode() {
        return 31 * pairing.hashCode() + Arrays.hashCode(frequencies);
    }

    @Override
    public String toString() {
        return "RotaryEmbedding[" + pairing + ", " + dimensions() + " channels]";
    }
}
