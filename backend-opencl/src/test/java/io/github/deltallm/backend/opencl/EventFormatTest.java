package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;
import java.util.Random;

class EventFormatTest {
    private static final int BLOCK = RowsFormat.BLOCK;
    private static final float NOTHING = Float.intBitsToFloat(EventFormat.NOTHING);

    private static DeltaRule rule(Events events, int dim) {
        float[] steps = new float[dim];
        for (int c = 0; c < dim; c++) {
            steps[c] = 0.01f * (c + 1);
        }
        float[] own = events == Events.INT8 ? steps : new float[0];
        return DeltaRule.of(
                new Delta(new float[] {0.1f}, false, events, own, Store.F32), dim, own, 1);
    }

    /** Events of a block as an encoder could have made them. */
    private static float[] block(DeltaRule rule, int dim, double changed) {
        Random random = new Random(dim);
        float[] rows = new float[BLOCK * dim];
        for (int i = 0; i < rows.length; i++) {
            float change = (float) random.nextGaussian();
            rows[i] = random.nextDouble() < changed ? rule.event(i % dim, change, 0) : NOTHING;
        }
        return rows;
    }

    @ParameterizedTest
    @EnumSource
    void packedBlockIsUnpackedBitForBit(Events events) {
        for (int dim : new int[] {16, 64, 80, 96, 101, 128, 256}) {
            DeltaRule rule = rule(events, dim);
            for (boolean keys : new boolean[] {true, false}) {
                EventFormat format = new EventFormat(events, keys, dim);
                for (double changed : new double[] {0, 0.3, 1}) {
                    float[] rows = block(rule, dim, changed);
                    int[] packed = format.pack(rows, rule);
                    int[] behind = new int[packed.length + 7];
                    System.arraycopy(packed, 0, behind, 7, packed.length);
                    assertThat(bits(format.unpack(behind, 7, rule))).isEqualTo(bits(rows));
                    assertThat(packed).hasSize(format.words(EventFormat.count(rows)));
                    assertThat(packed.length + dim).isLessThanOrEqualTo(format.mostWords());
                }
            }
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return bits;
    }
}
