package io.github.deltallm.backend.reference;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.Random;

/** Attention of a single head of {@link #DIM} channels, fed with made-up rows. */
final class OneHead implements AutoCloseable {
    static final int DIM = 2;

    /** A window of half of what was declared, at least {@code least}; keys and values alike. */
    record Half(Encoding encoding, int sinks, int least, boolean dropsMiddle)
            implements AttentionStrategy {
        @Override
        public AttentionSpec spec() {
            return AttentionSpec.parse("half:least=" + least);
        }

        @Override
        public Encoding keys(int layer, int kvHead) {
            return encoding;
        }

        @Override
        public Encoding values(int layer, int kvHead) {
            return encoding;
        }

        @Override
        public int sinks(int layer, int kvHead) {
            return sinks;
        }

        @Override
        public boolean dropsMiddle(int layer, int kvHead) {
            return dropsMiddle;
        }

        @Override
        public int window(int layer, int kvHead, Request request) {
            return Math.max(least, request.tokens() / 2);
        }

        @Override
        public int exactFrom(int layer, int kvHead, int position, Request request) {
            return Math.max(0, position - window(layer, kvHead, request) + 1);
        }
    }

    private final Backend backend = new ReferenceProvider().open(BackendOptions.DEFAULT);
    private final Executable executable;

    OneHead() {
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, DIM));
        Value query = recorder.input("query", DIM);
        Value key = recorder.input("key", DIM);
        Value value = recorder.input("value", DIM);
        Value out = recorder.value("out", DIM);
        recorder.attention(0, query, key, value, 0.7f, out).output(out);
        executable = backend.compile(recorder.program(), 1000);
    }

    KvCache newCache(AttentionStrategy strategy) {
        return executable.newCache(strategy, 1000);
    }

    KvCache restore(AttentionStrategy strategy, int declared, KvStream.Source source) {
        return executable.restore(strategy, 1000, declared, source);
    }

    /** Appends rows that depend on their positions alone, and returns their outputs. */
    float[] feed(KvCache cache, int rows) {
        return feed(cache, rows, 1);
    }

    /** As above, every key and value times a factor. */
    float[] feed(KvCache cache, int rows, float factor) {
        for (Value input : executable.program().inputs()) {
            float[] data = new float[rows * DIM];
            for (int row = 0; row < rows; row++) {
                Random random = new Random(31L * (cache.length() + row) + input.name().hashCode());
                for (int c = 0; c < DIM; c++) {
                    data[row * DIM + c] = factor * (float) random.nextGaussian();
                }
            }
            executable.write(input, rows, data);
        }
        Step step = new Step().add(cache, new int[rows], 0, rows, Step.Logits.NONE);
        executable.run(step, (row, logits) -> {});
        return executable.read(executable.program().outputs().getFirst(), rows);
    }

    @Override
    public void close() {
        executable.close();
        backend.close();
    }
}
