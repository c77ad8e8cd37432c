package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream.Kind;

/**
 * The error of an encoded channel never grows: {@code |k - kh| <= theta}, or half a step, or what
 * the format of the change rounds; nothing but that rounding where the channel changed.
 */
final class ClosedLoop {
    private ClosedLoop() {}

    /** Checks the first head; saturated int8 changes have no bound. */
    static void check(DeltaTrial trial, KvCache cache, Kind kind) {
        if (!(trial.declared().encoding(0, kind) instanceof Delta delta)) {
            return;
        }
        int dim = trial.heads().headDim();
        float[] inputs = trial.exact(trial.declared(), 0, kind);
        HeldRows held = HeldRows.of(cache, 0, kind, dim);
        float[] steps = cache.export(0, 0, kind).delta().steps();
        float sigma = cache.export(0, 0, kind).delta().sigma();
        Expected expected = new Expected(held.encodedRows() * dim);
        for (int i = 0; i < held.encodedRows() * dim; i++) {
            double input = inputs[i];
            double before = i < dim ? 0 : held.encoded()[i - dim];
            double change = Math.abs(input - before);
            double rounding = 2 * Rounding.U * (Math.abs(input) + change) + Rounding.LEAST;
            double step = steps.length == 0 ? 0 : steps[i % dim];
            double bound;
            if (i < dim) {
                bound = 0;
            } else if (!held.changed().get(i)) {
                boolean silent = steps.length > 0 && step == 0;
                bound = silent ? change : (double) delta.threshold(i % dim) * sigma;
            } else {
                bound =
                        switch (delta.events()) {
                            case F32 -> 0;
                            case BF16 -> 0x1p-8 * change;
                            case INT8 ->
                                    Math.max(step / 2, change - 127 * step)
                                            + 127 * 2 * Rounding.U * step;
                        };
            }
            expected.set(i, input, bound + rounding);
        }
        float[] encoded = Numbers.rows(held.encoded(), dim, 0, held.encodedRows());
        expected.check("encoded " + kind, dim, encoded);
    }
}
