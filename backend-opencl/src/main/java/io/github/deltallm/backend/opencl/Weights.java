package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A program's tensors on the device, each once: where the device shares the host's memory, the
 * mapped file itself, elsewhere a copy; in several parts where that is more than a buffer may have.
 * Copies go through memory that may be written to: some drivers transfer nothing, or garbage, from
 * a mapping that is read-only.
 */
final class Weights {
    /** Bytes that are copied at once. */
    private static final long STAGED = 16 << 20;

    private final OpenClDevice device;
    private final ClQueue queue;
    private final Resources resources;
    private final HostPages pages;
    private final Map<Tensor, WeightBuffer> uploaded = new HashMap<>();
    private final Map<Tensor, ClBuffer> vectors = new HashMap<>();

    /**
     * @param resources closes the buffers
     * @param tensors all that will be asked for
     */
    Weights(OpenClDevice device, ClQueue queue, Resources resources, Collection<Tensor> tensors) {
        this.device = device;
        this.queue = queue;
        this.resources = resources;
        pages = new HostPages(device, resources, device.copies() ? List.of() : tensors);
    }

    /** The tensors of a program. */
    static Set<Tensor> of(Program program) {
        Set<Tensor> tensors = new HashSet<>();
        for (Op op : program.ops()) {
            switch (op) {
                case Op.Embed embed -> tensors.add(embed.table());
                case Op.RmsNorm norm -> tensors.add(norm.weight());
                case Op.Linear linear -> {
                    tensors.add(linear.weight());
                    linear.bias().ifPresent(tensors::add);
                }
                case Op.Logits logits -> tensors.add(logits.weight());
                case Op.Rope _, Op.Attention _, Op.Gate _, Op.Add _ -> {}
            }
        }
        return tensors;
    }

    /** A tensor as it is. */
    WeightBuffer of(Tensor tensor) {
        WeightBuffer known = uploaded.get(tensor);
        if (known == null) {
            known = new WeightBuffer(tensor, parts(tensor));
            uploaded.put(tensor, known);
        }
        return known;
    }

    /** Rows in place where they can be used so, copies of all others. */
    private List<WeightPart> parts(Tensor tensor) {
        List<WeightPart> parts = new ArrayList<>();
        int most = mostRows(tensor);
        for (int row = 0; row < tensor.rows(); ) {
            HostPages.Place place = pages.place(tensor, row);
            if (place != null) {
                parts.add(new WeightPart(place.buffer(), place.offset(), row, place.rows()));
                row += place.rows();
            } else {
                int rows = pages.holds(tensor) ? 1 : Math.min(most, tensor.rows() - row);
                parts.add(new WeightPart(copy(tensor, row, rows), 0, row, rows));
                row += rows;
            }
        }
        return parts;
    }

    /** Rows of as few copies, of about the same size, as there have to be. */
    private int mostRows(Tensor tensor) {
        long most = Math.max(1, device.limits().maxAlloc() / tensor.rowBytes());
        long copies = Math.ceilDiv(tensor.rows(), most);
        return (int) Math.ceilDiv(tensor.rows(), copies);
    }

    private ClBuffer copy(Tensor tensor, int first, int rows) {
        long from = first * tensor.rowBytes();
        MemorySegment data = tensor.data().asSlice(from, rows * tensor.rowBytes());
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
                        case F32 -> copy(tensor, 0, tensor.rows());
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
