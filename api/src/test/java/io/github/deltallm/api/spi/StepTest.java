package io.github.deltallm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.lang.reflect.Proxy;

class StepTest {
    @Test
    void spansFollowOneAnother() {
        KvCache first = cache();
        KvCache second = cache();
        Step step = new Step();
        step.add(first, new int[] {9, 8, 7}, 1, 2, Step.Logits.NONE);
        step.add(second, new int[] {5}, 0, 1, Step.Logits.LAST);
        assertThat(step.rows()).isEqualTo(3);
        assertThat(step.spans()).isEqualTo(2);
        assertThat(step.token(0)).isEqualTo(8);
        assertThat(step.token(2)).isEqualTo(5);
        assertThat(step.firstRow(1)).isEqualTo(2);
        assertThat(step.firstRow(2)).isEqualTo(3);
        assertThat(step.rows(0)).isEqualTo(2);
        assertThat(step.cache(1)).isSameAs(second);
        assertThat(step.logits(1)).isEqualTo(Step.Logits.LAST);
        assertThat(step.clear().rows()).isZero();
    }

    @Test
    void aStepGrowsAsNeeded() {
        Step step = new Step();
        int[] tokens = new int[1_000];
        for (int span = 0; span < 5; span++) {
            step.add(cache(), tokens, 0, 1_000, Step.Logits.ALL);
        }
        assertThat(step.rows()).isEqualTo(5_000);
        assertThat(step.firstRow(4)).isEqualTo(4_000);
    }

    @Test
    void aSequenceOccursOnlyOnceAndSpansAreNotEmpty() {
        KvCache cache = cache();
        Step step = new Step().add(cache, new int[] {1}, 0, 1, Step.Logits.NONE);
        assertThatThrownBy(() -> step.add(cache, new int[] {1}, 0, 1, Step.Logits.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> step.add(cache(), new int[] {1}, 0, 0, Step.Logits.NONE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static KvCache cache() {
        return (KvCache)
                Proxy.newProxyInstance(
                        StepTest.class.getClassLoader(),
                        new Class<?>[] {KvCache.class},
                        (proxy, method, arguments) -> null);
    }
}
