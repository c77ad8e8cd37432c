package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.RotaryEmbedding;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Cosines and sines of a step's positions, {@code [rows, pairs, 2]}, which all layers share.
 * Computed here, in fp64, which few devices have.
 */
final class RotaryTable implements AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final double[] frequencies;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment table;
    private final ClBuffer buffer;

    RotaryTable(ClContext context, RotaryEmbedding embedding, int maxRows) {
        frequencies = embedding.frequencies();
        boolean done = false;
        try {
            long bytes = Math.max(1, 8L * frequencies.length * maxRows);
            table = arena.allocate(bytes, 64);
            buffer = context.buffer(BufferUse.TABLES, bytes, "rotary angles");
            done = true;
        } finally {
            if (!done) {
                arena.close();
            }
        }
    }

    ClBuffer buffer() {
        return buffer;
    }

    int pairs() {
        return frequencies.length;
    }

    /** Sends the angles of a step's rows. */
    void upload(StepState step, ClQueue queue) {
        int at = 0;
        for (int row = 0; row < step.rows(); row++) {
            int position = step.position(row);
            for (double frequency : frequencies) {
                double angle = position * frequency;
                table.setAtIndex(FLOAT, at++, (float) Math.cos(angle));
                table.setAtIndex(FLOAT, at++, (float) Math.sin(angle));
            }
        }
        queue.write(buffer, 0, table, 0, 4L * at);
    }

    @Override
    public void close() {
        buffer.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
