package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.KvSequence;

/**
 * The three runs that one query sees: {@code [0, middle)} exactly, {@code [middle, recent)} as
 * encoded or not at all, {@code [recent, length)} exactly.
 */
record VisibleRuns(int middle, int recent, int length, boolean dropped) {
    /** What the query at a position sees. */
    static VisibleRuns of(KvSequence sequence, HeadAttention head, int position) {
        int from = sequence.exactFrom(head.layer(), head.kvHead(), position);
        return new VisibleRuns(
                Math.min(head.sinks(), from), from, position + 1, head.dropsMiddle());
    }
}
