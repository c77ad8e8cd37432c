package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Store;

/** Defects in what a backend makes of a strategy. */
final class StrategyDefects {
    private StrategyDefects() {}

    /** The exact run begins one key late. */
    static final class WindowOffByOne implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return new StrategyCopy(strategy) {
                @Override
                public int exactFrom(int layer, int kvHead, int position, Request request) {
                    int from = super.exactFrom(layer, kvHead, position, request);
                    return from == 0 ? 0 : Math.min(position, from + 1);
                }
            };
        }
    }

    /** Rows that should be bf16 are not rounded. */
    static final class UnroundedRows implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return new StrategyCopy(strategy) {
                @Override
                Encoding changed(Encoding encoding) {
                    return encoding instanceof Encoding.Exact(Store store) && store == Store.BF16
                            ? new Encoding.Exact(Store.F32)
                            : encoding;
                }
            };
        }
    }

    /** A change that equals its threshold is transmitted. */
    static final class TransmittedTies implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return scaled(strategy, theta -> Math.max(0, Math.nextDown(theta)), false);
        }
    }

    /** Thresholds are too large. */
    static final class TripledThresholds implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return scaled(strategy, theta -> 3 * theta, false);
        }
    }

    /** Thresholds are never multiples of sigma. */
    static final class IgnoredSigma implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return scaled(strategy, theta -> theta, true);
        }
    }

    private interface Threshold {
        float of(float theta);
    }

    private static AttentionStrategy scaled(
            AttentionStrategy strategy, Threshold threshold, boolean absolute) {
        return new StrategyCopy(strategy) {
            @Override
            Encoding changed(Encoding encoding) {
                if (encoding instanceof Encoding.Delta delta) {
                    float[] thresholds = delta.thresholds().clone();
                    for (int i = 0; i < thresholds.length; i++) {
                        thresholds[i] = threshold.of(thresholds[i]);
                    }
                    return new Encoding.Delta(
                            thresholds,
                            delta.relative() && !absolute,
                            delta.events(),
                            delta.steps(),
                            delta.store());
                }
                return encoding;
            }
        };
    }

    /** Numbers that make no sense are made to fit. */
    static final class AnyNumber implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return new StrategyCopy(strategy) {
                @Override
                public int exactFrom(int layer, int kvHead, int position, Request request) {
                    int least = Math.max(0, position - window(layer, kvHead, request) + 1);
                    int from = super.exactFrom(layer, kvHead, position, request);
                    return Math.clamp(from, Math.min(position, least), position);
                }
            };
        }
    }

    /** All heads are kept as the first one. */
    static final class FirstHeadForAll implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return new StrategyCopy(strategy) {
                @Override
                public Encoding keys(int layer, int kvHead) {
                    return sound.keys(0, 0);
                }
            };
        }
    }

    /** A window that grows reaches back to keys that were outside before. */
    static final class ReachesBack implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return new StrategyCopy(strategy) {
                @Override
                public int window(int layer, int kvHead, Request request) {
                    return super.window(layer, kvHead, new Request(1 << 20));
                }
            };
        }
    }

    /** The window stays what it was when the sequence began. */
    static final class FixedWindow implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            return new StrategyCopy(strategy) {
                @Override
                public int exactFrom(int layer, int kvHead, int position, Request request) {
                    Request first = new Request(Math.min(request.tokens(), 50));
                    return super.exactFrom(layer, kvHead, position, first);
                }
            };
        }
    }
}
