package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.backend.tornado.BlockReader.Block;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * One stream on the host, as it lies on the device, so that a restored sequence is rounded, encoded
 * and packed by the very code that does it there, run as the plain Java it is.
 */
final class SequenceImage {
    private static final int RULE_ROWS = 2;

    /** Where the lists of places begin. */
    private static final int LISTS = Places.HEADER + Places.STRIDE;

    private final CacheStream stream;
    private final StreamFormat format;
    private final int dim;
    private final int firstOpen;
    private final int firstPacked;
    private final int packedWords;
    private final IntArray step;
    private final IntArray places;
    private final IntArray ops = new IntArray(OpTable.STRIDE_OPS);
    private final IntArray control = new IntArray(Control.LIST + PackKernels.STRIDE);
    private final FloatArray pool;
    private final IntArray words;
    private final FloatArray floats = new FloatArray(FloatTables.SIZE);

    SequenceImage(CacheStream stream, int length) {
        this.stream = stream;
        format = stream.blocks.format;
        dim = format.dim();
        int blocks = Math.ceilDiv(length, Places.BLOCK);
        int firstExact = RULE_ROWS * dim;
        firstOpen = firstExact + blocks * format.exactFloats();
        int open = stream.delta() ? length / Places.BLOCK + 1 : 0;
        firstPacked = firstOpen + open * format.openFloats();
        packedWords = blocks * format.exactWords();
        int most = Places.BLOCK * dim;
        pool = new FloatArray(firstPacked + dim + most);
        words = new IntArray(packedWords + format.packedWords(most));
        step = new IntArray(StepTable.HEADER + StepTable.STREAM_STRIDE);
        step.set(StepTable.DIM, dim);
        step.set(StepTable.STREAMS, 1);
        step.set(StepTable.STREAM_TABLE, StepTable.HEADER);
        StepTables.stream(step, StepTable.HEADER, stream, -1, 0);
        places = new IntArray(LISTS + 2 * (blocks + open));
        places.set(Places.HEADER + Places.EXACT, LISTS);
        places.set(Places.HEADER + Places.EVENTS, LISTS + 2 * blocks);
        for (int block = 0; block < blocks; block++) {
            int at = LISTS + 2 * block;
            places.set(at, firstExact + block * format.exactFloats());
            places.set(at + 1, block * format.exactWords());
        }
        for (int block = 0; block < open; block++) {
            int at = LISTS + 2 * (blocks + block);
            places.set(at, firstOpen + block * format.openFloats());
        }
        FloatTables.fill(floats);
    }

    /** Puts exact rows from a position on, rounded to the stream's store. */
    void put(int position, float[] rows) {
        FloatArray from = new FloatArray(Math.max(1, rows.length));
        for (int i = 0; i < rows.length; i++) {
            from.set(i, rows[i]);
        }
        for (int row = 0; row < rows.length / dim; row++) {
            int at = position + row;
            Stores.put(step, places, floats, from, pool, words, 0, 0, at, row * dim);
            Stores.putSize(step, places, floats, from, pool, 0, 0, at, row * dim);
            Stores.putSteps(step, places, from, pool, words, 0, 0, at, row * dim);
        }
    }

    /** A channel of a row as its store rounded it. */
    float exact(int position, int channel) {
        return Stores.get(step, places, floats, pool, words, 0, 0, position, channel);
    }

    /** The first rows, for what is fixed from them. */
    float[] firstRows() {
        float[] rows = new float[Encoding.Delta.FIRST_ROWS * dim];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = exact(i / dim, i % dim);
        }
        return rows;
    }

    /** Index of the first channel of the events of a position. */
    private int events(int position) {
        return Places.open(step, places, 0, 0, position) + (1 + position % Places.BLOCK) * dim;
    }

    /** Puts an encoded row that a state brought, and the reference where the next block begins. */
    void putEvents(int position, float[] events, float[] behind) {
        int to = events(position);
        for (int c = 0; c < dim; c++) {
            pool.set(to + c, events[c]);
            putReference(position, c, behind[c]);
        }
    }

    private void putReference(int position, int channel, float reference) {
        if (position % Places.BLOCK == Places.BLOCK - 1) {
            pool.set(Places.open(step, places, 0, 0, position + 1) + channel, reference);
        }
    }

    /** Encodes the rows {@code [from, end)}, which are all held exactly. */
    void encode(int from, int end) {
        float[] rule = stream.rule();
        for (int c = 0; c < dim; c++) {
            float reference = Places.reference(step, places, pool, 0, 0, from, c);
            for (int position = from; position < end; position++) {
                float input = exact(position, c);
                float change = input - reference;
                float event = Float.NaN;
                if (position == 0 || EncodeKernels.changed(change, rule[c], rule[dim + c]) == 1) {
                    event = position == 0 ? input : event(change, rule[dim + c]);
                    reference += event;
                    event = Float.isFinite(reference) ? event : Float.POSITIVE_INFINITY;
                }
                pool.set(events(position) + c, event);
                putReference(position, c, reference);
            }
        }
    }

    private float event(float change, float size) {
        return switch (stream.events()) {
            case F32 -> change;
            case BF16 -> Floats.bf16(change, floats);
            case INT8 -> EncodeKernels.stepped(change, size);
        };
    }

    /**
     * Channels of a row that are transmitted, or for pruned rows kept.
     *
     * @throws DeltaLlmException if the row can't be encoded
     */
    int channels(int position) {
        boolean pruned = stream.pruned();
        int count = 0;
        for (int c = 0; c < dim; c++) {
            float value = pruned ? exact(position, c) : pool.get(events(position) + c);
            if (pruned ? Math.abs(value) > stream.threshold(c) : !Float.isNaN(value)) {
                count++;
                if (!Float.isFinite(value)) {
                    throw stream.refused(position, c, value);
                }
            }
        }
        return count;
    }

    /** Refuses a row that no encoder can follow. */
    void requireFinite(int position) {
        for (int c = 0; c < dim; c++) {
            float value = exact(position, c);
            if (!Float.isFinite(value)) {
                throw stream.refused(position, c, value);
            }
        }
    }

    /** A block of exact rows as it goes to the device. */
    Block exactBlock(int block) {
        int at = LISTS + 2 * block;
        return new Block(
                floats(places.get(at), format.exactFloats()),
                words(places.get(at + 1), format.exactWords()));
    }

    /** An open block. */
    Block openBlock(int block) {
        return new Block(
                floats(firstOpen + block * format.openFloats(), format.openFloats()), new int[0]);
    }

    /**
     * A block, packed.
     *
     * @param count its events, without those of the first row of all
     */
    Block packedBlock(int block, int count) {
        float[] rule = stream.rule();
        for (int i = 0; i < rule.length; i++) {
            pool.set(i, rule[i]);
        }
        control.set(Control.CHUNKS, 1);
        int source = firstOpen + block * format.openFloats();
        Packing.list(control, 0, source, firstPacked, packedWords, 0, format, block);
        PackKernels.pack(new KernelContext(), control, ops, step, floats, pool, words);
        return new Block(
                floats(firstPacked, format.packedFloats(block, count)),
                words(packedWords, format.packedWords(count)));
    }

    private float[] floats(int at, int count) {
        float[] copy = new float[count];
        for (int i = 0; i < count; i++) {
            copy[i] = pool.get(at + i);
        }
        return copy;
    }

    private int[] words(int at, int count) {
        int[] copy = new int[count];
        for (int i = 0; i < count; i++) {
            copy[i] = words.get(at + i);
        }
        return copy;
    }
}
