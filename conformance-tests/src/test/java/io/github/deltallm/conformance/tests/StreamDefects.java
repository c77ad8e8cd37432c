package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.DeltaRows;

import java.util.Arrays;
import java.util.BitSet;

/** Defects of encoded streams and of counts. */
final class StreamDefects {
    private StreamDefects() {}

    /** Changes are taken from the key before, not from what was transmitted: errors add up. */
    static final class OpenLoop implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                @Override
                public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
                    KvStream stream = sound().export(layer, kvHead, kind);
                    return strategy().keys(layer, kvHead) instanceof Encoding.Delta delta
                                    && stream.delta().count() > 0
                                    && stream.exact().size() == 1
                            ? openLoop(stream, delta)
                            : stream;
                }
            };
        }

        private static KvStream openLoop(KvStream stream, Encoding.Delta delta) {
            float[] rows = stream.exact().getFirst().values();
            int dim = rows.length / stream.length();
            BitSet changed = new BitSet();
            float[] events = new float[rows.length];
            int count = 0;
            for (int i = 0; i < rows.length; i++) {
                float change = i < dim ? rows[i] : rows[i] - rows[i - dim];
                if (i < dim || Math.abs(change) > delta.threshold(i % dim)) {
                    changed.set(i);
                    events[count++] = change;
                }
            }
            return with(stream, changed, Arrays.copyOf(events, count), stream.delta().steps());
        }
    }

    /** What was transmitted is forgotten: all changes are taken from the first key. */
    static final class ReferenceNotUpdated implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                @Override
                public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
                    KvStream stream = sound().export(layer, kvHead, kind);
                    return strategy().keys(layer, kvHead) instanceof Encoding.Delta delta
                                    && stream.delta().count() > 0
                                    && stream.exact().size() == 1
                            ? fromTheFirst(stream, delta)
                            : stream;
                }
            };
        }

        private static KvStream fromTheFirst(KvStream stream, Encoding.Delta delta) {
            float[] rows = stream.exact().getFirst().values();
            int dim = rows.length / stream.length();
            BitSet changed = new BitSet();
            float[] events = new float[rows.length];
            int count = 0;
            for (int i = 0; i < rows.length; i++) {
                float change = i < dim ? rows[i] : rows[i] - rows[i % dim];
                if (i < dim || Math.abs(change) > delta.threshold(i % dim)) {
                    changed.set(i);
                    events[count++] = change;
                }
            }
            return with(stream, changed, Arrays.copyOf(events, count), stream.delta().steps());
        }
    }

    /** The accumulator of the scores begins anew with every block of keys. */
    static final class ResetAccumulator implements Defect {
        private static final int BLOCK = 16;

        @Override
        public float[] attended(HeadShape heads, KvCache sound, float[] queries, float[] output) {
            if (!(sound.strategy().keys(0, 0) instanceof Encoding.Delta)) {
                return output;
            }
            int dim = heads.headDim();
            int rows = sound.length();
            float[] exact = new float[rows * heads.kvWidth()];
            float[] middle = exact.clone();
            float[] values = exact.clone();
            for (int head = 0; head < heads.kvHeads(); head++) {
                HeldRows keys = HeldRows.of(sound, head, KvStream.Kind.KEYS, dim);
                float[] held = HeldRows.of(sound, head, KvStream.Kind.VALUES, dim).exact();
                for (int i = 0; i < rows * dim; i++) {
                    int begin = i / dim / BLOCK * BLOCK - 1;
                    int at = i / dim * heads.kvWidth() + head * dim + i % dim;
                    float before = begin < 0 ? 0 : keys.encoded()[begin * dim + i % dim];
                    exact[at] = keys.exact()[i];
                    middle[at] = keys.encoded()[i] - before;
                    values[at] = held[i];
                }
            }
            Declared declared = Declared.of(sound.strategy(), rows);
            int from = rows - output.length / heads.queryWidth();
            double[] wrong =
                    new AttentionFormula(heads, declared, exact, middle, values, values)
                            .of(queries, from)
                            .values();
            float[] out = new float[wrong.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) wrong[i];
            }
            return out;
        }
    }

    private static KvStream with(KvStream stream, BitSet changed, float[] events, float[] steps) {
        DeltaRows rows = stream.delta();
        return new KvStream(
                stream.length(),
                stream.exact(),
                new DeltaRows(rows.count(), changed.toLongArray(), events, steps, rows.sigma()));
    }

    /** Every run begins with a channel that is transmitted although it did not change. */
    static final class ChunksShow implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                private int begun;

                @Override
                void runs() {
                    begun = length();
                }

                @Override
                public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
                    KvStream stream = sound().export(layer, kvHead, kind);
                    BitSet changed = BitSet.valueOf(stream.delta().changed());
                    float[] events = stream.delta().events();
                    int dim = DeltaTrial.HEADS.headDim();
                    int bit = changed.nextClearBit(begun * dim);
                    if (begun == 0 || begun >= stream.delta().count() || bit >= begun * dim + dim) {
                        return stream;
                    }
                    int at = changed.get(0, bit).cardinality();
                    changed.set(bit);
                    float[] more = Arrays.copyOf(events, events.length + 1);
                    System.arraycopy(events, at, more, at + 1, events.length - at);
                    more[at] = 0;
                    return with(stream, changed, more, stream.delta().steps());
                }
            };
        }
    }

    /** Steps survive a truncation of the rows from which they were fixed. */
    static final class StaleSteps implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                private float[] stale = {};

                @Override
                public void truncate(int length) {
                    stale = sound().export(0, 0, KvStream.Kind.KEYS).delta().steps();
                    sound().truncate(length);
                }

                @Override
                public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
                    KvStream stream = sound().export(layer, kvHead, kind);
                    DeltaRows rows = stream.delta();
                    return stale.length == 0 || kind == KvStream.Kind.VALUES || rows.count() == 0
                            ? stream
                            : with(stream, BitSet.valueOf(rows.changed()), rows.events(), stale);
                }
            };
        }
    }

    /** A fork counts everything twice. */
    static final class DoubledCounts implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                @Override
                public KvCache fork() {
                    return new DefectiveCache(sound().fork()) {
                        @Override
                        public AttentionCounts counts(int layer, Stage stage) {
                            AttentionCounts counts = sound().counts(layer, stage);
                            return counts.plus(counts);
                        }
                    };
                }
            };
        }
    }

    /** Counts are those before the last run. */
    static final class StaleCounts implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                private KvCache before = cache.fork();

                @Override
                void runs() {
                    before.close();
                    before = sound().fork();
                }

                @Override
                public AttentionCounts counts(int layer, Stage stage) {
                    return before.counts(layer, stage);
                }
            };
        }
    }

    /** A truncation forgets what was counted. */
    static final class ForgottenCounts implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                private boolean truncated;

                @Override
                public void truncate(int length) {
                    sound().truncate(length);
                    truncated = true;
                }

                @Override
                public AttentionCounts counts(int layer, Stage stage) {
                    return truncated ? AttentionCounts.ZERO : sound().counts(layer, stage);
                }
            };
        }
    }

    /** All positions count to the prompt. */
    static final class OneStage implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                @Override
                public AttentionCounts counts(int layer, Stage stage) {
                    return stage == Stage.DECODE
                            ? AttentionCounts.ZERO
                            : sound().counts(layer, stage)
                                    .plus(sound().counts(layer, Stage.DECODE));
                }
            };
        }
    }

    /** A damaged state is restored as an empty one. */
    static final class AcceptedDamage implements Defect {
        @Override
        public boolean restoresAnything() {
            return true;
        }
    }
}
