package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.HeadShape;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A program's memory on the device: its machine, which is exchanged for a larger one when keys and
 * values or a step's tables outgrow it, and who holds what of it. Used under the executable's lock.
 */
final class DeviceMemory implements AutoCloseable {
    /** Floats and words that the first machine has for keys and values. */
    private static final int FIRST = 1 << 18;

    private final ProgramLayout layout;
    private final TornadoDevice device;
    private final Machines machines;
    private final HeadShape heads;
    private final Heap floats = new Heap();
    private final Heap words = new Heap();
    private Extent lentExact = new Extent(Extent.Area.OWN, 0, 0, 0, 0);
    private Extent lentEvents = new Extent(Extent.Area.OWN, 0, 0, 0, 0);
    private @Nullable Machine machine;

    DeviceMemory(ProgramLayout layout, TornadoDevice device, Machines machines) {
        this.layout = layout;
        this.device = device;
        this.machines = machines;
        heads = layout.program().heads();
        machines.require(device, sizes());
    }

    /** Streams of a sequence. */
    int streams() {
        return 2 * heads.layers() * heads.kvHeads();
    }

    Machine machine() {
        Machine current = machine;
        if (current == null) {
            current = fresh(sizes());
            machine = current;
            floats.grow(current.key().sizes().pool());
            words.grow(current.key().sizes().words());
        }
        return current;
    }

    private BufferSizes sizes() {
        int rows = layout.maxRows();
        int pool = layout.attends() ? FIRST : 1;
        int scores = layout.attends() ? layout.scores() : 1;
        int spans = Math.min(rows, 4);
        return layout.sizes(
                BufferSizes.transferred(stepInts(rows, spans), "a step's tables"),
                BufferSizes.transferred(
                        (long) spans * streams() * (Places.STRIDE + 4L * 8), "a step's places"),
                BufferSizes.resident(pool, "keys and values"),
                BufferSizes.resident(pool, "keys and values"),
                BufferSizes.resident(scores, "scores"));
    }

    /** Ints of the tables of a step. */
    long stepInts(int rows, int spans) {
        return StepTable.HEADER
                + (long) StepTable.ROW_STRIDE * rows
                + (long) StepTable.STREAM_STRIDE * streams() * spans
                + (long) StepTable.RUN_STRIDE * (streams() / 2) * rows;
    }

    private Machine fresh(BufferSizes sizes) {
        Segment logits = layout.logits();
        Machine.Key key =
                new Machine.Key(
                        device,
                        layout.graphs(),
                        layout.attention(),
                        logits == null ? List.of() : logits.tasks(),
                        sizes);
        Machine acquired = machines.acquire(key);
        boolean done = false;
        try {
            layout.fill(acquired.buffers);
            acquired.load();
            done = true;
            return acquired;
        } finally {
            if (!done) {
                machines.discard(acquired);
            }
        }
    }

    /** Makes room for a step's tables and scores. */
    void reserve(long stepInts, long placeInts, long scores) {
        BufferSizes sizes = machine().key().sizes();
        if (stepInts > sizes.step() || placeInts > sizes.places() || scores > sizes.scores()) {
            exchange(
                    sizes.withStep(
                            BufferSizes.transferred(
                                    Math.max(stepInts, sizes.step()), "a step's tables"),
                            BufferSizes.transferred(
                                    Math.max(placeInts, sizes.places()), "a step's places"),
                            BufferSizes.resident(Math.max(scores, sizes.scores()), "scores")));
        }
    }

    /** Makes room for keys and values that are about to be taken, so that it is made once. */
    void expect(long moreFloats, long moreWords) {
        machine();
        if (moreFloats > floats.left() || moreWords > words.left()) {
            grow(Math.max(0, moreFloats - floats.left()), Math.max(0, moreWords - words.left()));
        }
    }

    /** Takes memory that is released with {@link #release}. */
    Extent take(int floatCount, int wordCount) {
        machine();
        int inFloats = take(floats, floatCount, true);
        boolean done = false;
        try {
            int inWords = take(words, wordCount, false);
            done = true;
            return new Extent(Extent.Area.OWN, inFloats, floatCount, inWords, wordCount);
        } finally {
            if (!done && floatCount > 0) {
                floats.release(inFloats, floatCount);
            }
        }
    }

    private int take(Heap heap, int count, boolean ofFloats) {
        if (count == 0) {
            return 0;
        }
        int at = heap.take(count);
        if (at < 0) {
            int more = Heap.rounded(count);
            grow(ofFloats ? more : 0, ofFloats ? 0 : more);
            at = heap.take(count);
        }
        return at;
    }

    private void grow(long moreFloats, long moreWords) {
        BufferSizes sizes = machine().key().sizes();
        exchange(
                sizes.withPool(
                        moreFloats == 0
                                ? sizes.pool()
                                : BufferSizes.grown(sizes.pool(), moreFloats),
                        moreWords == 0
                                ? sizes.words()
                                : BufferSizes.grown(sizes.words(), moreWords)));
    }

