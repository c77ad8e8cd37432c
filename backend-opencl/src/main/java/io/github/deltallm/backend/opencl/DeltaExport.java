package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.KvStream;

import java.util.Arrays;
import java.util.List;

/** Turns encoded rows into a {@link KvStream.DeltaRows}, the open ones too. */
final class DeltaExport {
    private final DeltaStream stream;
    private final int dim;

    DeltaExport(DeltaStream stream) {
        this.stream = stream;
        dim = stream.dim;
    }

    KvStream.DeltaRows of(RowsPages exact, int length) {
        if (!stream.isFixed() || length == 0) {
            return KvStream.DeltaRows.NONE;
        }
        long[] changed = new long[Math.toIntExact(((long) length * dim + 63) / 64)];
        float[] events = new float[Math.multiplyExact(length, dim)];
        int count = 0;
        List<float[]> closed = stream.readClosed();
        for (int from = 0; from < length; ) {
            boolean isClosed = from < stream.closedRows();
            float[] rows = isClosed ? closed.get(from / BLOCK) : open(exact, from, length);
            for (int i = 0; i < rows.length; i++) {
                long bit = (long) from * dim + i;
                if (bit < dim || Float.floatToRawIntBits(rows[i]) != EventFormat.NOTHING) {
                    changed[(int) (bit / 64)] |= 1L << bit;
                    events[count++] = rows[i];
                }
            }
            from += rows.length / dim;
        }
        DeltaRule rule = stream.rule();
        return new KvStream.DeltaRows(
                length, changed, Arrays.copyOf(events, count), rule.steps(), rule.sigma);
    }

    /** The events of the open rows. */
    private float[] open(RowsPages exact, int from, int length) {
        float[] given = stream.readGiven();
        float[] r = stream.readReference();
        int known = given.length / dim;
        float[] rows = exact.rows(from + known, length);
        return DeltaEncoder.encode(stream.rule(), dim, from, given, rows, r);
    }
}
