package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

import java.util.Arrays;
import java.util.Random;

/** What the kernel packs, read by code that shares nothing with it. */
class PackedBlockTest {
    private static final float STEP = 0.25f;

    @ParameterizedTest
    @EnumSource(Events.class)
    void packedEventsAreReadAsTheyWere(Events events) {
        for (int dim : new int[] {1, 2, 13, 32, 64, 70}) {
            for (boolean keys : new boolean[] {true, false}) {
                for (int number : new int[] {0, 1, 4}) {
                    for (float share : new float[] {0, 0.3f, 1}) {
                        check(new StreamFormat(delta(events), keys, dim), number, share);
                    }
                }
            }
        }
    }

    private static Encoding.Delta delta(Events events) {
        return Encoding.Delta.of(1, events, Store.F32);
    }

    private static void check(StreamFormat format, int number, float share) {
        int dim = format.dim();
        Random random = new Random(31L * dim + number);
        float[] open = new float[Places.SLOTS * dim];
        int count = 0;
        for (int i = 0; i < open.length; i++) {
            boolean there = i < 2 * dim && number == 0 || random.nextFloat() < share;
            open[i] = i < dim ? random.nextFloat() : there ? event(format, random) : Float.NaN;
            count += i >= dim && there ? 1 : 0;
        }
        if (number == 0) {
            Arrays.fill(open, 0, dim, 0);
            count -= dim;
        }
        BlockReader.Block packed = packed(format, number, open, count);
        assertThat(new BlockReader(format, channel -> STEP).packed(packed, number))
                .as("%s, block %d, %s transmitted", format, number, share)
                .containsExactly(Arrays.copyOfRange(open, dim, open.length));
        if (number % Places.ANCHORED == 0) {
            int reference = number == 0 ? dim : 0;
            assertThat(Arrays.copyOf(packed.floats(), dim))
                    .containsExactly(Arrays.copyOfRange(open, reference, reference + dim));
        }
    }

    /** A change that the format holds without loss. */
    private static float event(StreamFormat format, Random random) {
        float x = (float) random.nextGaussian() * 1e3f;
        return switch (format.bits()) {
            case 16 -> Float.intBitsToFloat(Float.floatToRawIntBits(x) & 0xFFFF0000);
            case 8 -> STEP * (random.nextInt(255) - 127);
            default -> x;
        };
    }

    private static BlockReader.Block packed(
            StreamFormat format, int number, float[] open, int count) {
        int dim = format.dim();
        int steps = open.length;
        FloatArray pool = new FloatArray(steps + 2 * dim + format.packedFloats(number, count));
        IntArray words = new IntArray(format.packedWords(count));
        for (int i = 0; i < open.length; i++) {
            pool.set(i, open[i]);
        }
        for (int c = 0; c < 2 * dim; c++) {
            pool.set(steps + c, STEP);
        }
        IntArray step = new IntArray(StepTable.HEADER);
        step.set(StepTable.DIM, dim);
        IntArray control = new IntArray(Control.LIST + PackKernels.STRIDE);
        control.set(Control.CHUNKS, 1);
        Packing.list(control, 0, 0, steps + 2 * dim, 0, steps, format, number);
        FloatArray floats = new FloatArray(FloatTables.SIZE);
        FloatTables.fill(floats);
        IntArray ops = new IntArray(OpTable.STRIDE_OPS);
        PackKernels.pack(new KernelContext(), control, ops, step, floats, pool, words);
        float[] packed = new float[format.packedFloats(number, count)];
        for (int i = 0; i < packed.length; i++) {
            packed[i] = pool.get(steps + 2 * dim + i);
        }
        int[] packedWords = new int[format.packedWords(count)];
        for (int i = 0; i < packedWords.length; i++) {
            packedWords[i] = words.get(i);
        }
        return new BlockReader.Block(packed, packedWords);
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "1e-40", "1.17549435e-38", "3.4e38", "NaN", "Infinity", "0.1", "-7.7"})
    void halvesAreThoseOfTheBits(float x) {
        FloatArray floats = new FloatArray(FloatTables.SIZE);
        FloatTables.fill(floats);
        for (float value : new float[] {x, -x, x * 1.003f, x * 0.997f}) {
            int bits = Float.floatToRawIntBits(value);
            int rounded = bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
            int expected = Float.isNaN(value) ? 0x7FC0 : rounded;
            assertThat(Floats.bf16Bits(value, floats)).as("bits of %s", value).isEqualTo(expected);
            assertThat(Float.floatToIntBits(Floats.ofBf16(expected, floats)))
                    .as("value of %x", expected)
                    .isEqualTo(expected << 16);
        }
    }
}
