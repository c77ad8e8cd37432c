package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Value;

import org.jspecify.annotations.Nullable;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

import java.util.Arrays;

/**
 * A program's memory on the device: its machine, which is exchanged for a larger one when pages or
 * tables run out, and what is moved to and from it. Used under the executable's lock.
 */
final class DeviceMemory implements AutoCloseable {
    /** Pages that the first machine has, if they are not too large. */
    private static final int FIRST_PAGES = 16;

    private static final int FIRST_FLOATS = 1 << 20;

    private final ProgramLayout layout;
    private final TornadoDevice device;
    private final Machines machines;
    private final HeadShape heads;
    private final PagePool pages = new PagePool(0);
    private @Nullable Machine machine;

    DeviceMemory(ProgramLayout layout, TornadoDevice device, Machines machines) {
        this.layout = layout;
        this.device = device;
        this.machines = machines;
        heads = layout.program().heads();
    }

    /** Streams of a sequence. */
    int streams() {
        return 2 * heads.layers() * heads.kvHeads();
    }

    /** Floats of a stream in a page. */
    int chunk() {
        return Pages.SLOTS * heads.headDim();
    }

    int pageFloats() {
        return Math.multiplyExact(streams(), chunk());
    }

    /** Where a stream begins in a page. */
    int offset(int page, int stream) {
        return (page * streams() + stream) * chunk();
    }

    PagePool pages() {
        return pages;
    }

    Machine machine() {
        Machine current = machine;
        if (current == null) {
            current = fresh(sizes());
            machine = current;
            pages.grow(current.key().sizes().pool() / pageFloats());
        }
        return current;
    }

    private BufferSizes sizes() {
        int rows = layout.maxRows();
        long pool =
                layout.attends()
                        ? Math.max(
                                2L * pageFloats(),
                                Math.min(FIRST_FLOATS, (long) FIRST_PAGES * pageFloats()))
                        : 1;
        int poolFloats = BufferSizes.resident(pool, "keys and values");
        long scores = layout.attends() ? (long) rows * heads.heads() * Math.max(64, rows) : 1;
        return layout.sizes(
                BufferSizes.transferred(stepInts(rows, Math.min(rows, 4), 256), "a step's tables"),
                poolFloats,
                BufferSizes.resident(scores, "scores"));
    }

    /** Ints of the tables of a step. */
    long stepInts(int rows, int spans, int listedPages) {
        return StepTable.HEADER
                + (long) StepTable.ROW_STRIDE * rows
                + (long) StepTable.SPAN_STRIDE * spans
                + (long) StepTable.STREAM_STRIDE * streams() * spans
                + (long) StepTable.RUN_STRIDE * (streams() / 2) * rows
                + listedPages;
    }

    private Machine fresh(BufferSizes sizes) {
        Segment logits = layout.logits();
        Machine.Key key =
                new Machine.Key(
                        device,
                        layout.graphs(),
                        logits == null ? java.util.List.of() : logits.tasks(),
                        sizes);
        Machine acquired = machines.acquire(key);
        layout.fill(acquired.buffers);
        acquired.load();
        return acquired;
    }

    /** Makes room for so many more pages, and for a step's tables and scores. */
    void reserve(int morePages, long stepInts, long scores) {
        Machine current = machine();
        BufferSizes sizes = current.key().sizes();
        BufferSizes wanted = sizes;
        if (morePages > pages.free()) {
            long least = (long) (pages.pages() - pages.free() + morePages) * pageFloats();
            long doubled = Math.min(2L * sizes.pool(), Integer.MAX_VALUE / 2);
            wanted =
                    wanted.withPool(
                            BufferSizes.resident(Math.max(least, doubled), "keys and values"));
        }
        if (stepInts > sizes.step() || scores > sizes.scores()) {
            wanted =
                    wanted.withStep(
                            BufferSizes.transferred(
                                    Math.max(stepInts, sizes.step()), "a step's tables"),
                            BufferSizes.resident(Math.max(scores, sizes.scores()), "scores"));
        }
        if (!wanted.equals(sizes)) {
            exchange(current, wanted);
        }
    }

