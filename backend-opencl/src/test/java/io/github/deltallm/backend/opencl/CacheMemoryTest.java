package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Random;
import java.util.function.Consumer;

/** What caches take of a device's memory. */
class CacheMemoryTest {
    private static final HeadShape HEADS = new HeadShape(2, 4, 2, 64);
    private static final int CHUNK = 128;
    private static final Encoding BF16 = new Encoding.Exact(Store.BF16);

    @TempDir private Path folder;

    /** Sees the last 32 rows exactly. */
    private static AttentionStrategy window(Encoding keys, Encoding values, boolean drops) {
        return new WindowStrategy(keys, values, 0, 32, drops, false);
    }

    private static Program program() {
        Program.Recorder recorder = Program.record(HEADS);
        Value query = recorder.input("query", HEADS.queryWidth());
        Value key = recorder.input("key", HEADS.kvWidth());
        Value value = recorder.input("value", HEADS.kvWidth());
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            Value out = recorder.value("out " + layer, HEADS.queryWidth());
            recorder.attention(layer, query, key, value, 0.125f, out).output(out);
        }
        return recorder.program();
    }

    /** Opens a device whose memory of caches a test looks at. */
    private void onDevice(Consumer<Bench> test) {
        Devices.any();
        OpenClBackendProvider provider = new OpenClBackendProvider(Devices.settings(folder));
        try (OpenClBackend backend = (OpenClBackend) provider.open(BackendOptions.DEFAULT);
                Executable executable = backend.compile(program(), CHUNK)) {
            test.accept(new Bench(executable, backend.device().memory()));
        }
    }

    private record Bench(Executable executable, MemoryBudget memory) {
        /** Appends rows that change little from one to the next. */
        void feed(KvCache cache, int rows) {
            Random random = new Random(cache.length());
            for (int done = 0; done < rows; done += CHUNK) {
                int count = Math.min(CHUNK, rows - done);
                for (Value input : executable.program().inputs()) {
                    float[] data = new float[count * input.width()];
                    for (int i = 0; i < data.length; i++) {
                        float before = i < input.width() ? 0 : data[i - input.width()];
                        data[i] = before + 0.2f * (float) random.nextGaussian();
                    }
                    executable.write(input, count, data);
                }
                executable.run(
                        new Step().add(cache, new int[count], 0, count, Step.Logits.NONE),
                        (row, logits) -> {});
            }
        }

        long used() {
            return memory.used(BufferUse.CACHES);
        }
    }

    private static long sum(CacheBytes bytes) {
        return bytes.keys() + bytes.values();
    }

    @Test
    void encodedCacheTakesAFractionOfTheDenseOne() {
        Delta delta = Delta.of(0.6f, Events.BF16, Store.BF16);
        onDevice(bench -> {
            try (KvCache dense = bench.executable().newCache(window(BF16, BF16, false), 2048);
                    KvCache encoded =
                            bench.executable().newCache(window(delta, delta, false), 2048)) {
                bench.feed(dense, 2048);
                bench.feed(encoded, 2048);
                CacheBytes bytes = dense.bytes();
                assertThat(sum(bytes)).isGreaterThanOrEqualTo(2 * bytes.denseKeys());
                assertThat(sum(encoded.bytes())).isLessThan(sum(bytes) / 2);
            }
        });
    }

    @Test
    void droppedRowsAreGone() {
        onDevice(bench -> {
            try (KvCache cache = bench.executable().newCache(window(BF16, BF16, true), 4096)) {
                bench.feed(cache, 512);
                long before = bench.used();
                bench.feed(cache, 3584);
                assertThat(bench.used() - before).as("growth").isLessThan(100_000);
                assertThat(sum(cache.bytes())).isLessThan(cache.bytes().denseKeys() / 4);
            }
        });
    }

    @Test
    void reportedBytesAreThoseAllocated() {
        Delta delta = Delta.of(0.6f, Events.INT8, Store.BF16);
        onDevice(bench -> {
            bench.feed(bench.executable().newCache(window(delta, delta, false), 512), 512);
            long scratch = bench.used();
            try (KvCache cache = bench.executable().newCache(window(delta, BF16, false), 512)) {
                bench.feed(cache, 300);
                assertThat(sum(cache.bytes())).isEqualTo(bench.used() - scratch);
            }
            assertThat(bench.used()).as("closed").isEqualTo(scratch);
        });
    }

    @Test
    void forkSharesWhatNeitherChanges() {
        onDevice(bench -> {
            try (KvCache origin = bench.executable().newCache(Tiny.DENSE, 2048)) {
                bench.feed(origin, 1000);
                long before = bench.used();
                try (KvCache fork = origin.fork()) {
                    assertThat(bench.used()).as("a fork takes nothing").isEqualTo(before);
                    bench.feed(fork, 1);
                    assertThat(bench.used() - before)
                            .as("then a page of each kind of rows")
                            .isLessThan(before / 4);
                    assertThat(fork.length()).isEqualTo(origin.length() + 1);
                }
            }
        });
    }

    @Test
    void truncatedToNothingTakesNothing() {
        onDevice(bench -> {
            try (KvCache cache = bench.executable().newCache(Tiny.DENSE, 256)) {
                bench.feed(cache, 256);
                cache.truncate(0);
                assertThat(sum(cache.bytes())).as("but for the directory").isLessThan(10_000);
                bench.feed(cache, 1);
                assertThat(cache.length()).isEqualTo(1);
            }
        });
    }
}
