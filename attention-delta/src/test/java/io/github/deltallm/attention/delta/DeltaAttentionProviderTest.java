package io.github.deltallm.attention.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeltaAttentionProviderTest {
    private static final DeltaAttentionProvider DELTA = new DeltaAttentionProvider();

    @Test
    void everyDefaultIsReported() {
        assertThat(Contexts.create(DELTA, "delta").spec())
                .hasToString(
                        "delta:theta=1.0,mode=sliding,window=5%,min-window=32,sinks=0,values=off,"
                                + "events=bf16,profile=none");
        assertThat(Contexts.create(DELTA, "delta").spec().settings())
                .containsOnlyKeys(DELTA.settings());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "delta",
                "delta:theta=0",
                "delta:mode=blocks,window=12.5%",
                "delta:window=64,sinks=4,min-window=1",
                "delta:values=0.5,events=int8",
                "delta:values=0,events=f32,profile=none"
            })
    void whatIsReportedMakesTheSameStrategy(String spec) {
        AttentionStrategy strategy = Contexts.create(DELTA, spec);
        assertThat(Contexts.create(DELTA, strategy.spec().toString())).isEqualTo(strategy);
    }

    @Test
    void keysAreEncodedAndValuesExact() {
        AttentionStrategy strategy = Contexts.create(DELTA, "delta:theta=0.6");
        assertThat(strategy.keys(1, 0)).isEqualTo(Delta.of(0.6f, Events.BF16, Store.BF16));
        assertThat(strategy.values(1, 0)).isEqualTo(new Encoding.Exact(Store.BF16));
        assertThat(strategy.sinks(1, 0)).isZero();
        assertThat(strategy.dropsMiddle(1, 0)).isFalse();
    }

    @Test
    void withFullPrecisionNothingIsRoundedUnlessTold() {
        AttentionStrategy strategy =
                DELTA.create(AttentionSpec.parse("delta"), Contexts.unknown(Precision.F32));
        assertThat(strategy.keys(0, 0)).isEqualTo(Delta.of(1, Events.F32, Store.F32));
        assertThat(strategy.spec().setting("events")).hasValue("f32");
        AttentionStrategy told =
                DELTA.create(
                        AttentionSpec.parse("delta:events=bf16"), Contexts.unknown(Precision.F32));
        assertThat(told.keys(0, 0)).isEqualTo(Delta.of(1, Events.BF16, Store.F32));
    }

    @Test
    void thresholdsOfValuesAreMultiplesOfSigma() {
        assertThat(Contexts.create(DELTA, "delta:values=0.5").values(0, 0))
                .isEqualTo(
                        new Delta(new float[] {0.5f}, true, Events.BF16, new float[0], Store.BF16));
    }

    @Test
    void stepsWithoutAProfileAreLeftToTheFirstRows() {
        AttentionStrategy strategy = Contexts.create(DELTA, "delta:events=int8,values=1");
        assertThat(((Delta) strategy.keys(0, 0)).waits()).isTrue();
        assertThat(((Delta) strategy.values(0, 0)).steps()).isEmpty();
    }

    @Test
    void aWrongKeyListsTheRightOnes() {
        assertThatThrownBy(() -> Contexts.create(DELTA, "delta:thresold=1"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("'thresold'")
                .hasMessageContaining(
                        "theta, mode, window, min-window, sinks, values, events, profile");
    }

    @ParameterizedTest
    @CsvSource({
        "theta=-1, at least 0",
        "theta=NaN, at least 0",
        "theta=much, at least 0",
        "mode=steps, 'one of sliding, blocks'",
        "window=0, 5%",
        "min-window=0, a whole number from 1",
        "sinks=-1, a whole number from 0",
        "values=on, off or a number",
        "values=-0.5, off or a number",
        "values=Infinity, off or a number",
        "events=int4, 'one of f32, bf16, int8'",
        "profile=, 'default or none'"
    })
    void aWrongValueTellsWhatIsRight(String setting, String expected) {
        String told = expected.equals("5%") ? WindowSize.EXPECTED : expected;
        assertThatThrownBy(() -> Contexts.create(DELTA, "delta:" + setting))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("delta:" + setting)
                .hasMessageContaining(told);
    }
}
