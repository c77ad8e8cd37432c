package io.github.deltallm.calibration;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;

import java.util.function.IntConsumer;

/** Runs sequences through a model, and reads what its attention reads. */
final class Probe implements AutoCloseable {
    private final TappedProgram tapped;
    private final Executable executable;
    private final Cancellation cancellation;
    private final IntConsumer tokensRead;

    /**
     * A probe of a model, to be closed before it.
     *
     * @param tokensRead is told the number of tokens of every chunk that is done
     */
    Probe(Model model, Cancellation cancellation, IntConsumer tokensRead) {
        tapped = TappedProgram.of(model.program());
        executable = model.compile(tapped.program());
        this.cancellation = cancellation;
        this.tokensRead = tokensRead;
    }

    HeadShape heads() {
        return tapped.program().heads();
    }

    int vocabulary() {
        return tapped.program().vocabulary();
    }

    /** What the scores of a layer are multiplied with. */
    float scale(int layer) {
        return tapped.taps().get(layer).scale();
    }

    /** Takes a layer's rows of one chunk. */
    @FunctionalInterface
    interface LayerRows {
        /**
         * Takes them.
         *
         * @param first position of the first row
         * @param queries {@code [rows, queryWidth]}
         * @param keys {@code [rows, kvWidth]}
         * @param values as keys
         */
        void accept(int layer, int first, float[] queries, float[] keys, float[] values);
    }

    /** Takes the rows of layers {@code [fromLayer, toLayer)} while a sequence runs densely. */
    void record(int[] ids, int fromLayer, int toLayer, LayerRows taker) {
        try (KvCache cache = newCache(TrialAttention.dense(), ids.length)) {
            for (int first = 0; first < ids.length; ) {
                int rows = run(cache, ids, Step.Logits.NONE, (row, logits) -> {});
                for (int layer = fromLayer; layer < toLayer; layer++) {
                    TappedProgram.Tap tap = tapped.taps().get(layer);
                    taker.accept(
                            layer,
                            first,
                            executable.read(tap.query(), rows),
                            executable.read(tap.key(), rows),
                            executable.read(tap.value(), rows));
                }
                first += rows;
            }
        }
    }

    /**
     * Runs a sequence; the sink takes the logits of every position but the last one.
     *
     * @return what attention computed
     */
    AttentionCounts score(AttentionStrategy strategy, int[] ids, LogitsSink sink) {
        try (KvCache cache = newCache(strategy, ids.length)) {
            for (int done = 0; done < ids.length; ) {
                int first = done;
                done +=
                        run(
                                cache,
                                ids,
                                Step.Logits.ALL,
                                (row, logits) -> {
                                    if (first + row < ids.length - 1) {
                                        sink.accept(first + row, logits);
                                    }
                                });
            }
            AttentionCounts counts = AttentionCounts.ZERO;
            for (int layer = 0; layer < heads().layers(); layer++) {
                counts = counts.plus(cache.counts(layer, KvCache.Stage.PREFILL));
            }
            return counts;
        }
    }

    private KvCache newCache(AttentionStrategy strategy, int length) {
        KvCache cache = executable.newCache(strategy, length);
        cache.declare(length);
        return cache;
    }

    /** Runs the next chunk and returns its number of rows. */
    private int run(KvCache cache, int[] ids, Step.Logits logits, LogitsSink sink) {
        if (cancellation.cancelled()) {
            throw new CancelledException("the calibration was cancelled");
        }
        int rows = Math.min(executable.maxRows(), ids.length - cache.length());
        executable.write(tapped.queryZeros(), rows, new float[rows * heads().queryWidth()]);
        executable.write(tapped.keyZeros(), rows, new float[rows * heads().kvWidth()]);
        executable.run(new Step().add(cache, ids, cache.length(), rows, logits), sink);
        tokensRead.accept(rows);
        return rows;
    }

    @Override
    public void close() {
        executable.close();
    }
}
