package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.stream.Stream;

/** {@link KernelChecks} and {@link AttentionChecks} with this machine's vectors. */
class KernelTest {
    static Stream<TensorType> types() {
        return KernelChecks.TYPES.stream();
    }

    static Stream<TensorType> repackedTypes() {
        return RepackedChecks.TYPES.stream();
    }

    static Stream<TensorType> ternaryTypes() {
        return types().filter(TensorType::ternary);
    }

    @ParameterizedTest
    @MethodSource("types")
    void decodedValuesEqualTheGoldenOnes(TensorType type) {
        KernelChecks.decoder(type);
    }

    @ParameterizedTest
    @MethodSource("types")
    void linearEqualsPlainLoops(TensorType type) {
        KernelChecks.linear(type);
    }

    @Test
    void exponentialsAreExactToTheLastDigits() {
        KernelChecks.exponentials();
    }

    @Test
    void logisticFunctionsAreExactToTheLastDigits() {
        KernelChecks.logistic();
    }

    @Test
    void rmsNormEqualsPlainLoops() {
        KernelChecks.rmsNorm();
    }

    @Test
    void ropeEqualsPlainLoops() {
        KernelChecks.rope();
    }

    @Test
    void gatesEqualPlainLoops() {
        KernelChecks.gates();
    }

    @ParameterizedTest
    @MethodSource("repackedTypes")
    void repackedWeightsEqualPlainLoops(TensorType type) {
        for (Precision precision : Precision.values()) {
            RepackedChecks.sums(type, precision);
            RepackedChecks.unusualActivations(type, precision);
        }
        RepackedChecks.damagedScale(type);
    }

    @ParameterizedTest
    @MethodSource("ternaryTypes")
    void roundedActivationsTimesTernaryWeightsAreExact(TensorType type) {
        TernaryChecks.equalScales(type);
    }

    @ParameterizedTest
    @MethodSource("ternaryTypes")
    void rowsThatAreNotUsualAreExactToo(TensorType type) {
        TernaryChecks.unusualRows(type);
    }

    @ParameterizedTest
    @EnumSource(names = {"TQ1_0", "TQ2_0"})
    void blocksWithScalesOfTheirOwnAreSummedInOrder(TensorType type) {
        TernaryChecks.differentScales(type);
    }

    @Test
    void attentionOfAnyShapeEqualsTheNaiveOne() {
        AttentionChecks.shapes();
    }

    @Test
    void attentionOverAnyStoreEqualsTheNaiveOne() {
        AttentionChecks.stores();
    }

    @Test
    void attentionWithWindowAndSinksEqualsTheNaiveOne() {
        AttentionChecks.windows();
    }

    @Test
    void sequencesOfOneStepDoNotMix() {
        AttentionChecks.mixedSpans();
    }
}
