package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream;

/** Rows whose small channels count as zero in the middle. */
final class PrunedRows extends HeadRows {
    private final float theta;

    PrunedRows(RowName name, int dim, Encoding.Pruned pruned) {
        super(name, dim, pruned.store());
        theta = pruned.theta();
    }

    private PrunedRows(PrunedRows other) {
        super(other);
        theta = other.theta;
    }

    @Override
    void check(int row) {
        requireFinite(row);
    }

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
        return true;
    }

    @Override
    boolean holdsMiddle(int from, int to, int query) {
        return holds(from, to);
    }

    @Override
    double middleScore(
            float[] q, int at, int row, boolean first, double previous, MacCounter macs) {
        double sum = 0;
        int executed = 0;
        for (int c = 0; c < dim; c++) {
            if (kept(row, c)) {
                sum += (double) q[at + c] * exact(row, c);
                executed++;
            }
        }
        macs.add(executed);
        return sum;
    }

    @Override
    void middleMix(double[] weights, int from, int to, double[] out, MacCounter macs) {
        int executed = 0;
        for (int row = from; row < to; row++) {
            for (int c = 0; c < dim; c++) {
                if (kept(row, c)) {
                    out[c] += weights[row] * exact(row, c);
                    executed++;
                }
            }
        }
        macs.add(executed);
    }

    @Override
    int middleCost(int row, boolean first) {
        int cost = 0;
        for (int c = 0; c < dim; c++) {
            cost += kept(row, c) ? 1 : 0;
        }
        return cost;
    }

    @Override
    HeadRows copy() {
        return new PrunedRows(this);
    }

    private boolean kept(int row, int channel) {
        return Math.abs(exact(row, channel)) > theta;
    }
}
