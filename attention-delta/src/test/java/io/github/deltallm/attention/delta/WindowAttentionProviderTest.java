package io.github.deltallm.attention.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.AttentionStrategy.Request;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WindowAttentionProviderTest {
    private static final WindowAttentionProvider WINDOW = new WindowAttentionProvider();

    @Test
    void theMiddleIsDropped() {
        AttentionStrategy strategy = Contexts.create(WINDOW, "window");
        assertThat(strategy.spec()).hasToString("window:size=256,sinks=4");
        assertThat(strategy.dropsMiddle(1, 0)).isTrue();
        assertThat(strategy.sinks(1, 0)).isEqualTo(4);
        assertThat(strategy.window(1, 0, new Request(1000))).isEqualTo(256);
        assertThat(strategy.exactFrom(1, 0, 300, new Request(1000))).isEqualTo(45);
        assertThat(strategy.exactFrom(1, 0, 100, new Request(1000))).isZero();
    }

    @Test
    void theSizeMayBeAPartOfThePrompt() {
        AttentionStrategy strategy = Contexts.create(WINDOW, "window:size=10%,sinks=0");
        assertThat(strategy.spec()).hasToString("window:size=10%,sinks=0");
        assertThat(strategy.window(0, 0, new Request(1000))).isEqualTo(100);
        assertThat(strategy.window(0, 0, new Request(1))).isEqualTo(1);
    }

    @Test
    void whatIsKeptIsExact() {
        AttentionStrategy fast = Contexts.create(WINDOW, "window");
        assertThat(fast.keys(0, 0)).isEqualTo(new Encoding.Exact(Store.BF16));
        AttentionStrategy full =
                WINDOW.create(AttentionSpec.parse("window"), Contexts.unknown(Precision.F32));
        assertThat(full.values(0, 0)).isEqualTo(new Encoding.Exact(Store.F32));
    }

    @ParameterizedTest
    @ValueSource(strings = {"size=0", "size=wide", "sinks=-1", "window=256"})
    void aWrongSettingIsRefused(String setting) {
        assertThatThrownBy(() -> Contexts.create(WINDOW, "window:" + setting))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining(setting.substring(0, setting.indexOf('=')));
    }

    @Test
    void aWrongKeyListsTheRightOnes() {
        assertThatThrownBy(() -> Contexts.create(WINDOW, "window:window=256"))
                .hasMessageContaining("'window'")
                .hasMessageContaining("size, sinks");
    }
}
