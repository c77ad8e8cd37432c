package io.github.deltallm.backend.reference;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.KvStream;

/** {@link AttentionCounts} as they grow. */
final class Tally {
    private AttentionCounts counts;

    Tally(AttentionCounts past) {
        counts = past;
    }

    AttentionCounts counts() {
        return counts;
    }

    void add(AttentionCounts more) {
        counts = counts.plus(more);
    }

    /** Adds a row of a delta matrix. */
    void encoded(KvStream.Kind kind, int elements, int unchanged) {
        add(
                kind == KvStream.Kind.KEYS
                        ? new AttentionCounts(elements, unchanged, 0, 0, 0, 0, 0, 0, 0)
                        : new AttentionCounts(0, 0, 0, 0, elements, unchanged, 0, 0, 0));
    }
}
