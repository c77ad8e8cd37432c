package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvStream;

import java.util.Arrays;

/** What attention computed, by layer and stage. */
final class CacheCounts {
    private final AttentionCounts[] counts;

    CacheCounts(int layers) {
        counts = new AttentionCounts[2 * layers];
        Arrays.fill(counts, AttentionCounts.ZERO);
    }

    CacheCounts(CacheCounts other) {
        counts = other.counts.clone();
    }

    AttentionCounts of(int layer, Stage stage) {
        return counts[index(layer, stage)];
    }

    private static int index(int layer, Stage stage) {
        return 2 * layer + (stage == Stage.PREFILL ? 0 : 1);
    }

    private void add(int layer, Stage stage, AttentionCounts more) {
        counts[index(layer, stage)] = of(layer, stage).plus(more);
    }

    /** A row of a delta matrix. */
    void encoded(RowName name, Stage stage, int elements, int unchanged) {
        add(
                name.layer(),
                stage,
                name.kind() == KvStream.Kind.KEYS
                        ? new AttentionCounts(elements, unchanged, 0, 0, 0, 0, 0, 0, 0)
                        : new AttentionCounts(0, 0, 0, 0, elements, unchanged, 0, 0, 0));
    }

    /**
     * A query of {@code group} heads.
     *
     * @param dim channels of a head
     */
    void attended(
            int layer,
            Stage stage,
            VisibleRuns runs,
            CacheStream keys,
            CacheStream values,
            int group,
            int dim) {
        long dense = (long) runs.length() * dim * group;
        long keyCost = cost(runs, keys, dim) * group;
        long valueCost = cost(runs, values, dim) * group;
        long executed = executed(runs, keys, dim) * group + seen(runs) * dim * group;
        add(
                layer,
                stage,
                new AttentionCounts(0, 0, dense, keyCost, 0, 0, dense, valueCost, executed));
    }

    private static long seen(VisibleRuns runs) {
        return runs.dropped() ? runs.length() - (runs.recent() - runs.middle()) : runs.length();
    }

    private static boolean encoded(VisibleRuns runs, CacheStream stream) {
        return runs.length() - 1 >= stream.encodedFor();
    }

    private static long cost(VisibleRuns runs, CacheStream stream, int dim) {
        int middle = runs.recent() - runs.middle();
        if (runs.dropped() || middle == 0 || !encoded(runs, stream)) {
            return seen(runs) * dim;
        }
        long exact = (long) (runs.length() - middle) * dim;
        return stream.delta()
                ? exact + dim + stream.channels(runs.middle() + 1, runs.recent())
                : exact + stream.channels(runs.middle(), runs.recent());
    }

    /** As {@link #cost}, but sums begin at references: of packed blocks, and of each open one. */
    private static long executed(VisibleRuns runs, CacheStream stream, int dim) {
        int middle = runs.recent() - runs.middle();
        if (runs.dropped() || middle == 0 || !encoded(runs, stream) || !stream.delta()) {
            return cost(runs, stream, dim);
        }
        int packed = stream.blocks.packed() * Places.BLOCK;
        int apart = runs.middle() < packed ? Places.ANCHORED * Places.BLOCK : Places.BLOCK;
        int first = runs.middle() / apart * apart;
        int references =
                Math.ceilDiv(Math.max(0, Math.min(packed, runs.recent()) - first), apart)
                        + Math.ceilDiv(
                                Math.max(0, runs.recent() - Math.max(packed, first)), Places.BLOCK);
        return (long) (runs.length() - middle) * dim
                + (long) references * dim
                + stream.channels(first, runs.recent());
    }
}
