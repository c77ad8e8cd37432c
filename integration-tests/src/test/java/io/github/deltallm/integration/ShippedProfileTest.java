package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Perplexity;
import io.github.deltallm.engine.Session;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Locale;

/**
 * What the embedded model's profile, and delta encoding itself, save on texts that the profile was
 * not made from.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ShippedProfileTest {
    private static final AttentionSpec DENSE = AttentionSpec.parse("dense");
    private Model model;

    @BeforeAll
    void open() {
        model =
                Model.open(
                        SharedData.embeddedModel(),
                        ModelOptions.DEFAULT.withBackend("cpu").withContext(2048));
    }

    @AfterAll
    void close() {
        model.close();
    }

    private static int[] ids(String text) {
        return Golden.text(text).ids().stream().mapToInt(Integer::intValue).toArray();
    }

    /** Keys of 1,024 tokens, ring, anchors, masks and slack included, of those of dense bf16. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "delta:theta=1.0,window=5%,events=bf16 | 0.50",
                "delta:theta=1.0,window=5%,events=int8 | 0.33",
                "delta:profile=default,window=51,events=int8 | 0.27",
                "delta:profile=default,window=128,events=int8 | 0.36"
            })
    void keysTakeFewBytes(String spec, double most) {
        int[] ids = ids("bleak-house");
        try (Session session = model.newSession(AttentionSpec.parse(spec))) {
            session.prompt(ids, new Cancellation(), done -> {});
            CacheBytes bytes = session.report().bytes();
            double share = (double) bytes.keys() / bytes.denseKeys();
            System.out.printf(Locale.ROOT, "%s: key bytes %.4f of bf16%n", spec, share);
            assertThat(share).as("bytes of keys").isLessThanOrEqualTo(most);
        }
    }

    @ParameterizedTest
    @Tag("long")
    @ValueSource(strings = {"bleak-house", "wiki"})
    void theProfileLosesLittle(String text) {
        Measured dense = measure(text, DENSE);
        Measured profile = measure(text, AttentionSpec.parse("delta:profile=default,window=128"));
        double rise = profile.perplexity / dense.perplexity - 1;
        System.out.printf(
                Locale.ROOT, "%s: zeros %.4f, perplexity %+.4f%n", text, profile.zeros, rise);
        assertThat(profile.zeros).as("delta zeros").isGreaterThanOrEqualTo(0.74);
        assertThat(rise).as("rise of the perplexity").isLessThanOrEqualTo(0.01);
    }

    /**
     * For every format of events: one threshold for all channels, found by bisection, loses more.
     */
    @ParameterizedTest
    @Tag("long")
    @CsvSource({"bleak-house, bf16", "bleak-house, int8", "wiki, bf16", "wiki, int8"})
    void asManyZerosByOneThresholdLoseTwiceAsMuch(String text, String events) {
        String others = "window=128,events=" + events;
        Measured dense = measure(text, DENSE);
        Measured profile = measure(text, AttentionSpec.parse("delta:profile=default," + others));
        double low = 1;
        double high = 2;
        Measured plain = profile;
        for (int i = 0; i < 8; i++) {
            double theta = (low + high) / 2;
            plain = measure(text, AttentionSpec.parse("delta:theta=" + theta + "," + others));
            if (plain.zeros < profile.zeros) {
                low = theta;
            } else {
                high = theta;
            }
        }
        double most = plain.perplexity / dense.perplexity - 1;
        double rise = profile.perplexity / dense.perplexity - 1;
        System.out.printf(
                Locale.ROOT,
                "%s, %s events: profile %.4f zeros, %+.4f; theta %.3f %.4f zeros, %+.4f%n",
                text,
                events,
                profile.zeros,
                rise,
                high,
                plain.zeros,
                most);
        assertThat(plain.zeros).as("zeros").isBetween(profile.zeros - 0.002, profile.zeros + 0.002);
        assertThat(rise).as("rise of the perplexity").isLessThanOrEqualTo(most / 2);
    }

    private record Measured(double perplexity, double zeros) {}

    /** A whole text, of 1,024 or 2,048 tokens, as one sequence. */
    private Measured measure(String text, AttentionSpec spec) {
        int[] ids = ids(text);
        Perplexity perplexity =
                Perplexity.of(model, spec, ids, ids.length, new Cancellation(), done -> {});
        AttentionReport report = perplexity.attention();
        return new Measured(perplexity.value(), report.total().deltaZeroFraction());
    }
}
