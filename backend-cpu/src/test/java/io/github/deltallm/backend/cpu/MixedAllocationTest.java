package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Exact;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;

/**
 * Delta, dense, dropping and pruned attention one after the other in one JVM. What the compiler
 * knows of a kernel is what ran before, so a vector that is boxed after another attention shows
 * only here.
 */
class MixedAllocationTest {
    private static final LogitsSink NO_SINK = (row, logits) -> {};
    private static final int CHUNK = 70;
    private static final int PROMPT = 4 * CHUNK + 20;
    private static final int DECODED = 128;

    /**
     * A token takes some ten thousand vector operations, each of which would box 64 bytes. What
     * storing events allocates is far less: for each block of 32 rows of a head's keys or values a
     * reference of {@code 4 d} bytes, for each chunk of their memory (of 4 KB and more) a few
     * objects and a copy of the list of chunks, and growing lists of places and anchors.
     */
    private static final long BYTES_A_TOKEN = 1_024;

    /** Of the processor, not of the clock: others may use the machine too. */
    private static final Duration MOST = Duration.ofSeconds(40);

    /** An attention and its name. */
    private record Kind(String name, AttentionStrategy strategy) {}

    private static Delta delta(float theta, boolean relative, Events events, Store store) {
        return new Delta(new float[] {theta}, relative, events, new float[0], store);
    }

    private static Kind encoded(String name, Encoding keys, Encoding values, boolean blocks) {
        return new Kind(name, new WindowStrategy(keys, values, 4, 40, false, blocks));
    }

    private static List<Kind> kinds() {
        Exact f32 = new Exact(Store.F32);
        Exact bf16 = new Exact(Store.BF16);
        Delta keys = delta(0.5f, false, Events.BF16, Store.BF16);
        Delta wide = delta(0.5f, false, Events.F32, Store.F32);
        Delta whole = delta(0.5f, false, Events.INT8, Store.BF16);
        Delta sigmas = delta(0.5f, true, Events.BF16, Store.BF16);
        Kind deltas = encoded("delta bf16, values too", keys, sigmas, false);
        Kind dense = new Kind("dense f32", TestStrategy.dense(Store.F32));
        return List.of(
                encoded("delta f32", wide, f32, false),
                encoded("delta f32 in blocks, values too", wide, wide, true),
                encoded("delta bf16", keys, bf16, true),
                deltas,
                encoded("delta int8", whole, bf16, false),
                encoded("delta int8, values too", whole, whole, true),
                dense,
                new Kind("dense bf16", TestStrategy.dense(Store.BF16)),
                new Kind("window", new TestStrategy(Store.BF16, 4, 40)),
                encoded("prune", new Encoding.Pruned(0.5f, Store.BF16), bf16, false),
                new Kind("dense int8", TestStrategy.dense(Store.INT8)),
                deltas,
                dense);
    }

    /** What the forked JVM runs: prints a line of bytes a token for each attention. */
    public static void main(String[] args) {
        try (Backend backend = KernelChecks.open(2, Precision.FAST);
                Executable executable = backend.compile(TinyModel.program(), CHUNK)) {
            for (Kind kind : kinds()) {
                try (KvCache cache = executable.newCache(kind.strategy(), PROMPT + DECODED)) {
                    measure(kind.name(), executable, cache);
                }
            }
        }
    }

    /** The compiler works in the background, so it gets several chances. */
    private static void measure(String name, Executable executable, KvCache cache) {
        Duration end = used().plus(MOST);
        long[] least = {Long.MAX_VALUE, Long.MAX_VALUE};
        while (Math.max(least[0], least[1]) > BYTES_A_TOKEN && used().compareTo(end) < 0) {
            cache.truncate(0);
            cache.declare(PROMPT);
            least[0] = Math.min(least[0], allocated(executable, cache, PROMPT, CHUNK));
            least[1] = Math.min(least[1], allocated(executable, cache, PROMPT + DECODED, 1));
        }
        System.out.println("prefill " + least[0] + " decode " + least[1] + " bytes: " + name);
    }

    private static Duration used() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
    }

    private static long allocated(Executable executable, KvCache cache, int to, int chunk) {
        int[] tokens = new int[chunk];
        Step step = new Step();
        int from = cache.length();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getTotalThreadAllocatedBytes();
        while (cache.length() < to) {
            int rows = Math.min(chunk, to - cache.length());
            for (int i = 0; i < rows; i++) {
                tokens[i] = (cache.length() + i) * 53 % TinyModel.VOCABULARY;
            }
            executable.run(step.clear().add(cache, tokens, 0, rows, Step.Logits.LAST), NO_SINK);
        }
        return (threads.getTotalThreadAllocatedBytes() - before) / (to - from);
    }

    @Test
    void noAttentionMakesGarbageWhateverRanBefore() throws IOException, InterruptedException {
        String printed = ForkedJvm.run(MixedAllocationTest.class, ForkedJvm.VECTORS);
        List<String> lines = printed.lines().filter(line -> line.startsWith("prefill ")).toList();
        System.out.println(String.join("\n", lines));
        assertThat(lines)
                .hasSize(kinds().size())
                .allSatisfy(line -> {
                    String[] words = line.split(" ", -1);
                    assertThat(Long.parseLong(words[1]))
                            .as(line)
                            .isLessThanOrEqualTo(BYTES_A_TOKEN);
                    assertThat(Long.parseLong(words[3]))
                            .as(line)
                            .isLessThanOrEqualTo(BYTES_A_TOKEN);
                });
    }
}
