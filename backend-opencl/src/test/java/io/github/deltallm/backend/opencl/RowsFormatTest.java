package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;
import java.util.Random;

class RowsFormatTest {
    private static final int[] DIMS = {16, 64, 80, 96, 101, 256};

    private static float[] row(int dim, long seed) {
        Random random = new Random(seed);
        float[] row = new float[dim];
        for (int c = 0; c < dim; c++) {
            row[c] = (float) random.nextGaussian();
        }
        return row;
    }

    private static float[] get(RowsFormat format, int[] page, int slot) {
        float[] row = new float[format.dim()];
        for (int c = 0; c < row.length; c++) {
            row[c] = format.get(page, slot, c);
        }
        return row;
    }

    @ParameterizedTest
    @EnumSource
    void rowsStayWithinHalfAStepAndApart(Store store) {
        for (int dim : DIMS) {
            for (boolean keys : new boolean[] {true, false}) {
                RowsFormat format = new RowsFormat(store, keys, dim);
                int[] page = new int[format.words()];
                for (int slot = 0; slot < RowsFormat.BLOCK; slot++) {
                    format.put(page, slot, row(dim, slot), 0);
                }
                for (int slot = 0; slot < RowsFormat.BLOCK; slot++) {
                    float[] row = row(dim, slot);
                    float largest = 0;
                    for (float value : row) {
                        largest = Math.max(largest, Math.abs(value));
                    }
                    float off =
                            switch (store) {
                                case F32 -> 0;
                                case BF16 -> largest * 0x1p-8f;
                                case INT8 -> largest * 1.001f / 254;
                                case INT4 -> largest * 1.001f / 14;
                            };
                    float[] held = get(format, page, slot);
                    for (int c = 0; c < dim; c++) {
                        assertThat(held[c]).isCloseTo(row[c], within(off));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void roundingTwiceChangesNothing(Store store) {
        RowsFormat format = new RowsFormat(store, true, 80);
        int[] page = new int[format.words()];
        format.put(page, 3, row(80, 1), 0);
        int[] again = page.clone();
        format.put(again, 3, get(format, page, 3), 0);
        assertThat(again).isEqualTo(page);
    }

    @ParameterizedTest
    @EnumSource
    void infinitiesAndNanStaySuch(Store store) {
        RowsFormat format = new RowsFormat(store, false, 16);
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] row = new float[16];
            Arrays.fill(row, 1);
            row[5] = bad;
            int[] page = new int[format.words()];
            format.put(page, 0, row, 0);
            assertThat(Float.isFinite(format.get(page, 0, 5))).isFalse();
        }
    }
}
