package io.github.deltallm.backend.reference;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;

/**
 * A ternary tensor as integers with the scales of its blocks. A block whose scale is 0 holds zeros,
 * whatever its trits, and does not count among the scales that have to be equal.
 */
final class TernaryMatrix {
    private final int blockSize;
    private final byte[][] trits;
    private final float[][] scales;

    TernaryMatrix(Tensor tensor) {
        blockSize = tensor.type().blockSize();
        int blocks = tensor.columns() / blockSize;
        trits = new byte[tensor.rows()][tensor.columns()];
        scales = new float[tensor.rows()][blocks];
        for (int row = 0; row < tensor.rows(); row++) {
            for (int block = 0; block < blocks; block++) {
                Bytes bytes = Decoder.block(tensor, row, block);
                float scale = TernaryBlocks.scale(tensor, bytes);
                require(Float.isFinite(scale), tensor, row, "the scale " + scale);
                scales[row][block] = scale;
                for (int i = 0; i < blockSize; i++) {
                    int trit = TernaryBlocks.trit(tensor.type(), bytes, i);
                    require(trit <= 1, tensor, row, "bits 3, which stand for no ternary value,");
                    trits[row][block * blockSize + i] = (byte) (scale == 0 ? 0 : trit);
                }
            }
        }
    }

    private static void require(boolean sound, Tensor tensor, int row, String what) {
        if (!sound) {
            throw new ModelFormatException(
                    "the tensor "
                            + tensor.name()
                            + " of type "
                            + tensor.type()
                            + " has "
                            + what
                            + " in row "
                            + row
                            + "; the file is damaged");
        }
    }

    /**
     * One row times quantised activations: integer sums, multiplied once by {@code scale / s}.
     * Where the blocks of a row have different scales, the sums are those of the blocks.
     *
     * @param quantised the activations as integers
     * @param s what they were multiplied by
     */
    float product(int row, int[] quantised, float s) {
        float[] rowScales = scales[row];
        float common = largest(rowScales);
        if (equalOrZero(rowScales, common)) {
            return sum(row, 0, quantised.length, quantised) * (common / s);
        }
        double total = 0;
        for (int block = 0; block < rowScales.length; block++) {
            int from = block * blockSize;
            total += (double) rowScales[block] * sum(row, from, from + blockSize, quantised);
        }
        return (float) (total / s);
    }

    private int sum(int row, int from, int to, int[] quantised) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += trits[row][i] * quantised[i];
        }
        return sum;
    }

    /** The scale with the largest magnitude. */
    private static float largest(float[] scales) {
        float largest = 0;
        for (float scale : scales) {
            largest = Math.abs(scale) > Math.abs(largest) ? scale : largest;
        }
        return largest;
    }

    private static boolean equalOrZero(float[] scales, float common) {
        for (float scale : scales) {
            if (scale != common && scale != 0) {
                return false;
            }
        }
        return true;
    }
}
