package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStreamCheck;
import io.github.deltallm.backend.tornado.BlockReader.Block;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Fills an empty cache from streams. What is to be encoded is encoded on the host, by the code of
 * the kernels, and sent to the device as it is.
 */
final class CacheRestore {
    private final KvStream.Source source;
    private final TornadoCache cache;
    private final DeviceMemory memory;
    private final int dim;

    CacheRestore(KvStream.Source source, TornadoCache cache, DeviceMemory memory, int dim) {
        this.source = source;
        this.cache = cache;
        this.memory = memory;
        this.dim = dim;
    }

    void restore() {
        AttentionStrategy strategy = cache.strategy();
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
        for (CacheStream stream : cache.streams()) {
            new KvStreamCheck(stream.name.toString(), dim, stream.encoding, stream(stream))
                    .check(length);
        }
        cache.restored(length);
        List<RowName> missing = new ArrayList<>();
        for (CacheStream stream : cache.streams()) {
            fill(stream, length);
            RowName name = stream.name;
            if (!cache.windows().restore(name.layer(), name.kvHead(), stream.heldFrom(), length)) {
                missing.add(name);
            }
        }
        cache.sendRules();
        missing.addAll(cache.missing(length));
        if (!missing.isEmpty()) {
            throw new InvalidOptionException(
                    "the restored state lacks rows that "
                            + strategy.spec()
                            + " needs among the "
                            + missing.getFirst()
                            + "; restore it with the attention that it was saved with");
        }
    }

    private KvStream stream(CacheStream stream) {
        return source.stream(stream.name.layer(), stream.name.kvHead(), stream.name.kind());
    }

    private void fill(CacheStream stream, int length) {
        KvStream saved = stream(stream);
        SequenceImage image = new SequenceImage(stream, length);
        BitSet held = new BitSet();
        for (KvStream.Rows rows : saved.exact()) {
            image.put(rows.from(), rows.values());
            held.set(rows.from(), rows.from() + rows.values().length / dim);
        }
        stream.restore(length, held, saved.delta().count());
        try {
            encode(stream, image, saved);
        } catch (InvalidOptionException e) {
            throw e;
        } catch (DeltaLlmException e) {
            throw new InvalidOptionException(
                    "the restored state can't be kept as "
                            + cache.strategy().spec()
                            + " does: "
                            + e.getMessage(),
                    e);
        }
        AttentionStrategy.Request request = cache.windows().widestRequest();
        int window = cache.strategy().window(stream.name.layer(), stream.name.kvHead(), request);
        stream.plan(length, window);
        send(stream, image, length);
        stream.commit();
    }

    /** Sends what is needed to the device, packed. */
    private void send(CacheStream stream, SequenceImage image, int length) {
        List<Extent> extents = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        for (int block = 0; block * Places.BLOCK < length; block++) {
            if (stream.holdsAny(block)) {
                Extent extent = take(image.exactBlock(block), extents, blocks);
                stream.blocks.restoreExact(block, extent);
            }
        }
        int packed = stream.encoded() / Places.BLOCK;
        for (int block = 0; stream.encoded() > 0 && block <= packed; block++) {
            int first = block * Places.BLOCK;
            int count =
                    block == packed
                            ? 0
                            : (int) stream.channels(first, first + Places.BLOCK)
                                    - (block == 0 ? dim : 0);
            Block one = block == packed ? image.openBlock(block) : image.packedBlock(block, count);
            stream.blocks.restoreEvents(block, take(one, extents, blocks));
        }
        memory.storeFloats(extents, blocks.stream().map(Block::floats).toList());
        memory.storeWords(extents, blocks.stream().map(Block::words).toList());
    }

    private Extent take(Block block, List<Extent> extents, List<Block> blocks) {
        Extent extent = memory.take(block.floats().length, block.words().length);
        extents.add(extent);
        blocks.add(block);
        return extent;
    }

    private void encode(CacheStream stream, SequenceImage image, KvStream saved) {
        if (stream.exact()) {
            return;
        }
        BitSet held = stream.held();
        held.stream().forEach(image::requireFinite);
        if (stream.pruned()) {
            for (int row = 0; row < stream.length(); row++) {
                stream.recount(row, held.get(row) ? image.channels(row) : 0);
            }
            return;
        }
        events(stream, image, saved.delta());
        int first = Encoding.Delta.FIRST_ROWS;
        if (!stream.fixed() && stream.length() >= first && stream.holds(0, first)) {
            Encoding.Delta encoding = (Encoding.Delta) stream.encoding;
            stream.fix(FirstRows.of(encoding, image.firstRows(), dim));
        }
        int from = stream.encoded();
        int end = Math.min(stream.length(), held.nextClearBit(from));
        if (stream.fixed() && from < end) {
            image.encode(from, end);
            stream.restore(stream.length(), held, end);
        }
        for (int row = 0; row < stream.encoded(); row++) {
            int count = image.channels(row);
            stream.recount(row, count);
            if (row >= from) {
                cache.counts().encoded(stream.name, cache.stage(row), dim, dim - count);
            }
        }
        for (int row = stream.encoded(); row < stream.length(); row++) {
            stream.recount(row, 0);
        }
    }

    private void events(CacheStream stream, SequenceImage image, KvStream.DeltaRows rows) {
        if (rows.count() == 0) {
            return;
        }
        if (((Encoding.Delta) stream.encoding).waits()) {
            stream.fix(new FirstRows(rows.steps().clone(), rows.sigma()));
        }
        BitSet changed = BitSet.valueOf(rows.changed());
        float[] reference = new float[dim];
        float[] events = new float[dim];
        int event = 0;
        for (int row = 0; row < rows.count(); row++) {
            Arrays.fill(events, Float.NaN);
            for (int c = 0; c < dim; c++) {
                if (changed.get(row * dim + c)) {
                    events[c] = rows.events()[event++];
                    reference[c] += events[c];
                }
            }
            image.putEvents(row, events, reference);
        }
    }
}
