package io.github.deltallm.backend.reference;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvStream;

import java.util.List;

/** Fills caches from streams and checks that they fit together and hold what will be needed. */
final class CacheRestore {
    private final HeadShape heads;
    private final KvStream.Source source;

    CacheRestore(HeadShape heads, KvStream.Source source) {
        this.heads = heads;
        this.source = source;
    }

    void into(ReferenceCache cache) {
        int length = source.stream(0, 0, KvStream.Kind.KEYS).length();
        if (length > cache.capacity()) {
            throw new ContextOverflowException(
                    "the restored sequence has "
                            + length
                            + " positions, more than the capacity "
                            + cache.capacity());
        }
        for (int layer = 0; layer < heads.layers(); layer++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                for (KvStream.Kind kind : KvStream.Kind.values()) {
                    check(new RowName(layer, head, kind), source.stream(layer, head, kind), length);
                }
            }
        }
        cache.restore(length, source);
        List<RowName> missing = cache.missing(length);
        if (!missing.isEmpty()) {
            throw new InvalidOptionException(
                    "the restored state lacks rows that "
                            + cache.strategy().spec()
                            + " needs among the "
                            + missing.getFirst()
                            + "; restore it with the attention that it was saved with");
        }
    }

    private void check(RowName name, KvStream stream, int length) {
        int dim = heads.headDim();
        boolean fits = stream.length() == length;
        int end = 0;
        for (KvStream.Rows rows : stream.exact()) {
            fits &= rows.from() >= end && rows.values().length % dim == 0;
            end = rows.from() + rows.values().length / dim;
        }
        KvStream.DeltaRows delta = stream.delta();
        if (delta.count() > 0) {
            fits &= delta.count() <= length;
            fits &= delta.steps().length == 0 || delta.steps().length == dim;
            fits &= delta.changed().length * (long) Long.SIZE >= (long) delta.count() * dim;
            long bits = 0;
            for (long word : delta.changed()) {
                bits += Long.bitCount(word);
            }
            fits &= bits == delta.events().length;
        }
        if (!fits || end > length) {
            throw new InvalidOptionException(
                    "the restored "
                            + name
                            + " contradict a sequence of "
                            + length
                            + " positions of "
                            + dim
                            + " channels; the saved state is damaged or of another model");
        }
    }
}
