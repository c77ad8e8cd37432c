package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * A program's tensors on the device, each once: where the device shares the host's memory, the
 * mapped file itself, elsewhere a copy. Copies go through memory that may be written to: some
 * drivers transfer nothing, or garbage, from a mapping that is read-only.
 */
final class Weights {
    /** Buffers over memory of the host begin at a page, as devices that map pages want it. */
    private static final long PAGE = 4096;

    /** Of values in a file: what the device reads with loads of words has to be aligned to them. */
    private static final long WORD = 4;

    /** Bytes that are copied at once. */
    private static final long STAGED = 16 << 20;

    /** Forces copies: for drivers that accept memory of a file and then fail to read it. */
    static final String COPY_PROPERTY = "deltallm.opencl.copy";

    static final String COPY_VARIABLE = "DELTALLM_OPENCL_COPY";

    private final OpenClDevice device;
    private final ClQueue queue;
    private final Resources resources;
    private final boolean copies;
    private final Map<Tensor, WeightBuffer> uploaded = new HashMap<>();
    private final Map<Tensor, ClBuffer> vectors = new HashMap<>();

    /**
     * @param resources closes the buffers
     */
    Weights(OpenClDevice device, ClQueue queue, Resources resources) {
        this.device = device;
        this.queue = queue;
        this.resources = resources;
        copies = copiesWanted();
    }

    private static boolean copiesWanted() {
        String wanted = System.getProperty(COPY_PROPERTY);
        return Boolean.parseBoolean(wanted == null ? System.getenv(COPY_VARIABLE) : wanted);
    }

    /** A tensor as it is. */
    WeightBuffer of(Tensor tensor) {
        WeightBuffer known = uploaded.get(tensor);
        if (known == null) {
            known = shared(tensor.data()) ? inPlace(tensor) : copied(tensor);
            uploaded.put(tensor, known);
        }
        return known;
    }

    private boolean shared(MemorySegment data) {
        return !copies
                && device.limits().unified()
                && data.isNative()
                && data.address() % WORD == 0
                && PAGE % device.limits().baseAlign() == 0
                && pages(data) <= device.limits().maxAlloc();
    }

    /** Bytes of the pages that some memory touches: these exist, whatever lies there. */
    private static long pages(MemorySegment data) {
        long end = data.address() + data.byteSize();
        return (end + PAGE - 1) / PAGE * PAGE - data.address() / PAGE * PAGE;
    }

    private WeightBuffer inPlace(Tensor tensor) {
        MemorySegment data = tensor.data();
        long offset = data.address() % PAGE;
        try {
            ClBuffer buffer =
                    device.context()
                            .hostBuffer(
                                    data.address() - offset,
                                    pages(data),
                                    "the tensor " + tensor.name());
            return new WeightBuffer(tensor, resources.add(buffer), offset);
        } catch (ClException e) {
            // Some drivers share memory but not that of a file.
            return copied(tensor);
        }
    }

    private WeightBuffer copied(Tensor tensor) {
        return new WeightBuffer(tensor, copy(tensor), 0);
    }

    private ClBuffer copy(Tensor tensor) {
        MemorySegment data = tensor.data();
        ClBuffer buffer =
                resources.add(
                        device.context()
                                .buffer(
                                        BufferUse.WEIGHTS,
                                        data.byteSize(),
                                        "the tensor " + tensor.name()));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment staging = arena.allocate(Math.min(STAGED, data.byteSize()), 64);
            for (long at = 0; at < data.byteSize(); at += STAGED) {
                long bytes = Math.min(STAGED, data.byteSize() - at);
                MemorySegment.copy(data, at, staging, 0, bytes);
                queue.writeNow(buffer, at, staging, 0, bytes);
            }
        }
        return buffer;
    }

    /** A tensor of one row as fp32. */
    ClBuffer vector(Tensor tensor) {
        ClBuffer known = vectors.get(tensor);
        if (known == null) {
            known =
                    switch (tensor.type()) {
                        case F32 -> copy(tensor);
                        default -> decoded(tensor);
                    };
            vectors.put(tensor, known);
        }
        return known;
    }

    private ClBuffer decoded(Tensor tensor) {
        ClBuffer out =
                resources.add(
                        device.context()
                                .buffer(
                                        BufferUse.WEIGHTS,
                                        4L * tensor.columns(),
                                        "the tensor " + tensor.name()));
        try (Resources temporary = new Resources();
                Arena arena = Arena.ofConfined()) {
            ClBuffer token = temporary.add(device.context().buffer(BufferUse.TABLES, 4, "a token"));
            queue.writeNow(token, 0, arena.allocate(ValueLayout.JAVA_INT), 0, 4);
            EmbedLaunch look =
                    new EmbedLaunch(
                            device, queue, temporary, of(tensor), token, out, tensor.columns());
            look.enqueue(1);
            queue.finish();
        }
        return out;
    }
}
