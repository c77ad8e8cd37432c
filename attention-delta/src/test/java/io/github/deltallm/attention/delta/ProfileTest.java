package io.github.deltallm.attention.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.AttentionStrategy.Request;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Profiles in files. */
class ProfileTest {
    private static final DeltaAttentionProvider DELTA = new DeltaAttentionProvider();
    private static final Contexts.Model MODEL = new Contexts.Model(1000, "a");

    @TempDir private Path folder;

    private static String sound() throws IOException {
        try (InputStream in = ProfileTest.class.getResourceAsStream("test-profiles/one.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private AttentionStrategy create(String json, String settings) throws IOException {
        Path file = Files.writeString(folder.resolve("some.json"), json);
        return DELTA.create(
                AttentionSpec.parse("delta:" + settings + "profile=" + file), Contexts.of(MODEL));
    }

    private static Delta delta(float[] thresholds, Events events, float... steps) {
        return new Delta(thresholds, false, events, steps, Store.BF16);
    }

    @Test
    void thresholdsAreThoseOfLayerHeadAndChannel() throws IOException {
        AttentionStrategy strategy = create(sound(), "theta=2,");
        assertThat(strategy.keys(0, 0))
                .isEqualTo(delta(new float[] {0.25f, 0.5f, 1, 2}, Events.BF16));
        assertThat(strategy.keys(1, 0)).isEqualTo(delta(new float[] {3, 3, 3, 3}, Events.BF16));
    }

    @Test
    void whatIsLeftOpenIsTheProfiles() throws IOException {
        AttentionStrategy strategy = create(sound(), "");
        assertThat(strategy.spec().setting("theta")).hasValue("1.4");
        assertThat(strategy.spec().setting("window")).hasValue("12%");
        assertThat(strategy.spec().setting("profile"))
                .hasValue(folder.resolve("some.json").toString());
        assertThat(((Delta) strategy.keys(1, 0)).threshold(3)).isEqualTo(1.4f * 1.5f);
        assertThat(strategy.window(0, 0, new Request(1000))).isEqualTo(120);
    }

    @Test
    void whatIsGivenGoesBeforeTheProfiles() throws IOException {
        AttentionStrategy strategy = create(sound(), "theta=0,window=7,");
        assertThat(((Delta) strategy.keys(0, 0)).threshold(3)).isZero();
        assertThat(strategy.window(0, 0, new Request(1000))).isEqualTo(7);
    }

    @Test
    void whatIsReportedMakesTheSameStrategy() throws IOException {
        AttentionStrategy strategy = create(sound(), "values=0.5,");
        assertThat(DELTA.create(strategy.spec(), Contexts.of(MODEL))).isEqualTo(strategy);
    }

    @Test
    void stepsAreForEventsOfStepsOnly() throws IOException {
        AttentionStrategy strategy = create(sound(), "theta=2,events=int8,values=1,");
        assertThat(((Delta) strategy.keys(0, 0)).steps())
                .containsExactly(0.01f, 0.02f, 0.03f, 0.04f);
        assertThat(((Delta) strategy.values(0, 0)).steps()).containsExactly(0.1f, 0.2f, 0.3f, 0.4f);
        assertThat(((Delta) strategy.values(1, 0)).waits()).isTrue();
        assertThat(((Delta) create(sound(), "events=f32,").keys(0, 0)).steps()).isEmpty();
    }

    @Test
    void thresholdsOfValuesAreAbsolute() throws IOException {
        AttentionStrategy strategy = create(sound(), "values=0.5,");
        assertThat(strategy.values(0, 0)).isEqualTo(delta(new float[] {0.25f}, Events.BF16));
        assertThat(strategy.values(1, 0)).isEqualTo(delta(new float[] {1}, Events.BF16));
    }

    @Test
    void thresholdsBeyondF32AreNeverNaN() throws IOException {
        String json = sound().replace("0.25", "3e38").replace("0.5,", "0,");
        float[] thresholds = ((Delta) create(json, "theta=3e38,").keys(0, 0)).thresholds();
        assertThat(thresholds[0]).isZero();
        assertThat(thresholds[3]).isEqualTo(Float.POSITIVE_INFINITY);
    }

    @Test
    void whatANewerVersionAddsIsPassedOver() throws IOException {
        String json = sound().replace("\"budget\":", "\"more\": {\"x\": [1, {}]}, \"budget\":");
        assertThat(create(json, "")).isEqualTo(create(sound(), ""));
    }

    @Test
    void aProfileOfAnotherModelIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("some.json"), sound());
        assertThatThrownBy(() ->
                        DELTA.create(
                                AttentionSpec.parse("delta:profile=" + file),
                                Contexts.of(new Contexts.Model(1000, "b"))))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(
                        file.toString(), "aaaaaaaaaaaa...", "bbbbbbbbbbbb...", "deltallm calibrate")
                .hasMessageNotContaining("a".repeat(13));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    [0.5,1,2,4]   | [0.5,1,2]       | query_weight in layer 0, head 0: 3 instead of 4
                    [0.5,1,2,4]   | []              | query_weight in layer 0, head 0: 0 instead of 4
                    [0.01,0.02,0.03,0.04] | [1,2,3,4,5] | step in layer 0, head 0: 5 instead of 4
                    [0.1,0.2,0.3,0.4] | [1]         | value_step in layer 0, head 0: 1 instead of 4
                    {"heads":     | {"heads":[]},{"heads": | layers: 3 instead of 2
                    "heads":      | "other":        | KV heads in layer 0: 0 instead of 1
                    """)
    void aProfileOfAnotherShapeIsRefused(String found, String planted, String message)
            throws IOException {
        assertRefused(found, planted, message, "does not fit the model");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    0.5,1,2,4      | 0.5,-1,2,4    | a finite number that is not negative
                    0.5,1,2,4      | 0.5,"NaN",2,4 | a finite number that is not negative
                    0.5,1,2,4      | 0.5,NaN,2,4   | it is no JSON any more in line 1
                    0.5,1,2,4      | 0.5,1e39,2,4  | a finite number that is not negative
                    0.5,1,2,4      | 0.5,null,2,4  | a finite number that is not negative
                    0.5,1,2,4      | 0.5,[1],2,4   | a finite number that is not negative
                    "theta":1.4    | "theta":-1.4  | a finite number that is not negative
                    "theta":1.4    | "other":1.4   | theta is missing
                    "theta":0.25   | "other":0.25  | theta is missing
                    "value_sigma"  | "sigma"       | value_sigma is missing
                    "format":1     | "format":2    | only format 1 is known
                    "format"       | "Format"      | format is missing
                    "model_sha256":"a | "model_sha256":"A | 64 hexadecimal digits
                    model_sha256   | sha           | model_sha256 is missing
                    model_bytes    | size          | model_bytes is missing
                    12%            | 120%          | window is not
                    "window"       | "theta"       | it is no JSON any more
                    "layers":[     | "layers":[1,  | an object is expected
                    "layers":      | "layers":1,"x": | an array is expected
                    value_step     | value_step":,"x | it is no JSON any more
                    """)
    void aDamagedProfileIsRefused(String found, String planted, String message) throws IOException {
        assertRefused(found, planted, message, "is damaged");
    }

    private void assertRefused(String found, String planted, String... messages)
            throws IOException {
        String compact = sound().replaceAll("\\s", "");
        assertThat(compact).contains(found);
        String json = compact.replaceFirst(java.util.regex.Pattern.quote(found), planted);
        assertThatThrownBy(() -> create(json, ""))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining(folder.resolve("some.json").toString())
                .hasMessageContainingAll(messages);
    }

    @Test
    void everyPrefixOfAProfileIsRefused() throws IOException {
        String json = sound().strip();
        for (int length = 0; length < json.length(); length++) {
            String cut = json.substring(0, length);
            assertThatThrownBy(
                            () -> ProfileReader.parse("cut", cut.getBytes(StandardCharsets.UTF_8)))
                    .as("the first %d characters", length)
                    .isInstanceOf(InvalidOptionException.class);
        }
        assertThatThrownBy(() -> create(json + "{}", "")).hasMessageContaining("more behind");
    }

    /** A saved session names its profile, whoever wrote it. */
    @Test
    void aDeviceThatNeverEndsIsNotRead() {
        assertThatThrownBy(() -> Contexts.create(DELTA, "delta:profile=/dev/zero"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("/dev/zero");
    }

    @Test
    void aFileThatIsNotThereIsToldPlainly() {
        Path file = folder.resolve("nothing.json");
        assertThatThrownBy(() -> Contexts.create(DELTA, "delta:profile=" + file))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(file.toString(), "there is no such file");
        assertThatThrownBy(() -> Contexts.create(DELTA, "delta:profile=" + folder))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("can't be read");
    }
}
