package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** The kit for authors against attentions with a defect each; run by {@link SabotageTest} alone. */
final class BrokenStrategies {
    private static final Delta DELTA = Delta.of(0.5f, Events.F32, Store.F32);

    private BrokenStrategies() {}

    /** Sound but for what a subclass makes of it. */
    abstract static class Broken extends AttentionConformance implements AttentionProvider {
        @Override
        public String name() {
            return "broken";
        }

        @Override
        public String description() {
            return "delta with a window";
        }

        @Override
        public List<String> settings() {
            return List.of("window");
        }

        @Override
        public AttentionStrategy create(AttentionSpec spec, Context context) {
            spec.requireKeys(settings());
            return broken(made(spec));
        }

        final AttentionStrategy made(AttentionSpec spec) {
            int window = spec.integer("window", 7, 1, 1000);
            Percent percent = new Percent(Runs.delta(DELTA, 2, window), 10, false);
            return new StrategyCopy(percent) {
                @Override
                public AttentionSpec spec() {
                    return new AttentionSpec("broken", Map.of("window", "" + window));
                }
            };
        }

        abstract AttentionStrategy broken(AttentionStrategy sound);

        @Override
        protected AttentionProvider provider() {
            return this;
        }

        @Override
        protected List<String> specs() {
            return List.of("broken", "broken:window=3");
        }
    }

    static final class NothingBroken extends Broken {
        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return sound;
        }
    }

    static final class IncompleteSpec extends Broken {
        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return new StrategyCopy(sound) {
                @Override
                public AttentionSpec spec() {
                    return AttentionSpec.parse("broken");
                }
            };
        }
    }

    static final class AnySetting extends Broken {
        @Override
        public AttentionStrategy create(AttentionSpec spec, Context context) {
            return made(spec);
        }

        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return sound;
        }
    }

    static final class AnyValue extends Broken {
        @Override
        protected List<String> refused() {
            return List.of("broken:window=5");
        }

        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return sound;
        }
    }

    static final class Impure extends Broken {
        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            AtomicInteger asked = new AtomicInteger();
            return new StrategyCopy(sound) {
                @Override
                public int sinks(int layer, int kvHead) {
                    return asked.getAndIncrement();
                }
            };
        }
    }

    static final class NanThreshold extends Broken {
        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return new StrategyCopy(sound) {
                @Override
                Encoding changed(Encoding encoding) {
                    return Delta.of(Float.NaN, Events.F32, Store.F32);
                }
            };
        }
    }

    static final class BeyondTheQuery extends Broken {
        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return new StrategyCopy(sound) {
                @Override
                public int exactFrom(int layer, int kvHead, int position, Request request) {
                    return position == 63 ? 64 : super.exactFrom(layer, kvHead, position, request);
                }
            };
        }
    }

    static final class OutsideTheWindow extends Broken {
        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return new StrategyCopy(sound) {
                @Override
                public int exactFrom(int layer, int kvHead, int position, Request request) {
                    return Math.max(0, super.exactFrom(layer, kvHead, position, request) - 1);
                }
            };
        }
    }

    static final class FallingWindow extends Broken {
        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return new StrategyCopy(sound) {
                @Override
                public int window(int layer, int kvHead, Request request) {
                    return request.tokens() > 1000 ? 20 : super.window(layer, kvHead, request);
                }
            };
        }
    }

    /** Sound, on a backend that is not. */
    static final class OtherThresholds extends Broken {
        @Override
        protected List<BackendProvider> backends() {
            return List.of(new DefectiveProvider(new StrategyDefects.TripledThresholds()));
        }

        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return sound;
        }
    }

    /** Sound, on a backend whose models are not. */
    static final class OtherScale extends Broken {
        @Override
        protected List<BackendProvider> backends() {
            return List.of(new DefectiveProvider(new ProgramDefects.WrongScale()));
        }

        @Override
        AttentionStrategy broken(AttentionStrategy sound) {
            return sound;
        }
    }
}
