package io.github.deltallm.backend.reference;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStreamCheck;

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
        if (length < 0) {
            throw new InvalidOptionException(
                    "the restored sequence has " + length + " positions; the state is damaged");
        }
        if (length > cache.capacity()) {
            throw new ContextOverflowException(
                    "the restored sequence has "
                            + length
                            + " positions, more than the capacity "
                            + cache.capacity());
        }
        for (RowName name : cache.rowNames()) {
            KvStream stream = source.stream(name.layer(), name.kvHead(), name.kind());
            new KvStreamCheck(name.toString(), heads.headDim(), cache.encoding(name), stream)
                    .check(length);
        }
        List<RowName> missing = filled(cache, length);
        if (!missing.isEmpty()) {
            throw new InvalidOptionException(
                    "the restored state lacks rows that "
                            + cache.strategy().spec()
                            + " needs among the "
                            + missing.getFirst()
                            + "; restore it with the attention that it was saved with");
        }
    }

    /** Rows that are held exactly may be too large to be encoded. */
    private List<RowName> filled(ReferenceCache cache, int length) {
        try {
            return cache.restore(length, source);
        } catch (DeltaLlmException e) {
            throw new InvalidOptionException(
                    "the restored state can't be kept as "
                            + cache.strategy().spec()
                            + " does: "
                            + e.getMessage(),
                    e);
        }
    }
}
