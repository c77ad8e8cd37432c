package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.Encoding;
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
