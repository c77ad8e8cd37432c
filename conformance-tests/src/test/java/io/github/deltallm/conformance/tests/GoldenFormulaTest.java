package io.github.deltallm.conformance.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The kit's own formulas against numpy: what backends are compared with must be right itself. */
class GoldenFormulaTest {
    static Stream<Integer> dims() {
        return GoldenDelta.DIMS.stream();
    }

    @ParameterizedTest
    @MethodSource("dims")
    void formulasOfDeltaEncodingAreNumpys(int dim) {
        GoldenDelta golden = GoldenDelta.of(dim);
        try (Backend backend = Oracle.open(Precision.F32)) {
            for (GoldenDelta.Case of : GoldenDelta.Case.values()) {
                try (DeltaTrial trial =
                        new DeltaTrial(golden.sequence(), golden.runs(of), backend)) {
                    outputs(golden, of.key(), trial);
                    masks(golden, of, trial);
                }
            }
            try (DeltaTrial dense = new DeltaTrial(golden.sequence(), Runs.DENSE, backend)) {
                outputs(golden, "dense", dense);
            }
        }
    }

    private static void outputs(GoldenDelta golden, String of, DeltaTrial trial) {
        float[] wanted = golden.file().floats(of + ".out");
        double[] values = trial.formula().last(wanted.length).values();
        for (int i = 0; i < wanted.length; i++) {
            // Both are computed in fp64; one is stored as f32, the other has a scale in f32.
            assertThat(values[i]).isCloseTo(wanted[i], within(1e-7 * (1 + Math.abs(wanted[i]))));
        }
    }

    private static void masks(GoldenDelta golden, GoldenDelta.Case of, DeltaTrial trial) {
        for (Kind kind : List.of(Kind.KEYS, Kind.VALUES)) {
            for (int head = 0; head < trial.heads().kvHeads(); head++) {
                String at = of.key() + "." + kind.name().toLowerCase(Locale.ROOT) + "." + head;
                if (golden.file().has(at + ".mask")) {
                    DeltaFormula formula = trial.encoded(trial.declared(), head, kind);
                    assertThat(formula.changed())
                            .as(at)
                            .isEqualTo(BitSet.valueOf(golden.file().bytes(at + ".mask")));
                    if (golden.file().has(at + ".events")) {
                        assertThat(DeltaTrial.unsigned(formula.events()))
                                .as(at)
                                .isEqualTo(
                                        DeltaTrial.unsigned(golden.file().floats(at + ".events")));
                    }
                }
            }
        }
    }
}
