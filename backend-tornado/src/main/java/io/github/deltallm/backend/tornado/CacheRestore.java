package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.FirstRows;
import io.github.deltallm.api.spi.KvRestore;
import io.github.deltallm.api.spi.KvStream;
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
    private final KvRestore source;
    private final TornadoCache cache;
    private final TornadoExecutable executable;
    private final DeviceMemory memory;
    private final int dim;

    CacheRestore(
            KvStream.Source source,
            TornadoCache cache,
            TornadoExecutable executable,
            DeviceMemory memory) {
        this.source = new KvRestore(cache.sequence(), source);
        this.cache = cache;
        this.executable = executable;
        this.memory = memory;
        dim = cache.sequence().shape().headDim();
    }

    /** Reads the source, which may be another cache, under no lock. */
    void restore() {
        int length = source.length();
        cache.sequence().restore(length);
        for (CacheStream stream : cache.streams()) {
            KvRestore.Rows rows = source.rows(stream.head, stream.kind);
            executable.exclusively(() -> fill(stream, rows.stream(), length));
            cache.sequence().restored(stream.head.layer(), stream.head.kvHead(), rows.gone());
        }
        executable.exclusively(cache::sendRules);
        if (!cache.holdsAllFor(length)) {
            throw source.lacking();
        }
        cache.counts().commit();
    }

    private void fill(CacheStream stream, KvStream saved, int length) {
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
        stream.plan(length, stream.head.window(cache.sequence().widestRequest()));
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
                cache.counts()
                        .encoded(
                                stream.head.layer(),
                                cache.sequence().stage(row),
                                stream.kind,
                                dim,
                                count);
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
