package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Logits of the rows asked for, some rows at a time: these are gathered, multiplied, read back and
 * handed to the step's sink. The only launch that waits for the device.
 */
final class LogitsLaunch implements Launch {
    /** What the logits that are computed together may take, unless one row takes more. */
    private static final long ROOM = 8 << 20;

    private final ClQueue queue;
    private final KeyValueStore store;
    private final Activation in;
    private final long inBytes;
    private final long outBytes;
    private final int together;
    private final Arena arena = Arena.ofShared();
    private final Resources resources = new Resources();
    private final ClBuffer gathered;
    private final ClBuffer logits;
    private final Linear linear;
    private final MemorySegment host;

    LogitsLaunch(
            OpenClDevice device,
            ClQueue queue,
            KeyValueStore store,
            Activation in,
            WeightBuffer weight,
            int maxRows) {
        this.queue = queue;
        this.store = store;
        this.in = in;
        inBytes = 4L * in.width();
        outBytes = 4L * weight.tensor().rows();
        together = Math.clamp(ROOM / outBytes, 1, Math.min(64, maxRows));
        try {
            resources.add(arena, arena::close);
            host = arena.allocate(together * outBytes, 64);
            ClContext context = device.context();
            gathered =
                    resources.add(
                            context.buffer(
                                    BufferUse.LOGITS,
                                    together * inBytes,
                                    "rows whose logits are wanted"));
            logits = resources.add(context.buffer(BufferUse.LOGITS, together * outBytes, "logits"));
            linear = new Linear(device, queue, weight, null, gathered, logits);
            resources.add(linear, linear::close);
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
    }

    @Override
    public void enqueue(StepState step) {
        for (int from = 0; from < step.wantedRows(); from += together) {
            int count = Math.min(together, step.wantedRows() - from);
            for (int i = 0; i < count; i++) {
                queue.copy(
                        in.buffer(),
                        step.wantedRow(from + i) * inBytes,
                        gathered,
                        i * inBytes,
                        inBytes);
            }
            linear.enqueue(count);
            queue.read(logits, 0, host, 0, count * outBytes);
            store.finish(step);
            for (int i = 0; i < count; i++) {
                step.sink()
                        .accept(
                                step.wantedRow(from + i),
                                host.asSlice(i * outBytes, outBytes).asReadOnly());
            }
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
