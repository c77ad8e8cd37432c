package io.github.deltallm.engine;

import static java.util.Objects.requireNonNull;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvCache.Stage;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A session's keys and values: one {@link KvCache}, which gives way to another where the attention
 * is {@code auto} and changes. What was counted in earlier ones stays counted.
 */
final class SessionCache implements AutoCloseable {
    private final Executable executable;
    private final AttentionSpec requested;
    private final Optional<AutoAttention> auto;

    /** Of the caches before this one, by stage and layer; never changed, forks share it. */
    private Map<Stage, List<AttentionCounts>> before;

    private KvCache cache;

    private SessionCache(
            Executable executable,
            AttentionSpec requested,
            Optional<AutoAttention> auto,
            Map<Stage, List<AttentionCounts>> before,
            KvCache cache) {
        this.executable = executable;
        this.requested = requested;
        this.auto = auto;
        this.before = before;
        this.cache = cache;
    }

    /** A cache with one attention from the first key to the last. */
    static SessionCache fixed(Executable executable, AttentionSpec requested, KvCache cache) {
        return new SessionCache(
                executable, requested, Optional.empty(), nothingCounted(executable), cache);
    }

    /** A cache with the attention {@code auto}, as far as it has come. */
    static SessionCache automatic(Executable executable, AutoAttention auto, KvCache cache) {
        return new SessionCache(
                executable,
                AutoAttention.SPEC,
                Optional.of(auto),
                nothingCounted(executable),
                cache);
    }

    private static Map<Stage, List<AttentionCounts>> nothingCounted(Executable executable) {
        int layers = executable.program().heads().layers();
        List<AttentionCounts> none = Collections.nCopies(layers, AttentionCounts.ZERO);
        return Map.of(Stage.PREFILL, none, Stage.DECODE, none);
    }

    /** The cache to run with now, see {@link #prepare}. */
    KvCache current() {
        return cache;
    }

    /** The attention as it was asked for. */
    AttentionSpec requested() {
        return requested;
    }

    /** The attention that runs now. */
    AttentionSpec running() {
        return cache.strategy().spec();
    }

    Optional<String> note() {
        return auto.flatMap(AutoAttention::note);
    }

    int length() {
        return cache.length();
    }

    int capacity() {
        return cache.capacity();
    }

    void declare(int tokens) {
        cache.declare(tokens);
    }

    int truncationFloor() {
        return cache.truncationFloor();
    }

    /** Forgets positions; what is empty begins as a new session does. */
    void truncate(int length) {
        cache.truncate(length);
        if (length == 0 && auto.isPresent()) {
            AttentionStrategy dense = auto.get().dense();
            if (!running().equals(dense.spec())) {
                replace(executable.newCache(dense, cache.capacity()));
            }
            auto.get().restart();
        }
    }

    /**
     * Before a run: changes the attention if it is time.
     *
     * @param coming the number of tokens that are known to come, those of the run among them
     * @throws CancelledException if it was cancelled meanwhile; nothing has changed then
     */
    void prepare(int coming, Cancellation cancellation) {
        if (auto.isPresent() && auto.get().due(cache, coming)) {
            encode(auto.get(), cancellation);
        }
    }

    /** Goes on delta-encoded, or dense where that is impossible: then all is as it was. */
    private void encode(AutoAttention policy, Cancellation cancellation) {
        int length = cache.length();
        try {
            replace(encoded(policy.delta(), cancellation));
            policy.settle(
                    length == 0
                            ? Optional.empty()
                            : Optional.of("dense for the first " + length + " tokens"));
        } catch (CancelledException cancelled) {
            throw cancelled;
        } catch (DeltaLlmException | OutOfMemoryError impossible) {
            policy.settle(Optional.of("stays dense: " + impossible.getMessage()));
        }
    }

    private KvCache encoded(AttentionStrategy delta, Cancellation cancellation) {
        int declared = cache.request().tokens();
        if (cache.length() == 0) {
            KvCache empty = executable.newCache(delta, cache.capacity());
            empty.declare(declared);
            return empty;
        }
        return executable.restore(
                delta,
                cache.capacity(),
                declared,
                (layer, head, kind) -> {
                    cancellation.check();
                    return cache.export(layer, head, kind);
                });
    }

    private void replace(KvCache next) {
        Map<Stage, List<AttentionCounts>> sums = new EnumMap<>(Stage.class);
        before.forEach((stage, layers) ->
                sums.put(
                        stage,
                        IntStream.range(0, layers.size())
                                .mapToObj(layer -> counts(layer, stage))
                                .toList()));
        before = sums;
        cache.close();
        cache = next;
    }

    /** What attention computed in a layer, in this cache and those before. */
    AttentionCounts counts(int layer, Stage stage) {
        return requireNonNull(before.get(stage)).get(layer).plus(cache.counts(layer, stage));
    }

    /** An independent copy. What is due is encoded first, once for both. */
    SessionCache fork() {
        if (cache.length() > 0) {
            prepare(0, new Cancellation());
        }
        return new SessionCache(
                executable, requested, auto.map(AutoAttention::fork), before, cache.fork());
    }

    @Override
    public void close() {
        cache.close();
    }
}
