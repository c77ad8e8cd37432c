package io.github.deltallm.attention.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.AttentionStrategy.Request;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Windows, as {@code delta} and {@code prune} read them. */
class ExactRunsTest {
    private static final DeltaAttentionProvider DELTA = new DeltaAttentionProvider();

    private static AttentionStrategy delta(String settings) {
        return Contexts.create(DELTA, "delta:" + settings);
    }

    @ParameterizedTest
    @CsvSource({
        "window=5%,                            1024, 51",
        "window=5%,                             640, 32",
        "window=5%,                             100, 32",
        "'window=5%,min-window=1',               10,  1",
        "'window=5%,min-window=1',               30,  2",
        "'window=5%,min-window=1',               50,  2",
        "'window=0%,min-window=1',             1000,  1",
        "window=100%,                          1000, 1000",
        "window=0.5%,                         10000, 50",
        "window=64,                              10, 64",
        "'window=8,min-window=32',             1024,  8",
        "'mode=blocks,window=5%',                10,  1",
        "'mode=blocks,window=5%,min-window=64',  30,  2",
        "'mode=blocks,window=5%',                50,  2",
        "'mode=blocks,window=5%',              1024, 51",
        "'mode=blocks,window=7',               1024,  7",
    })
    void aPartOfTheDeclaredLengthIsRoundedHalfToEven(String settings, int tokens, int expected) {
        assertThat(delta(settings).window(0, 0, new Request(tokens))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "mode=sliding, 0, 0", "mode=sliding, 9, 0", "mode=sliding, 10, 1", "mode=sliding, 99, 90",
        "mode=blocks, 0, 0", "mode=blocks, 9, 0", "mode=blocks, 10, 10", "mode=blocks, 99, 90",
        "mode=blocks, 100, 91", "mode=blocks, 105, 96"
    })
    void promptsMayBeSeenInBlocksButDecodingSlides(String mode, int position, int expected) {
        assertThat(delta(mode + ",window=10").exactFrom(0, 0, position, new Request(100)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "window=5%",
                "window=1",
                "window=2147483647",
                "mode=blocks,window=0%",
                "mode=blocks,window=33%",
                "mode=blocks,window=17"
            })
    void noExactRunIsLongerThanTheWindow(String settings) {
        AttentionStrategy strategy = delta(settings);
        int before = 1;
        for (int tokens = 0; tokens < 300; tokens += 7) {
            Request request = new Request(tokens);
            int window = strategy.window(0, 0, request);
            assertThat(window).as("window of %d tokens", tokens).isGreaterThanOrEqualTo(before);
            before = window;
            for (int position = 0; position < 400; position++) {
                int from = strategy.exactFrom(0, 0, position, request);
                assertThat(from).isBetween(0, position);
                assertThat(position - from + 1).isLessThanOrEqualTo(window);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-3",
                "101%",
                "-5%",
                "%",
                "NaN%",
                "5f%",
                "",
                "1e2",
                "2147483648",
                "5 %"
            })
    void whatIsNoSizeIsRefused(String size) {
        assertThatThrownBy(() -> delta("window=" + size))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("delta:window=" + size)
                .hasMessageContaining(WindowSize.EXPECTED);
    }
}
