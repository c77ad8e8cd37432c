package io.github.deltallm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.DeltaBreakEven;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Optional;

class AutoAttentionTest {
    private static final AttentionStrategy DENSE = CountedCache.named("dense");
    private static final int BYTES_A_TOKEN = 1000;

    @Test
    void isAskedForByItsNameAndHasNoSettings() {
        assertThat(AutoAttention.isAskedFor(AttentionSpec.parse("auto"))).isTrue();
        assertThat(AutoAttention.isAskedFor(AttentionSpec.parse("delta:theta=1"))).isFalse();
        assertThatThrownBy(() -> AutoAttention.isAskedFor(AttentionSpec.parse("auto:theta=1")))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("theta");
    }

    @Test
    void aPromptIsDueFromTheBreakEvenOn() {
        AutoAttention auto = auto(100, DeltaBreakEven.NO_SIZE);
        assertThat(auto.due(cache(0), 99)).isFalse();
        assertThat(auto.due(cache(0), 100)).isTrue();
    }

    @Test
    void aDeclaredPromptCountsAsAWholeWhateverItsChunks() {
        AutoAttention auto = auto(100, DeltaBreakEven.NO_SIZE);
        CountedCache declared = cache(0);
        declared.declare(100);
        assertThat(auto.due(declared, 8)).isTrue();
    }

    @Test
    void onlyTokensThatAreToBeComputedCount() {
        AutoAttention auto = auto(100, DeltaBreakEven.NO_SIZE);
        CountedCache later = cache(500);
        later.declare(599);
        assertThat(auto.due(later, 1)).isFalse();
        later.declare(600);
        assertThat(auto.due(later, 1)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 32, 33, 1000, 5000})
    void aCacheIsDueSoonAfterItHasOutgrownTheSize(int tokens) {
        AutoAttention auto = auto(DeltaBreakEven.NO_PROMPT, (long) tokens * BYTES_A_TOKEN);
        CountedCache cache = cache(0);
        while (!auto.due(cache, 1)) {
            cache.grow(1);
        }
        assertThat(cache.length() + CountedCache.PAGE).isGreaterThan(tokens);
        assertThat(cache.length()).isLessThanOrEqualTo(tokens + 2 * CountedCache.PAGE);
    }

    @Test
    void bytesAreLookedAtAFewTimesOnly() {
        int tokens = 100_000;
        AutoAttention auto = auto(DeltaBreakEven.NO_PROMPT, (long) tokens * BYTES_A_TOKEN);
        CountedCache cache = cache(0);
        while (!auto.due(cache, 1)) {
            cache.grow(1);
        }
        assertThat(cache.measured()).isLessThan(30);
    }

    @Test
    void whereDeltaNeverPaysNothingIsLookedAt() {
        AutoAttention auto =
                new AutoAttention(DENSE, () -> CountedCache.named("delta"), DeltaBreakEven.NEVER);
        CountedCache cache = cache(1 << 20);
        assertThat(auto.due(cache, Integer.MAX_VALUE)).isFalse();
        auto.restart();
        assertThat(auto.due(cache, Integer.MAX_VALUE)).isFalse();
        assertThat(cache.measured()).isZero();
    }

    @Test
    void whatIsSettledStaysUntilTheRestart() {
        AutoAttention auto = auto(100, 0);
        auto.settle(Optional.of("because"));
        assertThat(auto.due(cache(50), 200)).isFalse();
        assertThat(auto.fork().due(cache(50), 200)).isFalse();
        assertThat(auto.fork().note()).contains("because");
        auto.restart();
        assertThat(auto.due(cache(50), 1)).isTrue();
        assertThat(auto.note()).isEmpty();
    }

    private static AutoAttention auto(int prompt, long bytes) {
        return new AutoAttention(
                DENSE, () -> CountedCache.named("delta"), new DeltaBreakEven(prompt, bytes));
    }

    private static CountedCache cache(int length) {
        return new CountedCache(DENSE, length, BYTES_A_TOKEN);
    }
}
