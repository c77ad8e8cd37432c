package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * KRN, the operations with weights that are matrices.
 *
 * <p>When a rule fails for some widths only, look at the tail behind the last whole vector or
 * block; for some numbers of rows only, at the tiles; with awkward numbers only, at denormals that
 * become NaN.
 */
@Tag("KRN")
public abstract class LinearRules extends ConformanceRules {
    /** Tensor types that every backend runs; the others are optional. */
    static final Set<TensorType> REQUIRED =
            EnumSet.of(
                    TensorType.F32,
                    TensorType.F16,
                    TensorType.BF16,
                    TensorType.Q4_0,
                    TensorType.Q4_1,
                    TensorType.Q8_0);

    private static final int[] ROWS = {1, 2, 3, 5, 17, 33, 130};
    private static final int MOST_ROWS = 130;

    /** For subclasses. */
    protected LinearRules() {}

    @TestFactory
    @DisplayName("KRN-01 required for common types: embed looks up the rows of its table")
    Stream<DynamicTest> embedLooksUpRows() {
        return types(type -> {
            int columns = 3 * LinearFormula.widths(type)[0];
            Weights table = Weights.random(type, 37, columns, new Numbers(1));
            Program program = LinearFormula.lookUp(table.tensor());
            float[] all = LinearFormula.decode(table.tensor(), oracle());
            int[] tokens = new Numbers(2).tokens(MOST_ROWS, 37);
            try (Bench bench = bench(type, backend(), program)) {
                KvCache cache = bench.newCache(Runs.DENSE, MOST_ROWS);
                Step step = new Step().add(cache, tokens, 0, MOST_ROWS, Step.Logits.NONE);
                Expected expected = new Expected(MOST_ROWS * columns);
                for (int i = 0; i < MOST_ROWS * columns; i++) {
                    float value = all[tokens[i / columns] * columns + i % columns];
                    double parts = type.blockSize() == 1 ? 0 : table.magnitude();
                    expected.set(i, value, 4 * Rounding.U * parts + Rounding.LEAST);
                }
                expected.check("embed " + type, columns, bench.run(step));
            }
        });
    }

    @TestFactory
    @DisplayName("KRN-02 required for common types: linear equals the product in fp64")
    Stream<DynamicTest> linearEqualsTheProduct() {
        return types(type -> linear(type, Precision.F32, backend()));
    }

    @TestFactory
    @DisplayName(
            "KRN-03 required for common types: linear under FAST rounds no more than 8 bits do")
    Stream<DynamicTest> fastLinearStaysWithinEightBits() {
        return types(type -> {
            try (Backend fast = open(Precision.FAST)) {
                linear(type, Precision.FAST, fast);
            }
        });
    }

    private void linear(TensorType type, Precision precision, Backend tested) {
        for (int columns : LinearFormula.widths(type)) {
            for (int outputs : new int[] {1, 37}) {
                Numbers numbers = new Numbers(columns + outputs);
                Weights weights = Weights.random(type, outputs, columns, numbers);
                float[] bias = numbers.normal(outputs);
                int count = MOST_ROWS * columns;
                float[] in =
                        precision == Precision.FAST
                                ? numbers.normal(count)
                                : numbers.awkward(count);
                LinearFormula formula = LinearFormula.of(weights, oracle());
                Expected expected = formula.of(in, bias, precision);
                Program program =
                        LinearFormula.program(
                                weights.tensor(),
                                Optional.of(Weights.f32("bias", 1, outputs, bias)),
                                Op.Activations.FLOAT);
                try (Bench bench = bench(type, tested, program)) {
                    for (int rows : ROWS) {
                        String what = "linear " + type + " " + outputs + "x" + columns;
                        expected.first(rows * outputs)
                                .check(what + " of " + rows, outputs, bench.once(rows, in));
                    }
                }
            }
        }
    }

    @TestFactory
    @DisplayName("KRN-04 required for common types: logits of the rows asked for, in their order")
    Stream<DynamicTest> logitsOfTheRowsAskedFor() {
        return types(type -> {
            int columns = LinearFormula.widths(type)[0] * 2;
            Numbers numbers = new Numbers(4);
            Weights weights = Weights.random(type, 97, columns, numbers);
            float[] in = numbers.normal(9 * columns);
            Expected expected =
                    LinearFormula.of(weights, oracle()).of(in, new float[97], Precision.F32);
            Program.Recorder recorder = Program.record(LinearFormula.ANY_HEADS);
            Value input = recorder.input("in", columns);
            recorder.logits(input, weights.tensor());
            try (Bench bench = bench(type, backend(), recorder.program())) {
                checkLogits(bench, in, expected);
            }
        });
    }

