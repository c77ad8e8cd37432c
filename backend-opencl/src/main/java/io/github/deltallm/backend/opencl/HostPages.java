package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Memory of the host that tensors lie in, as read-only buffers of whole pages for a device that
 * shares it. No page is in two of them, since what a device makes of that is undefined, and none is
 * larger than a buffer may be: so a row may lie in two, and is then in none.
 */
final class HostPages {
    /** Buffers over memory of the host begin at a page, as devices that map pages want it. */
    private static final long PAGE = 4096;

    /** Of values in a file: what the device reads with loads of words has to be aligned to them. */
    private static final long WORD = 4;

    /** Words of each buffer that the device has to read back. */
    private static final int SAMPLES = 64;

    private static final System.Logger LOG =
            System.getLogger("io.github.deltallm.backend.opencl.weights");

    private final OpenClDevice device;
    private final Resources resources;
    private final NavigableMap<Long, Chunk> chunks = new TreeMap<>();
    private boolean refused;

    /** Pages that are one buffer, once it is wanted. */
    private static final class Chunk {
        private final long from;
        private final long end;
        private @Nullable ClBuffer buffer;

        Chunk(long from, long end) {
            this.from = from;
            this.end = end;
        }
    }

    /**
     * Rows in place.
     *
     * @param offset where they begin in the buffer
     * @param rows how many of them lie in the buffer whole
     */
    record Place(ClBuffer buffer, long offset, int rows) {}

    /**
     * @param resources closes the buffers
     * @param tensors all that may be asked for
     */
    HostPages(OpenClDevice device, Resources resources, Collection<Tensor> tensors) {
        this.device = device;
        this.resources = resources;
        ClDeviceLimits limits = device.limits();
        refused = !limits.unified() || PAGE % limits.baseAlign() != 0 || limits.maxAlloc() < PAGE;
        if (!refused) {
            List<MemorySegment> shared =
                    tensors.stream().map(Tensor::data).filter(HostPages::fits).toList();
            cut(runs(shared), limits.maxAlloc() / PAGE * PAGE);
        }
    }

    private static boolean fits(MemorySegment data) {
        return data.isNative() && data.address() % WORD == 0;
    }

    /** Pages that follow one another, by their beginnings: these exist, whatever lies there. */
    private static NavigableMap<Long, Long> runs(List<MemorySegment> memory) {
        NavigableMap<Long, Long> runs = new TreeMap<>();
        memory.stream()
                .sorted((left, right) -> Long.compare(left.address(), right.address()))
                .forEach(data -> {
                    long from = data.address() / PAGE * PAGE;
                    long end = (data.address() + data.byteSize() + PAGE - 1) / PAGE * PAGE;
                    Map.Entry<Long, Long> last = runs.lastEntry();
                    if (last != null && last.getValue() >= from) {
                        runs.put(last.getKey(), Math.max(last.getValue(), end));
                    } else {
                        runs.put(from, end);
                    }
                });
        return runs;
    }

    private void cut(NavigableMap<Long, Long> runs, long most) {
        runs.forEach((from, end) -> {
            for (long at = from; at < end; at += most) {
                chunks.put(at, new Chunk(at, Math.min(end, at + most)));
            }
        });
    }

    /** Whether a tensor is used in place, apart from rows that lie in two buffers. */
    boolean holds(Tensor tensor) {
        return !refused && fits(tensor.data()) && chunkAt(tensor.data().address()) != null;
    }

    private @Nullable Chunk chunkAt(long address) {
        Map.Entry<Long, Chunk> entry = chunks.floorEntry(address);
        return entry == null || entry.getValue().end <= address ? null : entry.getValue();
    }

    /**
     * The place of a tensor's rows from one on, as far as they lie in the same buffer; null if that
     * one does not, or the device can't use it in place after all.
     */
    @Nullable Place place(Tensor tensor, int row) {
        long at = tensor.data().address() + row * tensor.rowBytes();
        Chunk chunk = refused || !fits(tensor.data()) ? null : chunkAt(at);
        if (chunk == null) {
            return null;
        }
        int rows = (int) Math.min(tensor.rows() - row, (chunk.end - at) / tensor.rowBytes());
        ClBuffer buffer = rows == 0 ? null : buffer(chunk);
        return buffer == null ? null : new Place(buffer, at - chunk.from, rows);
    }

    private @Nullable ClBuffer buffer(Chunk chunk) {
        if (chunk.buffer == null) {
            try {
                chunk.buffer = proven(chunk);
            } catch (ClException e) {
                refuse(String.valueOf(e.getMessage()));
            }
        }
        return chunk.buffer;
    }

    /** Some drivers share memory but not that of a file, and tell only when they read it. */
    private @Nullable ClBuffer proven(Chunk chunk) {
        long bytes = chunk.end - chunk.from;
        ClBuffer buffer =
                device.context().hostBuffer(chunk.from, bytes, "the pages of the model's file");
        boolean sound = false;
        try {
            sound = reads(buffer, MemorySegment.ofAddress(chunk.from).reinterpret(bytes));
        } finally {
            if (!sound) {
                buffer.close();
            }
        }
        if (!sound) {
            refuse("the device reads other values from them");
            return null;
        }
        return resources.add(buffer);
    }

    private boolean reads(ClBuffer buffer, MemorySegment memory) {
        ValueLayout.OfInt word = ValueLayout.JAVA_INT;
        long words = memory.byteSize() / WORD;
        long stride = (words - 1) / (SAMPLES - 1);
        try (Resources own = new Resources();
                Arena arena = Arena.ofConfined()) {
            // A queue of its own: it may be of no use afterwards.
            ClQueue queue = device.queue();
            own.add(queue, queue::close);
            ClBuffer seen =
                    own.add(device.context().buffer(BufferUse.TABLES, WORD * SAMPLES, "samples"));
            ClKernel peek = own.add(device.programs().program("", "rows.cl").kernel("peek"));
            peek.arg(0, buffer).arg(1, stride).arg(2, SAMPLES).arg(3, seen);
            queue.launch1(peek, SAMPLES, 1);
            MemorySegment copy = arena.allocate(word, SAMPLES);
            queue.read(seen, 0, copy, 0, WORD * SAMPLES);
            for (int i = 0; i < SAMPLES; i++) {
                if (copy.getAtIndex(word, i) != memory.getAtIndex(word, i * stride)) {
                    return false;
                }
            }
            return true;
        }
    }

    private void refuse(String why) {
        refused = true;
        LOG.log(
                System.Logger.Level.WARNING,
                "weights are copied, because the device "
                        + device.context().device().name()
                        + " can't use the pages of the model's file in place: "
                        + why
                        + "; "
                        + OpenClSettings.COPY_VARIABLE
                        + "=true copies them without a try");
    }
}
