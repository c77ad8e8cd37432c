package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The keys or the values of one head: all rows exactly, as the store rounds them, and what a
 * subclass keeps of them for the middle run.
 *
 * <p>Exact rows are never dropped; only a restored sequence may lack some.
 */
abstract class HeadRows {
    final RowName name;
    final int dim;
    private final Encoding.Store store;
    private float[] exact;
    private final BitSet held;
    private int length;

    HeadRows(RowName name, int dim, Encoding.Store store) {
        this.name = name;
        this.dim = dim;
        this.store = store;
        exact = new float[0];
        held = new BitSet();
    }

    HeadRows(HeadRows other) {
        name = other.name;
        dim = other.dim;
        store = other.store;
        exact = Arrays.copyOf(other.exact, other.length * dim);
        held = (BitSet) other.held.clone();
        length = other.length;
    }

    /** An empty sequence of rows kept as {@code encoding} says. */
    static HeadRows of(RowName name, int dim, Encoding encoding) {
        return switch (encoding) {
            case Encoding.Exact(Encoding.Store store) -> new ExactRows(name, dim, store);
            case Encoding.Pruned pruned -> new PrunedRows(name, dim, pruned);
            case Encoding.Delta delta -> new DeltaRows(name, dim, delta);
        };
    }

    int length() {
        return length;
    }

    /** Appends the row that begins at {@code source[at]}. */
    final void append(float[] source, int at, EncodedTally tally) {
        int row = length;
        grow(row + 1);
        System.arraycopy(source, at, exact, row * dim, dim);
        Rounding.round(store, exact, row * dim, dim);
        check(row);
        held.set(row);
        length = row + 1;
        encode(tally);
    }

    /** Forgets all rows from {@code newLength} on. */
    void truncate(int newLength) {
        length = Math.min(length, newLength);
        held.clear(length, Math.max(length, held.length()));
    }

    /** Takes a stream's rows as they are, then encodes what it holds only exactly. */
    final void restore(KvStream stream, EncodedTally tally) {
        grow(stream.length());
        length = stream.length();
        for (KvStream.Rows rows : stream.exact()) {
            int count = rows.values().length / dim;
            System.arraycopy(rows.values(), 0, exact, rows.from() * dim, rows.values().length);
            for (int row = rows.from(); row < rows.from() + count; row++) {
                Rounding.round(store, exact, row * dim, dim);
                check(row);
                held.set(row);
            }
        }
        restoreEncoded(stream.delta());
        encode(tally);
    }

    final KvStream export() {
        List<KvStream.Rows> runs = new ArrayList<>();
        for (int from = held.nextSetBit(0); from >= 0; ) {
            int to = held.nextClearBit(from);
            runs.add(new KvStream.Rows(from, Arrays.copyOfRange(exact, from * dim, to * dim)));
            from = held.nextSetBit(to);
        }
        return new KvStream(length, runs, exportEncoded());
    }

    /** Whether rows {@code [from, to)} are all held exactly. */
    final boolean holds(int from, int to) {
        return from >= to || held.nextClearBit(from) >= to;
    }

    /** The first of the last rows that are all held exactly. */
    final int heldFrom() {
        return held.previousClearBit(length - 1) + 1;
    }

    /** A channel of an exact row. */
    final float exact(int row, int channel) {
        return exact[row * dim + channel];
    }

    /** {@code q . row}, exactly. */
    final double exactScore(float[] q, int at, int row, MacCounter macs) {
        double sum = 0;
        int executed = 0;
        for (int c = 0; c < dim; c++) {
            sum += (double) q[at + c] * exact[row * dim + c];
            executed++;
        }
        macs.add(executed);
        return sum;
    }

    /** {@code out += weight * row}, exactly. */
    final void exactMix(double weight, int row, double[] out, MacCounter macs) {
        int executed = 0;
        for (int c = 0; c < dim; c++) {
            out[c] += weight * exact[row * dim + c];
            executed++;
        }
        macs.add(executed);
    }

    /** Refuses a row that no encoder can follow. */
    final void requireFinite(int row) {
        for (int c = 0; c < dim; c++) {
            if (!Float.isFinite(exact(row, c))) {
                throw name.refused(row, c, exact(row, c));
            }
        }
    }

    /** Bytes allocated. */
    long bytes() {
        return (long) exact.length * Float.BYTES + held.size() / Byte.SIZE;
    }

    private void grow(int rows) {
        if (rows * dim > exact.length) {
            exact = Arrays.copyOf(exact, Math.max(rows * dim, exact.length / 2 * 3));
        }
    }

    /** Refuses an exact row that can't be encoded. */
    abstract void check(int row);

    /** Encodes all rows that are not encoded yet and can be. */
    abstract void encode(EncodedTally tally);

    abstract void restoreEncoded(KvStream.DeltaRows rows);

    abstract KvStream.DeltaRows exportEncoded();

    /** Whether the middle is seen without its exact rows from now on. */
    abstract boolean rebuildsMiddle();

    /** Whether the query at a position sees the middle run encoded, or still exactly. */
    abstract boolean encodedFor(int query);

    /**
     * Whether rows {@code [from, to)} are there for the query at a position as it sees the middle.
     */
    abstract boolean holdsMiddle(int from, int to, int query);

    /**
     * {@code q . encoded row}, of one row of the middle after the other.
     *
     * @param first whether it is the first row of the middle
     * @param previous the score of the row before it
     */
    abstract double middleScore(
            float[] q, int at, int row, boolean first, double previous, MacCounter macs);

    /** {@code out += sum of weights[j] * encoded row j} over {@code [from, to)}. */
    abstract void middleMix(double[] weights, int from, int to, double[] out, MacCounter macs);

    /** MACs that a row of the middle costs one query. */
    abstract int middleCost(int row, boolean first);

    abstract HeadRows copy();
}