    private static void checkLogits(Bench bench, float[] in, Expected expected) {
        try (KvCache last = bench.newCache(Runs.DENSE, 4);
                KvCache none = bench.newCache(Runs.DENSE, 4);
                KvCache all = bench.newCache(Runs.DENSE, 4)) {
            Step step =
                    new Step()
                            .add(last, new int[4], 0, 4, Step.Logits.LAST)
                            .add(none, new int[2], 0, 2, Step.Logits.NONE)
                            .add(all, new int[3], 0, 3, Step.Logits.ALL);
            bench.write(9, in);
            StringBuilder order = new StringBuilder();
            bench.executable()
                    .run(
                            step,
                            (row, logits) -> {
                                order.append(row).append(' ');
                                expected.range(row * 97, (row + 1) * 97)
                                        .check("logits of row " + row, 97, floats(logits));
                            });
            Assertions.assertEquals("3 6 7 8 ", order.toString());
        }
    }

    @TestFactory
    @DisplayName("KRN-05 optional: INT8_ROW activations give the integers of the contract")
    Stream<DynamicTest> int8RowsAreExact() {
        return Stream.of(TensorType.I2_S, TensorType.TQ1_0, TensorType.TQ2_0)
                .map(type ->
                        dynamicTest(
                                type.name(),
                                () -> {
                                    for (int columns : LinearFormula.widths(type)) {
                                        int8Rows(type, columns);
                                    }
                                }));
    }

    private void int8Rows(TensorType type, int columns) {
        Numbers numbers = new Numbers(columns);
        Tensor weight = Weights.ternary(type, 37, columns, 0.75f, numbers);
        float[] decoded = LinearFormula.decode(weight, oracle());
        float[] in = numbers.normal(MOST_ROWS * columns);
        Arrays.fill(in, 0, columns, 0);
        Expected expected = new Expected(MOST_ROWS * 37);
        for (int row = 0; row < MOST_ROWS; row++) {
            float largest = 0;
            for (int i = 0; i < columns; i++) {
                largest = Math.max(largest, Math.abs(in[row * columns + i]));
            }
            float s = 127 / largest;
            for (int o = 0; o < 37; o++) {
                long sum = 0;
                for (int i = 0; i < columns && largest > 0; i++) {
                    long q = Math.clamp((long) Math.rint(in[row * columns + i] * s), -128, 127);
                    sum += q * Math.round(decoded[o * columns + i] / 0.75f);
                }
                double product = sum * (double) (0.75f / s);
                expected.set(row * 37 + o, product, 3 * Rounding.U * Math.abs(product));
            }
        }
        Program program = LinearFormula.program(weight, Optional.empty(), Op.Activations.INT8_ROW);
        try (Bench bench = optional(() -> new Bench(backend(), program, MOST_ROWS))) {
            for (int rows : ROWS) {
                expected.first(rows * 37)
                        .check("INT8_ROW " + type + " of " + columns, 37, bench.once(rows, in));
            }
        }
    }

    @Test
    @DisplayName("KRN-06 required: a NaN stays in its row, and is not hidden")
    void nanStaysInItsRow() {
        Numbers numbers = new Numbers(6);
        Weights weights = Weights.random(TensorType.F32, 37, 96, numbers);
        float[] in = numbers.normal(5 * 96);
        in[2 * 96 + 50] = Float.NaN;
        Expected expected =
                LinearFormula.of(weights, oracle()).of(in, new float[37], Precision.F32);
        Program program =
                LinearFormula.program(weights.tensor(), Optional.empty(), Op.Activations.FLOAT);
        try (Bench bench = bench(TensorType.F32, backend(), program)) {
            expected.check("linear with a NaN in row 2", 37, bench.once(5, in));
        }
    }

    private Stream<DynamicTest> types(Consumer<TensorType> rule) {
        return Stream.of(TensorType.values())
                .map(type -> dynamicTest(type.name(), () -> rule.accept(type)));
    }

    private Bench bench(TensorType type, Backend tested, Program program) {
        Supplier<Bench> attempt = () -> new Bench(tested, program, MOST_ROWS);
        Function<Supplier<Bench>, Bench> mode =
                REQUIRED.contains(type) ? this::required : this::optional;
        return mode.apply(attempt);
    }

    static float[] floats(MemorySegment logits) {
        return logits.toArray(ValueLayout.JAVA_FLOAT);
    }
}
