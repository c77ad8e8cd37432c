package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import org.junit.jupiter.api.Assertions;

import java.util.Arrays;
import java.util.BitSet;

/**
 * What a cache holds of one head's keys or values, read from its stream.
 *
 * @param exact {@code [length, dim]}; NaN where a row is not held exactly
 * @param encoded {@code kh} or {@code vh}, {@code [length, dim]}; NaN where a row is not encoded
 * @param changed the changed channels, row after row from position 0 on
 * @param encodedRows number of encoded rows
 */
@SuppressWarnings("ArrayRecordComponent") // compared field by field
record HeldRows(float[] exact, float[] encoded, BitSet changed, int encodedRows) {
    static HeldRows of(KvCache cache, int kvHead, KvStream.Kind kind, int dim) {
        KvStream stream = cache.export(0, kvHead, kind);
        Assertions.assertEquals(cache.length(), stream.length(), "length of the exported stream");
        float[] exact = filled(stream.length() * dim);
        for (KvStream.Rows rows : stream.exact()) {
            System.arraycopy(rows.values(), 0, exact, rows.from() * dim, rows.values().length);
        }
        KvStream.DeltaRows delta = stream.delta();
        float[] encoded = filled(stream.length() * dim);
        BitSet changed = new BitSet();
        BitSet bits = BitSet.valueOf(delta.changed());
        float[] reference = new float[dim];
        int event = 0;
        for (int row = 0; row < delta.count(); row++) {
            for (int c = 0; c < dim; c++) {
                if (bits.get(row * dim + c)) {
                    reference[c] += delta.events()[event++];
                    changed.set(row * dim + c);
                }
            }
            System.arraycopy(reference, 0, encoded, row * dim, dim);
        }
        Assertions.assertEquals(delta.events().length, event, "events of the exported stream");
        return new HeldRows(exact, encoded, changed, delta.count());
    }

    private static float[] filled(int size) {
        float[] values = new float[size];
        Arrays.fill(values, Float.NaN);
        return values;
    }
}
