package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * KRN, the integers of {@link Op.Activations#INT8_ROW}.
 *
 * <p>Rows whose largest magnitude is 127 are not scaled, and weights of scale 1 neither, so that
 * the outputs are the sums themselves, and these are compared exactly: integers have no tolerance.
 *
 * <p>When a rule fails for wide rows only, look at sums of 16 bits; for few or odd numbers of rows
 * only, at the tail of a tile of rows.
 */
@Tag("KRN")
public abstract class TernaryRules extends ConformanceRules {
    private static final int[] ROWS = {1, 2, 3, 4, 5, 8, 13, 33};
    private static final int MOST_ROWS = 33;
    private static final int OUTPUTS = 37;

    /** Those of a block, of two, and of the layers of BitNet-2B. */
    private static final int[] WIDTHS = {128, 256, 384, 512, 2560, 6912};

    /** For subclasses. */
    protected TernaryRules() {}

    /** A test for every type and width. */
    private static Stream<DynamicTest> shapes(
            Stream<TensorType> types, BiConsumer<TensorType, Integer> rule) {
        return types.flatMap(type ->
                IntStream.of(WIDTHS)
                        .filter(columns -> columns % type.blockSize() == 0)
                        .mapToObj(columns ->
                                dynamicTest(
                                        type + " of " + columns,
                                        () -> rule.accept(type, columns))));
    }

    private static Stream<TensorType> types() {
        return Stream.of(TensorType.values()).filter(TensorType::ternary);
    }

    @TestFactory
    @DisplayName("KRN-20 optional: INT8_ROW sums are exact for any number of rows and outputs")
    Stream<DynamicTest> sumsAreExact() {
        return shapes(
                types(),
                (type, columns) -> {
                    for (int outputs : new int[] {1, 2, OUTPUTS}) {
                        Numbers numbers = new Numbers(columns + outputs);
                        Tensor weight = Weights.ternary(type, outputs, columns, 1, numbers);
                        float[] in = new float[MOST_ROWS * columns];
                        for (int i = 0; i < in.length; i++) {
                            in[i] = i % columns == 0 ? 127 : numbers.below(255) - 127;
                        }
                        exact("sums of " + outputs, weight, in);
                    }
                });
    }

    @TestFactory
    @DisplayName("KRN-21 optional: INT8_ROW sums of the largest integers do not overflow")
    Stream<DynamicTest> largestSumsDoNotOverflow() {
        return shapes(
                types(),
                (type, columns) -> {
                    float[] in = new float[MOST_ROWS * columns];
                    for (int row = 0; row < MOST_ROWS; row++) {
                        int from = row * columns;
                        Arrays.fill(in, from, from + columns, row % 2 == 0 ? 127 : -127);
                    }
                    int[] ones = new int[OUTPUTS * columns];
                    Arrays.fill(ones, 1);
                    exact("largest sums", Weights.packed(type, OUTPUTS, columns, ones, 1), in);
                });
    }

    @TestFactory
    @DisplayName("KRN-22 optional: INT8_ROW rounds halves to even")
    Stream<DynamicTest> halvesAreRoundedToEven() {
        return shapes(
                types(),
                (type, columns) -> {
                    Numbers numbers = new Numbers(columns);
                    Tensor weight = Weights.ternary(type, OUTPUTS, columns, 1, numbers);
                    float[] in = new float[MOST_ROWS * columns];
                    for (int i = 0; i < in.length; i++) {
                        in[i] = i % columns == 0 ? -127 : numbers.below(254) - 126.5f;
                    }
                    exact("halves", weight, in);
                });
    }

    @TestFactory
    @DisplayName("KRN-23 optional: INT8_ROW gives zeros for rows of zeros, among others and alone")
    Stream<DynamicTest> rowsOfZerosGiveZeros() {
        return shapes(
                types(),
                (type, columns) -> {
                    Numbers numbers = new Numbers(columns);
                    Tensor weight = Weights.ternary(type, OUTPUTS, columns, 1, numbers);
                    float[] in = new float[MOST_ROWS * columns];
                    for (int i = 0; i < in.length; i++) {
                        boolean zeros = i / columns % 3 == 0;
                        in[i] = zeros ? 0 : i % columns == 0 ? 127 : numbers.below(255) - 127;
                    }
                    exact("rows of zeros", weight, in);
                });
    }

    /** Expects the sums of the rounded inputs, without a tolerance. */
    private void exact(String what, Tensor weight, float[] in) {
        float[] trits = LinearFormula.decode(weight, oracle());
        int columns = weight.columns();
        int outputs = weight.rows();
        Expected expected = new Expected(MOST_ROWS * outputs);
        for (int row = 0; row < MOST_ROWS; row++) {
            for (int o = 0; o < outputs; o++) {
                long sum = 0;
                for (int i = 0; i < columns; i++) {
                    sum += (long) Math.rint(in[row * columns + i]) * (int) trits[o * columns + i];
                }
                expected.set(row * outputs + o, (double) sum, 0);
            }
        }
        check(what, weight, in, expected);
    }

    @TestFactory
    @DisplayName("KRN-24 optional: INT8_ROW sums blocks of different scales one by one")
    Stream<DynamicTest> blocksOfDifferentScalesAreSummedOneByOne() {
        return shapes(types().filter(type -> type != TensorType.I2_S), this::blocks);
    }

    private void blocks(TensorType type, int columns) {
        Numbers numbers = new Numbers(columns);
        Tensor weight = Weights.random(type, OUTPUTS, columns, numbers).tensor();
        float[] decoded = LinearFormula.decode(weight, oracle());
        float[] in = numbers.normal(MOST_ROWS * columns);
        Expected expected = new Expected(MOST_ROWS * OUTPUTS);
        int block = type.blockSize();
        for (int row = 0; row < MOST_ROWS; row++) {
            float s = 127 / largest(in, row * columns, columns);
            for (int o = 0; o < OUTPUTS; o++) {
                double total = 0;
                double magnitudes = 0;
                for (int from = 0; from < columns; from += block) {
                    float scale = largest(decoded, o * columns + from, block);
                    long sum = 0;
                    for (int i = from; i < from + block; i++) {
                        long q = (long) Math.rint(in[row * columns + i] * s);
                        sum += q * Math.round(decoded[o * columns + i] / scale);
                    }
                    total += (double) scale * sum / s;
                    magnitudes += Math.abs((double) scale * sum / s);
                }
                double bound = Rounding.gamma(columns / block + 4) * magnitudes;
                expected.set(row * OUTPUTS + o, total, bound);
            }
        }
        check("blocks", weight, in, expected);
    }

    private static float largest(float[] values, int from, int count) {
        float largest = 0;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    private void check(String what, Tensor weight, float[] in, Expected expected) {
        Program program = LinearFormula.program(weight, Optional.empty(), Op.Activations.INT8_ROW);
        try (Bench bench = optional(() -> new Bench(backend(), program, MOST_ROWS))) {
            for (int rows : ROWS) {
                expected.first(rows * weight.rows())
                        .check(
                                what + " in " + rows + " rows of " + weight.columns(),
                                weight.rows(),
                                bench.once(rows, in));
            }
        }
    }
}
