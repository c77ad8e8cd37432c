package io.github.deltallm.integration;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.util.List;
import java.util.stream.Stream;

/** {@link ReferenceTest} on the backend {@code opencl}, where there is a device. */
class OpenClReferenceTest {
    @TestFactory
    Stream<DynamicTest> stories260K() {
        return ReferenceTest.cases(
                Backends.require("opencl"),
                Precision.F32,
                ReferenceTest.stories(),
                Golden.stories260K());
    }

    @TestFactory
    Stream<DynamicTest> smolLm2() {
        return smolLm2(Precision.F32);
    }

    @TestFactory
    Stream<DynamicTest> smolLm2Fast() {
        return smolLm2(Precision.FAST);
    }

    private static Stream<DynamicTest> smolLm2(Precision precision) {
        return ReferenceTest.cases(
                Backends.require("opencl"),
                precision,
                SharedData.embeddedModel(),
                Golden.smolLm2());
    }

    /** Every change is transmitted, so what is kept as changes is what was there. */
    @TestFactory
    Stream<DynamicTest> smolLm2WithDeltasOfZeroThreshold() {
        List<Golden> goldens = Golden.smolLm2();
        return ReferenceTest.greedy(
                ReferenceTest.open(
                        SharedData.embeddedModel(), Backends.require("opencl"), Precision.F32),
                goldens,
                AttentionSpec.parse("delta:theta=0,profile=none"),
                "delta");
    }

    @TestFactory
    Stream<DynamicTest> smolLm2WithTheDefaultAttention() {
        return ReferenceTest.greedy(
                ReferenceTest.open(
                        SharedData.embeddedModel(), Backends.require("opencl"), Precision.FAST),
                Golden.smolLm2(),
                AttentionSpec.parse("auto"),
                "dense");
    }
}