    /** One sequence less holds it. */
    void release(Extent extent) {
        if (!extent.lent() && extent.leave()) {
            free(extent);
        }
    }

    private void free(Extent extent) {
        if (extent.floatCount > 0) {
            floats.release(extent.floats, extent.floatCount);
        }
        if (extent.wordCount > 0) {
            words.release(extent.words, extent.wordCount);
        }
    }

    /** Makes what a step lends as large as its layers need it. */
    void lend(Lender lender) {
        lentExact = lent(lentExact, lender, Extent.Area.EXACT);
        lentEvents = lent(lentEvents, lender, Extent.Area.EVENTS);
    }

    private Extent lent(Extent known, Lender lender, Extent.Area area) {
        int moreFloats = Math.max(known.floatCount, lender.floats(area));
        int moreWords = Math.max(known.wordCount, lender.words(area));
        if (moreFloats == known.floatCount && moreWords == known.wordCount) {
            return known;
        }
        Extent more = take(moreFloats, moreWords);
        free(known);
        return more;
    }

    /** The first float of an extent. */
    int floatsAt(Extent extent) {
        return extent.floats
                + switch (extent.area) {
                    case OWN -> 0;
                    case EXACT -> lentExact.floats;
                    case EVENTS -> lentEvents.floats;
                };
    }

    int wordsAt(Extent extent) {
        return extent.words
                + switch (extent.area) {
                    case OWN -> 0;
                    case EXACT -> lentExact.words;
                    case EVENTS -> lentEvents.words;
                };
    }

    private void exchange(BufferSizes sizes) {
        Machine old = machine();
        Machine next = fresh(sizes);
        boolean done = false;
        try {
            for (Heap.Range range : floats.taken()) {
                old.pool.copyTo(next.pool, range.from(), range.count());
            }
            for (Heap.Range range : words.taken()) {
                old.words.copyTo(next.words, range.from(), range.count());
            }
            old.values.copyTo(next.values, 0, layout.valueFloats());
            copy(old.buffers.step.getSegment(), next.buffers.step.getSegment());
            copy(old.buffers.places.getSegment(), next.buffers.places.getSegment());
            copy(old.buffers.angles.getSegment(), next.buffers.angles.getSegment());
            next.begin();
            next.places();
            done = true;
        } finally {
            if (!done) {
                machines.discard(next);
            }
        }
        machine = next;
        floats.grow(sizes.pool());
        words.grow(sizes.words());
        machines.release(old);
    }

    private static void copy(MemorySegment from, MemorySegment to) {
        MemorySegment.copy(from, 0, to, 0, Math.min(from.byteSize(), to.byteSize()));
    }

    /** The floats of each extent. */
    List<float[]> floats(List<Extent> extents) {
        return machine().pool.fetch(extents, this::floatsAt, extent -> extent.floatCount);
    }

    /** The words of each extent. */
    List<int[]> words(List<Extent> extents) {
        return machine().words.fetch(extents, this::wordsAt, extent -> extent.wordCount);
    }

    /** Stores the floats of each extent. */
    void storeFloats(List<Extent> extents, List<float[]> data) {
        machine().pool.store(extents, this::floatsAt, extent -> extent.floatCount, data);
    }

    void storeWords(List<Extent> extents, List<int[]> data) {
        machine().words.store(extents, this::wordsAt, extent -> extent.wordCount, data);
    }

    /** Copies a block to another of the same size. */
    void copy(Extent from, Extent to) {
        machine().pool.duplicate(floatsAt(from), floatsAt(to), from.floatCount);
        machine().words.duplicate(wordsAt(from), wordsAt(to), from.wordCount);
    }

    float[] fetchValues(int offset, int length) {
        return machine().values.fetch(offset, length);
    }

    void storeValues(int offset, float[] data, int length) {
        machine().values.store(offset, data, length);
    }

    /** Packs blocks of encoded rows. */
    void pack(List<Packing> packings) {
        Machine current = machine();
        int most = current.packs();
        for (int first = 0; first < packings.size(); first += most) {
            List<Packing> some = packings.subList(first, Math.min(packings.size(), first + most));
            for (int i = 0; i < some.size(); i++) {
                some.get(i).list(current.buffers.control, i, this);
            }
            current.pack(some.size());
        }
    }

    /** Bytes of keys and values that sequences hold; what they share counts once. */
    long held() {
        return machine == null
                ? 0
                : bytes(floats) + bytes(words) - lentExact.bytes() - lentEvents.bytes();
    }

    private static long bytes(Heap heap) {
        return 4 * (heap.size() / Heap.GRAIN * (long) Heap.GRAIN - heap.left());
    }

    @Override
    public void close() {
        Machine current = machine;
        machine = null;
        if (current != null) {
            machines.release(current);
        }
    }
}
