package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.HeadShape;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Supplier;

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

    /** Whether what sequences hold is on no machine any more. */
    private boolean lost;

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
        requireMemory();
        Machine current = machine;
        return current == null ? begin(sizes()) : current;
    }

    private Machine begin(BufferSizes sizes) {
        Machine first = fresh(sizes);
        machine = first;
        floats.grow(sizes.pool());
        words.grow(sizes.words());
        return first;
    }

    private void requireMemory() {
        if (lost) {
            throw new DeltaLlmException(
                    "the device "
                            + device.name()
                            + " failed when its memory was to grow, and what it held is lost; open"
                            + " the model again, or use another backend");
        }
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

    /**
     * Makes room for a step.
     *
     * @param ahead what there is to be room for if room has to be made, and the device has it
     */
    void reserve(Needs needs, Supplier<Needs> ahead) {
        requireMemory();
        if (machine == null) {
            BufferSizes base = sizes();
            Needs more = ahead.get();
            begin(chosen(List.of(with(base, more, 1), with(base, needs, 1)), 0));
        }
        BufferSizes now = machine().key().sizes();
        if (!with(now, needs, 1).equals(now)) {
            exchange(List.of(with(now, ahead.get(), 2), with(now, needs, 1)));
        }
    }

    /** Sizes that are enough; what grows becomes so many times as large, at least. */
    private BufferSizes with(BufferSizes sizes, Needs needs, int times) {
        boolean none = machine == null;
        return sizes.with(
                needs,
                none ? sizes.pool() : floats.left(),
                none ? sizes.words() : words.left(),
                times);
    }

    /** The first of some sizes for which there is room. */
    private BufferSizes chosen(List<BufferSizes> candidates, long freed) {
        for (BufferSizes sizes : candidates) {
            if (machines.fits(device, sizes, freed)) {
                return sizes;
            }
        }
        machines.requireRoom(device, candidates.getLast(), freed);
        return candidates.getLast();
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

    /** Beside what is left, which may be in pieces. */
    private void grow(long moreFloats, long moreWords) {
        BufferSizes now = machine().key().sizes();
        Needs needs =
                new Needs(
                        0,
                        0,
                        0,
                        moreFloats == 0 ? 0 : floats.left() + moreFloats,
                        moreWords == 0 ? 0 : words.left() + moreWords);
        exchange(List.of(with(now, needs, 2), with(now, needs, 1)));
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

    /** Goes on with a machine of the first sizes for which there is room. */
    private void exchange(List<BufferSizes> candidates) {
        Machine old = machine();
        BufferSizes sizes = chosen(candidates, old.key().sizes().bytes());
        if (machines.fits(device, sizes, 0)) {
            moveTo(fresh(sizes), old);
        } else {
            replace(old, sizes);
        }
        floats.grow(sizes.pool());
        words.grow(sizes.words());
    }

    private void moveTo(Machine next, Machine old) {
        boolean done = false;
        try {
            Contents.move(old, next, floats, words, layout.valueFloats());
            done = true;
        } finally {
            if (!done) {
                machines.discard(next);
            }
        }
        machine = next;
        machines.release(old);
    }

    /** By way of the host, since the device has no room for both. */
    private void replace(Machine old, BufferSizes sizes) {
        Contents contents = new Contents(old, floats, words, layout.valueFloats());
        machine = null;
        lost = true;
        machines.discard(old);
        boolean done = false;
        try {
            machine = filled(sizes, contents);
            done = true;
        } finally {
            if (!done) {
                machine = filled(old.key().sizes(), contents);
            }
            // Not reached if neither can be made.
            lost = false;
        }
    }

    private Machine filled(BufferSizes sizes, Contents contents) {
        Machine next = fresh(sizes);
        boolean done = false;
        try {
            contents.store(next);
            done = true;
            return next;
        } finally {
            if (!done) {
                machines.discard(next);
            }
        }
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
