package io.github.deltallm.attention.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.AttentionStrategy.Request;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.api.Test;

class PruneAttentionProviderTest {
    private static final PruneAttentionProvider PRUNE = new PruneAttentionProvider();

    @Test
    void smallChannelsOfKeysArePruned() {
        AttentionStrategy strategy = Contexts.create(PRUNE, "prune:theta=0.5,sinks=2");
        assertThat(strategy.spec())
                .hasToString("prune:theta=0.5,mode=sliding,window=5%,min-window=32,sinks=2");
        assertThat(strategy.keys(1, 0)).isEqualTo(new Encoding.Pruned(0.5f, Store.BF16));
        assertThat(strategy.values(1, 0)).isEqualTo(new Encoding.Exact(Store.BF16));
        assertThat(strategy.dropsMiddle(1, 0)).isFalse();
        assertThat(strategy.sinks(1, 0)).isEqualTo(2);
    }

    @Test
    void theWindowIsThatOfDelta() {
        AttentionStrategy strategy = Contexts.create(PRUNE, "prune:mode=blocks");
        assertThat(strategy.window(0, 0, new Request(1024))).isEqualTo(51);
        assertThat(strategy.exactFrom(0, 0, 1000, new Request(1024))).isEqualTo(969);
    }

    @Test
    void aWrongKeyListsTheRightOnes() {
        assertThatThrownBy(() -> Contexts.create(PRUNE, "prune:values=1"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("'values'")
                .hasMessageContaining("theta, mode, window, min-window, sinks");
    }
}
