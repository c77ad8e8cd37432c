package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * Sequences so long that the device goes through several ranges of keys, for a prompt and for
 * decoding: the reference's outputs and streams.
 */
class OpenClAttentionTest {
    private static final HeadShape HEADS = new HeadShape(1, 3, 1, 16);
    private static final int PROMPT = 2200;
    private static final int ROWS = PROMPT + 3;
    private static final int CHUNK = 700;

    static Stream<AttentionStrategy> strategies() {
        Delta bf16 = Delta.of(0.5f, Events.BF16, Store.BF16);
        Delta relative = new Delta(new float[] {0.3f}, true, Events.INT8, new float[0], Store.F32);
        Encoding int8 = new Encoding.Exact(Store.INT8);
        return Stream.of(
                WindowStrategy.sliding(bf16, bf16, 3, 50),
                new WindowStrategy(bf16, int8, 0, 100, false, true),
                WindowStrategy.sliding(relative, relative, 40, 300),
                WindowStrategy.sliding(new Encoding.Pruned(0.3f, Store.INT4), bf16, 0, 33),
                WindowStrategy.all(int8));
    }

    private static Backend open(String name) {
        BackendProvider provider =
                ServiceLoader.load(BackendProvider.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .filter(one -> one.name().equals(name))
                        .findFirst()
                        .orElseGet(() -> abort("no installed module provides " + name));
        if (provider.probe() instanceof BackendProbe.Unavailable unavailable) {
            return abort(name + " is unavailable: " + unavailable.reason());
        }
        return provider.open(BackendOptions.DEFAULT);
    }

    private static Program program() {
        Program.Recorder recorder = Program.record(HEADS);
        Value query = recorder.input("query", HEADS.queryWidth());
        Value key = recorder.input("key", HEADS.kvWidth());
        Value value = recorder.input("value", HEADS.kvWidth());
        Value out = recorder.value("out", HEADS.queryWidth());
        return recorder.attention(0, query, key, value, 0.25f, out).output(out).program();
    }

    /** Rows that go from one to the next by little. */
    private static float[] walk(int width, long seed, float step) {
        Random random = new Random(seed);
        float[] rows = new float[ROWS * width];
        for (int i = 0; i < rows.length; i++) {
            float before = i < width ? 0 : 0.98f * rows[i - width];
            rows[i] = before + step * (float) random.nextGaussian();
        }
        return rows;
    }

    private record Result(float[] out, List<KvStream> streams) {}

    private static Result run(String backend, AttentionStrategy strategy) {
        List<float[]> inputs =
                List.of(
                        walk(HEADS.queryWidth(), 1, 1),
                        walk(HEADS.kvWidth(), 2, 0.2f),
                        walk(HEADS.kvWidth(), 3, 0.2f));
        float[] out = new float[0];
        try (Backend opened = open(backend);
                Executable executable = opened.compile(program(), CHUNK);
                KvCache cache = executable.newCache(strategy, ROWS)) {
            cache.declare(PROMPT);
            while (cache.length() < ROWS) {
                int from = cache.length();
                int left = from < PROMPT ? PROMPT - from : 1;
                int count = Math.min(CHUNK, left);
                for (int i = 0; i < inputs.size(); i++) {
                    Value input = executable.program().inputs().get(i);
                    int at = from * input.width();
                    float[] rows =
                            Arrays.copyOfRange(inputs.get(i), at, at + count * input.width());
                    executable.write(input, count, rows);
                }
                executable.run(
                        new Step().add(cache, new int[count], 0, count, Step.Logits.NONE),
                        (row, logits) -> {});
                float[] part = executable.read(executable.program().outputs().getFirst(), count);
                out = Arrays.copyOf(out, out.length + part.length);
                System.arraycopy(part, 0, out, out.length - part.length, part.length);
            }
            return new Result(
                    out,
                    List.of(
                            cache.export(0, 0, KvStream.Kind.KEYS),
                            cache.export(0, 0, KvStream.Kind.VALUES)));
        }
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void longSequencesAreTheReferences(AttentionStrategy strategy) {
        Result result = run("opencl", strategy);
        Result reference = run("reference", strategy);
        for (int i = 0; i < reference.out().length; i++) {
            assertThat(result.out()[i])
                    .as("output %d", i)
                    .isCloseTo(reference.out()[i], within(1e-4f));
        }
        for (int i = 0; i < 2; i++) {
            KvStream.DeltaRows rows = result.streams().get(i).delta();
            KvStream.DeltaRows wanted = reference.streams().get(i).delta();
            assertThat(rows.count()).isEqualTo(wanted.count());
            assertThat(rows.changed()).isEqualTo(wanted.changed());
            assertThat(rows.events()).usingComparatorWithPrecision(0f).isEqualTo(wanted.events());
            assertThat(rows.steps()).isEqualTo(wanted.steps());
            assertThat(rows.sigma()).isEqualTo(wanted.sigma());
        }
    }
}
