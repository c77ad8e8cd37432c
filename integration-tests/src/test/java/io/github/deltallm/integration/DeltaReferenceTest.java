package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Installed;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Perplexity;
import io.github.deltallm.engine.Providers;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.util.List;
import java.util.stream.Stream;

/**
 * Delta attention loses and skips what an independent fp32 implementation of it does, on the same
 * texts.
 */
class DeltaReferenceTest {
    private static final AttentionSpec DENSE = AttentionSpec.parse("dense");

    /** Of zero and skipped fractions, whatever is rounded. */
    private static final double FRACTION = 0.005;

    /** Of the loss, the perplexity over that of dense attention: nothing is rounded. */
    private static final double F32_LOSS = 0.005;

    /** The same with 8-bit activations, bf16 rows and events. */
    private static final double FAST_LOSS = 0.015;

    /** The reference backend's part of a text. */
    private static final int REFERENCE_IDS = 256;

    /**
     * In nats. Where two backends round a key differently, a channel may change one key earlier,
     * and all that follows is a little different: an fp32 and an fp64 implementation were 0.005
     * apart on this part of the text.
     */
    private static final double NLL = 0.01;

    private static final double SAME_FRACTION = 0.001;

    @TestFactory
    Stream<DynamicTest> bleakHouseOnCpu() {
        return losses("bleak-house", Precision.F32, F32_LOSS);
    }

    @TestFactory
    Stream<DynamicTest> bleakHouseOnCpuFast() {
        return losses("bleak-house", Precision.FAST, FAST_LOSS);
    }

    @TestFactory
    @Tag("long")
    Stream<DynamicTest> wikiOnCpu() {
        return losses("wiki", Precision.F32, F32_LOSS);
    }

    @TestFactory
    @Tag("long")
    Stream<DynamicTest> wikiOnCpuFast() {
        return losses("wiki", Precision.FAST, FAST_LOSS);
    }

    @TestFactory
    Stream<DynamicTest> cpuAndReferenceAgree() {
        return agreesWithReference("cpu");
    }

    @TestFactory
    Stream<DynamicTest> openClAndReferenceAgree() {
        return agreesWithReference(Backends.require("opencl"));
    }

    private static Stream<DynamicTest> agreesWithReference(String backend) {
        requireDelta(backend);
        int[] ids = array(Golden.text("bleak-house").ids().subList(0, REFERENCE_IDS));
        Model oracle = open("reference", Precision.F32);
        Model model = open(backend, Precision.F32);
        return Stream.of("delta:theta=1.0", "delta:theta=1.0,mode=blocks,sinks=4")
                .map(AttentionSpec::parse)
                .map(spec ->
                        DynamicTest.dynamicTest(
                                spec.toString(), () -> agree(oracle, model, spec, ids)))
                .onClose(oracle::close)
                .onClose(model::close);
    }

    private static void agree(Model oracle, Model model, AttentionSpec spec, int[] ids) {
        Perplexity expected = perplexity(oracle, spec, ids);
        Perplexity measured = perplexity(model, spec, ids);
        assertThat(measured.nll()).isCloseTo(expected.nll(), within(NLL));
        fractionsAgree(
                measured.attention().total(),
                expected.attention().total().deltaZeroFraction(),
                expected.attention().total().skippedMacFraction(),
                SAME_FRACTION);
    }

    /** One test for each configuration; the model is closed after the last. */
    private static Stream<DynamicTest> losses(String text, Precision precision, double margin) {
        requireDelta("cpu");
        Golden.Text golden = Golden.text(text);
        List<Golden.Delta> deltas = Golden.deltas(text);
        int[] ids = array(golden.ids());
        Model model = open("cpu", precision);
        double dense = perplexity(model, DENSE, ids).value();
        return deltas.stream()
                .map(delta ->
                        DynamicTest.dynamicTest(
                                delta.spec().toString(),
                                () -> {
                                    Perplexity measured = perplexity(model, delta.spec(), ids);
                                    double loss = delta.perplexity() / golden.perplexity();
                                    assertThat(measured.value() / dense)
                                            .as("perplexity, delta / dense")
                                            .isCloseTo(loss, within(margin * loss));
                                    fractionsAgree(
                                            measured.attention().total(),
                                            delta.zeroFraction(),
                                            delta.skippedFraction(),
                                            FRACTION);
                                }))
                .onClose(model::close);
    }

    private static void fractionsAgree(
            AttentionCounts counts, double zeros, double skipped, double margin) {
        assertThat(counts.deltaZeroFraction())
                .as("delta zero fraction")
                .isCloseTo(zeros, within(margin));
        assertThat(counts.skippedMacFraction())
                .as("skipped MAC fraction")
                .isCloseTo(skipped, within(margin));
    }

    private static Perplexity perplexity(Model model, AttentionSpec spec, int[] ids) {
        return Perplexity.of(model, spec, ids, ids.length, new Cancellation(), done -> {});
    }

    private static Model open(String backend, Precision precision) {
        return Model.open(
                SharedData.embeddedModel(),
                ModelOptions.DEFAULT.withBackend(backend).withPrecision(precision));
    }

    /** Skips the test where a backend can't run delta-encoded caches. */
    private static void requireDelta(String backend) {
        for (Installed<BackendProvider> installed : Providers.installed().backends()) {
            BackendProvider provider = installed.provider();
            if (provider.name().equals(backend)
                    && provider.probe() instanceof BackendProbe.Available available
                    && available.capabilities().contains("delta")) {
                return;
            }
        }
        abort("the backend " + backend + " does not have the capability delta");
    }

    private static int[] array(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
