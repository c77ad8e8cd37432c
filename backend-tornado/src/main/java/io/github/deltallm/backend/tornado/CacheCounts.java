package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvCounts;
import io.github.deltallm.api.spi.KvCounts.Field;
import io.github.deltallm.api.spi.KvStream;

/** Counts what attention computes for a query of one head. */
final class CacheCounts {
    private final KvCounts counts;

    /** Query heads of a KV head, and channels. */
    private final int group;

    private final int dim;

    CacheCounts(KvCounts counts, int group, int dim) {
        this.counts = counts;
        this.group = group;
        this.dim = dim;
    }

    void attended(Stage stage, VisibleRuns runs, CacheStream keys, CacheStream values) {
        int layer = keys.head.layer();
        long dense = (long) runs.length() * dim * group;
        counts.add(layer, stage, KvStream.Kind.KEYS, Field.MACS, dense);
        counts.add(layer, stage, KvStream.Kind.VALUES, Field.MACS, dense);
        counts.add(layer, stage, KvStream.Kind.KEYS, Field.COST, cost(runs, keys) * group);
        counts.add(layer, stage, KvStream.Kind.VALUES, Field.COST, cost(runs, values) * group);
        counts.execute(layer, stage, (executed(runs, keys) + seen(runs) * dim) * group);
    }

    private static long seen(VisibleRuns runs) {
        return runs.dropped() ? runs.length() - (runs.recent() - runs.middle()) : runs.length();
    }

    private static boolean encoded(VisibleRuns runs, CacheStream stream) {
        return runs.length() - 1 >= stream.encodedFor();
    }

    private long cost(VisibleRuns runs, CacheStream stream) {
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
    private long executed(VisibleRuns runs, CacheStream stream) {
        int middle = runs.recent() - runs.middle();
        if (runs.dropped() || middle == 0 || !encoded(runs, stream) || !stream.delta()) {
            return cost(runs, stream);
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
