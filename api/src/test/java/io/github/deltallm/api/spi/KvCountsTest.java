package io.github.deltallm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Test;

class KvCountsTest {
    private final KvCounts counts = new KvCounts(new HeadShape(2, 1, 1, 4));

    private void countAll() {
        counts.encoded(1, Stage.PREFILL, Kind.KEYS, 10, 3);
        counts.add(1, Stage.PREFILL, Kind.KEYS, KvCounts.Field.MACS, 3);
        counts.add(1, Stage.PREFILL, Kind.KEYS, KvCounts.Field.COST, 4);
        counts.encoded(1, Stage.PREFILL, Kind.VALUES, 5, 4);
        counts.add(1, Stage.PREFILL, Kind.VALUES, KvCounts.Field.MACS, 7);
        counts.add(1, Stage.PREFILL, Kind.VALUES, KvCounts.Field.COST, 8);
        counts.execute(1, Stage.PREFILL, 9);
    }

    @Test
    void everyCountHasItsPlace() {
        countAll();
        counts.commit();
        assertThat(counts.of(1, Stage.PREFILL))
                .isEqualTo(new AttentionCounts(10, 7, 3, 4, 5, 1, 7, 8, 9));
        assertThat(counts.of(1, Stage.DECODE)).isEqualTo(AttentionCounts.ZERO);
        assertThat(counts.of(0, Stage.PREFILL)).isEqualTo(AttentionCounts.ZERO);
    }

    @Test
    void runCountsWhenItIsCommitted() {
        counts.execute(0, Stage.DECODE, 5);
        assertThat(counts.of(0, Stage.DECODE).executedMacs()).isZero();
        counts.rollback();
        counts.execute(0, Stage.DECODE, 2);
        counts.commit();
        counts.commit();
        assertThat(counts.of(0, Stage.DECODE).executedMacs()).isEqualTo(2);
    }

    @Test
    void copyCountsOnByItself() {
        countAll();
        counts.commit();
        KvCounts copy = counts.copy();
        copy.execute(1, Stage.PREFILL, 1);
        copy.commit();
        assertThat(copy.of(1, Stage.PREFILL).executedMacs()).isEqualTo(10);
        assertThat(counts.of(1, Stage.PREFILL).executedMacs()).isEqualTo(9);
    }

    @Test
    void layerThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> counts.of(2, Stage.DECODE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no layer 2");
    }
}
