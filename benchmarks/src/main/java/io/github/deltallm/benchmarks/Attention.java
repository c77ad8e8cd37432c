package io.github.deltallm.benchmarks;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.ModelIdentity;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The attention operations of all layers of a model, and nothing else, on one backend; their
 * queries, keys and values are written before each step.
 */
final class Attention implements AutoCloseable {
    private static final ModelIdentity NO_MODEL =
            new ModelIdentity() {
                @Override
                public long size() {
                    return 0;
                }

                @Override
                public String sha256() {
                    return "";
                }
            };

    private final HeadShape heads;
    private final int rows;
    private final Backend backend;
    private final Executable executable;
    private final Value query;
    private final Value key;
    private final Value value;
    private final List<Walk> keyWalks;
    private final List<Walk> valueWalks;
    private final Step step = new Step();
    private final int[] tokens;

    /** By the position of their first row. */
    private final Map<Integer, Inputs> prepared = new HashMap<>();

    private record Inputs(float[] queries, float[] keys, float[] values) {}

    /**
     * @param rows of a step
     * @param depth the longest sequence
     */
    Attention(String backendName, int threads, HeadShape heads, int rows, int depth) {
        this.heads = heads;
        this.rows = rows;
        tokens = new int[rows];
        keyWalks = walks(depth, 1);
        valueWalks = walks(depth, 1001);
        Program.Recorder recorder = Program.record(heads);
        query = recorder.input("query", heads.queryWidth());
        key = recorder.input("key", heads.kvWidth());
        value = recorder.input("value", heads.kvWidth());
        Value out = recorder.value("out", heads.queryWidth());
        float scale = (float) (1 / Math.sqrt(heads.headDim()));
        for (int layer = 0; layer < heads.layers(); layer++) {
            recorder.attention(layer, query, key, value, scale, out);
        }
        backend =
                named(BackendProvider.class, BackendProvider::name, backendName)
                        .open(new BackendOptions(threads, Precision.FAST, Optional.empty()));
        executable = backend.compile(recorder.program(), rows);
    }

    private static <P> P named(Class<P> type, Function<P, String> nameOf, String name) {
        return ServiceLoader.load(type).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> nameOf.apply(provider).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no " + name));
    }

    private List<Walk> walks(int depth, long seed) {
        return IntStream.range(0, heads.kvHeads())
                .mapToObj(head -> Walk.of(depth, heads.headDim(), seed + head))
                .toList();
    }

    /**
     * The strategy of a specification in which {@code @} stands for the threshold at which so many
     * elements of keys, or of values, do not change.
     */
    AttentionStrategy strategy(String pattern, double zeros) {
        String theta = Float.toString(keyWalks.getFirst().thresholdFor(zeros));
        AttentionSpec spec = AttentionSpec.parse(pattern.replace("@", theta));
        return named(AttentionProvider.class, AttentionProvider::name, spec.name())
                .create(spec, new AttentionProvider.Context(heads, NO_MODEL, Precision.FAST));
    }

    /** An empty sequence of a declared length. */
    KvCache empty(AttentionStrategy strategy, int length) {
        KvCache cache = executable.newCache(strategy, length);
        cache.declare(length);
        return cache;
    }

    /** A sequence that holds rows already, encoded as the strategy wants them. */
    KvCache filled(AttentionStrategy strategy, int length, int capacity) {
        return executable.restore(
                strategy,
                capacity,
                length,
                (layer, head, kind) -> {
                    Walk walk = (kind == KvStream.Kind.KEYS ? keyWalks : valueWalks).get(head);
                    float[] exact = Arrays.copyOf(walk.rows(), length * heads.headDim());
                    return new KvStream(
                            length, List.of(new KvStream.Rows(0, exact)), KvStream.DeltaRows.NONE);
                });
    }

    /** Writes the inputs of the rows that begin at a position. */
    void write(int position, int count) {
        Inputs inputs = prepared.computeIfAbsent(position, at -> prepare(at, count));
        executable.write(query, count, inputs.queries);
        executable.write(key, count, inputs.keys);
        executable.write(value, count, inputs.values);
    }

    private Inputs prepare(int position, int count) {
        Random random = new Random(position);
        float[] queries = new float[count * heads.queryWidth()];
        for (int i = 0; i < queries.length; i++) {
            queries[i] = (float) random.nextGaussian();
        }
        return new Inputs(
                queries, rows(keyWalks, position, count), rows(valueWalks, position, count));
    }

    private float[] rows(List<Walk> walks, int position, int count) {
        int dim = heads.headDim();
        float[] rows = new float[count * heads.kvWidth()];
        for (int row = 0; row < count; row++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                System.arraycopy(
                        walks.get(head).rows(),
                        (position + row) * dim,
                        rows,
                        (row * heads.kvHeads() + head) * dim,
                        dim);
            }
        }
        return rows;
    }

    /** Appends rows as written last. */
    void run(KvCache cache, int count) {
        executable.run(
                step.clear().add(cache, tokens, 0, count, Step.Logits.NONE), (row, logits) -> {});
    }

    /** Appends a whole prompt in steps of the largest size. */
    void prompt(KvCache cache, int length) {
        for (int position = 0; position < length; position += rows) {
            int count = Math.min(rows, length - position);
            write(position, count);
            run(cache, count);
        }
    }

    @Override
    public void close() {
        executable.close();
        backend.close();
    }
}