    private void exchange(Machine old, BufferSizes sizes) {
        Machine next = fresh(sizes);
        boolean done = false;
        try {
            for (int page : pages.taken()) {
                int[] offsets = offsets(page);
                store(next, true, offsets, chunk(), fetch(old, true, offsets, chunk()));
            }
            for (Value input : layout.program().inputs()) {
                int[] offsets = {layout.offset(input)};
                int length = layout.maxRows() * input.width();
                store(next, false, offsets, length, fetch(old, false, offsets, length));
            }
            done = true;
        } finally {
            machines.release(done ? old : next);
        }
        machine = next;
        pages.grow(sizes.pool() / pageFloats());
    }

    private int[] offsets(int page) {
        int[] offsets = new int[streams()];
        Arrays.setAll(offsets, stream -> offset(page, stream));
        return offsets;
    }

    /** Reads a stream's part of some pages, {@code [pages, slots, dim]}. */
    float[] fetch(int[] ofPages, int stream) {
        int[] offsets = Arrays.stream(ofPages).map(page -> offset(page, stream)).toArray();
        return fetch(machine(), true, offsets, chunk());
    }

    void store(int[] ofPages, int stream, float[] data) {
        int[] offsets = Arrays.stream(ofPages).map(page -> offset(page, stream)).toArray();
        store(machine(), true, offsets, chunk(), data);
    }

    float[] fetchValues(int offset, int length) {
        return fetch(machine(), false, new int[] {offset}, length);
    }

    void storeValues(int offset, float[] data, int length) {
        store(machine(), false, new int[] {offset}, length, data);
    }

    /** Copies whole pages. */
    void copy(int[] from, int[] to) {
        Machine current = machine();
        int length = pageFloats();
        int most = Math.max(1, Math.min(current.chunks(1), (1 << 30) / length));
        for (int first = 0; first < from.length; first += most) {
            int count = Math.min(most, from.length - first);
            for (int i = 0; i < count; i++) {
                int list = Control.LIST + 2 * i;
                current.buffers.control.set(list, from[first + i] * length);
                current.buffers.control.set(list + 1, to[first + i] * length);
            }
            current.copyPool(length, count);
        }
    }

    private static float[] fetch(Machine machine, boolean pool, int[] offsets, int length) {
        float[] data = new float[Math.multiplyExact(offsets.length, length)];
        pieces(
                machine,
                offsets,
                length,
                (at, size, count) -> {
                    if (pool) {
                        machine.fetchPool(size, count);
                    } else {
                        machine.fetchValues(size, count);
                    }
                    FloatArray stage = machine.buffers.stage;
                    for (int i = 0; i < size * count; i++) {
                        data[at + i] = stage.get(i);
                    }
                });
        return data;
    }

    private static void store(
            Machine machine, boolean pool, int[] offsets, int length, float[] data) {
        pieces(
                machine,
                offsets,
                length,
                (at, size, count) -> {
                    FloatArray stage = machine.buffers.stage;
                    for (int i = 0; i < size * count; i++) {
                        stage.set(i, data[at + i]);
                    }
                    if (pool) {
                        machine.storePool(size, count);
                    } else {
                        machine.storeValues(size, count);
                    }
                });
    }

    /** Chunks that are moved at once: {@code count} of {@code size}, from {@code data[at]} on. */
    @FunctionalInterface
    private interface Piece {
        void move(int at, int size, int count);
    }

    private static void pieces(Machine machine, int[] offsets, int length, Piece piece) {
        if (length <= BufferSizes.STAGE) {
            int most = machine.chunks(length);
            for (int first = 0; first < offsets.length; first += most) {
                int count = Math.min(most, offsets.length - first);
                for (int i = 0; i < count; i++) {
                    machine.buffers.control.set(Control.LIST + i, offsets[first + i]);
                }
                piece.move(first * length, length, count);
            }
            return;
        }
        for (int chunk = 0; chunk < offsets.length; chunk++) {
            for (int from = 0; from < length; from += BufferSizes.STAGE) {
                machine.buffers.control.set(Control.LIST, offsets[chunk] + from);
                int size = Math.min(BufferSizes.STAGE, length - from);
                piece.move(chunk * length + from, size, 1);
            }
        }
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
