package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.UnsupportedModelException;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Elements of each device buffer, rounded up, so that programs of about one size fit the same
 * compiled kernels.
 *
 * @param slabs bytes of each slab of weights
 */
record BufferSizes(
        int control,
        int ops,
        int step,
        int places,
        int floats,
        int angles,
        int values,
        int pool,
        int words,
        int scores,
        int counts,
        int logits,
        int codes,
        List<Integer> slabs) {
    /** Floats that are moved at a time. */
    static final int STAGE = 1 << 16;

    /** Graphs that a small program has, and those of them that move data. */
    private static final int GRAPHS = 17;

    private static final int STAGES = 6;

    /** Of what stays on the device: small programs all have the same sizes. */
    private static final int LARGE = 1 << 18;

    /** Of what is sent in every step, or brought back. */
    private static final int SMALL = 1 << 14;

    private static final int DOUBLING = 1 << 22;

    /** Of one buffer; a few less than an index has. */
    private static final int MOST = Integer.MAX_VALUE - 64;

    BufferSizes {
        slabs = List.copyOf(slabs);
    }

    /** For a buffer that is transferred in every step. */
    static int transferred(long elements, String what) {
        return rounded(SMALL, elements, what);
    }

    /** For a buffer that stays on the device. */
    static int resident(long elements, String what) {
        return rounded(LARGE, elements, what);
    }

    /**
     * An array of keys and values.
     *
     * @param elements that it has at least
     * @param wanted that it has if an index reaches so far
     */
    static int pool(long elements, long wanted) {
        long rounded = (Math.max(elements, wanted) + LARGE - 1) / LARGE * LARGE;
        return fitting(Math.max(elements, Math.min(rounded, MOST)), elements, "keys and values");
    }

    /** The next power of two, from 4 Mi elements on the next multiple of that. */
    private static int rounded(int least, long elements, String what) {
        long rounded = Math.max(least, Long.highestOneBit(Math.max(1, elements - 1)) * 2);
        if (rounded > DOUBLING) {
            rounded = (elements + DOUBLING - 1) / DOUBLING * DOUBLING;
        }
        return fitting(rounded, elements, what);
    }

    private static int fitting(long rounded, long elements, String what) {
        if (rounded > MOST) {
            throw new UnsupportedModelException(
                    "the backend tornado can't keep "
                            + elements
                            + " elements of "
                            + what
                            + " in one buffer, whose indices are 32-bit numbers; use a smaller"
                            + " context or chunk, or another backend");
        }
        return (int) rounded;
    }

    /**
     * Sizes that are enough.
     *
     * @param leftFloats of keys and values, which nobody has taken
     * @param leftWords the same
     * @param times how much larger at least what is too small becomes, if an index reaches so far
     */
    BufferSizes with(Needs needs, long leftFloats, long leftWords, int times) {
        return new BufferSizes(
                control,
                ops,
                needs.step() <= step ? step : transferred(times * needs.step(), "a step's tables"),
                needs.places() <= places
                        ? places
                        : transferred(times * needs.places(), "a step's places"),
                floats,
                angles,
                values,
                grown(pool, needs.floats() - leftFloats, times),
                grown(words, needs.words() - leftWords, times),
                needs.scores() <= scores ? scores : resident(needs.scores(), "scores"),
                counts,
                logits,
                codes,
                slabs);
    }

    private static int grown(int now, long more, int times) {
        return more <= 0 ? now : pool(now + more, (long) times * now);
    }

    /**
     * A buffer.
     *
     * @param name for messages
     */
    record Buffer(String name, BufferUse use, long bytes) {}

    /** All buffers. */
    List<Buffer> buffers() {
        List<Buffer> all = new ArrayList<>();
        for (int bytes : slabs) {
            all.add(new Buffer("weights", BufferUse.WEIGHTS, bytes));
        }
        add(all, "weights in f32", BufferUse.WEIGHTS, floats);
        add(all, "activations", BufferUse.ACTIVATIONS, values);
        add(all, "scores", BufferUse.ACTIVATIONS, scores);
        add(all, "rounded activations", BufferUse.ACTIVATIONS, codes);
        add(all, "logits", BufferUse.ACTIVATIONS, logits);
        add(all, "keys and values as floats", BufferUse.CACHE, pool);
        add(all, "keys and values as words", BufferUse.CACHE, words);
        add(all, "operations", BufferUse.TABLES, ops);
        add(all, "a step's tables", BufferUse.TABLES, step);
        add(all, "a step's places", BufferUse.TABLES, places);
        add(all, "rotary angles", BufferUse.TABLES, angles);
        add(all, "counts", BufferUse.TABLES, counts);
        // Each graph has its own of these.
        for (int i = 0; i < GRAPHS; i++) {
            add(all, "control", BufferUse.TABLES, control);
        }
        for (int i = 0; i < STAGES; i++) {
            add(all, "a stage", BufferUse.TABLES, STAGE);
        }
        return all;
    }

    private static void add(List<Buffer> all, String name, BufferUse use, int elements) {
        all.add(new Buffer(name, use, 4L * elements));
    }

    /** Bytes on the device, and as many again on the host. */
    long bytes() {
        return buffers().stream().mapToLong(Buffer::bytes).sum();
    }

    /** What all is for. */
    String breakdown() {
        Map<BufferUse, Long> bytes = new EnumMap<>(BufferUse.class);
        buffers().forEach(buffer -> bytes.merge(buffer.use(), buffer.bytes(), Long::sum));
        return MemoryBudget.breakdown(bytes);
    }
}
