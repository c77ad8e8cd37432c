package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream;

/** Rows that are exact in the middle too. */
final class ExactRows extends HeadRows {
    ExactRows(RowName name, int dim, Encoding.Store store) {
        super(name, dim, store);
    }

    private ExactRows(ExactRows other) {
        super(other);
    }

    @Override
    void check(int row) {}

    @Override
    void encode(EncodedTally tally) {}

    @Override
    void restoreEncoded(KvStream.DeltaRows rows) {}

    @Override
    KvStream.DeltaRows exportEncoded() {
        return KvStream.DeltaRows.NONE;
    }

    @Override
    boolean rebuildsMiddle() {
        return false;
    }

    @Override
    boolean encodedFor(int query) {
        return false;
    }

    @Override
    boolean holdsMiddle(int from, int to, int query) {
        return holds(from, to);
    }

    @Override
    double middleScore(
            float[] q, int at, int row, boolean first, double previous, MacCounter macs) {
        return exactScore(q, at, row, macs);
    }

    @Override
    void middleMix(double[] weights, int from, int to, double[] out, MacCounter macs) {
        for (int row = from; row < to; row++) {
            exactMix(weights[row], row, out, macs);
        }
    }

    @Override
    int middleCost(int row, boolean first) {
        return dim;
    }

    @Override
    HeadRows copy() {
        return new ExactRows(this);
    }
}
