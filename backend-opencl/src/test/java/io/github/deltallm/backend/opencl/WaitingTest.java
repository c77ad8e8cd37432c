package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream.Kind;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Random;
import java.util.function.BiConsumer;

/** How often the host waits until the device has done everything. */
class WaitingTest {
    private static final HeadShape HEADS = new HeadShape(3, 4, 2, 32);
    private static final int CHUNK = 128;

    @TempDir private Path folder;

    private final Driver driver = new Driver();
    private int waits;

    @BeforeEach
    void count() {
        ClFunctions sound = driver.sound();
        driver.replace(
                "clEnqueueReadBuffer",
                Driver.Transfers.class,
                (queue, buffer, blocking, offset, size, memory, count, events, event) -> {
                    waits += blocking;
                    return sound.enqueueRead(
                            queue, buffer, blocking, offset, size, memory, count, events, event);
                });
        driver.replace(
                "clEnqueueWriteBuffer",
                Driver.Transfers.class,
                (queue, buffer, blocking, offset, size, memory, count, events, event) -> {
                    waits += blocking;
                    return sound.enqueueWrite(
                            queue, buffer, blocking, offset, size, memory, count, events, event);
                });
        driver.replace(
                "clFinish",
                Driver.Release.class,
                queue -> {
                    waits++;
                    return sound.finish(queue);
                });
    }

    private static Program program() {
        Program.Recorder recorder = Program.record(HEADS);
        Value query = recorder.input("query", HEADS.queryWidth());
        Value key = recorder.input("key", HEADS.kvWidth());
        Value value = recorder.input("value", HEADS.kvWidth());
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            Value out = recorder.value("out " + layer, HEADS.queryWidth());
            recorder.attention(layer, query, key, value, 0.25f, out).output(out);
        }
        return recorder.program();
    }

    /** Rows that have nothing to do with one another, so that most elements are transmitted. */
    private void run(Executable executable, KvCache cache) {
        Random random = new Random(cache.length());
        for (Value input : executable.program().inputs()) {
            float[] data = new float[CHUNK * input.width()];
            for (int i = 0; i < data.length; i++) {
                data[i] = (float) random.nextGaussian();
            }
            executable.write(input, CHUNK, data);
        }
        waits = 0;
        executable.run(
                new Step().add(cache, new int[CHUNK], 0, CHUNK, Step.Logits.NONE),
                (row, logits) -> {});
    }

    private void withPrompt(BiConsumer<Executable, KvCache> test) {
        Delta delta = Delta.of(0.5f, Events.BF16, Store.BF16);
        AttentionStrategy strategy = WindowStrategy.sliding(delta, delta, 0, 32);
        try (OpenClDevice device = new OpenClDevice(driver.device(), Devices.settings(folder));
                Executable executable = new OpenClExecutable(program(), CHUNK, device);
                KvCache cache = executable.newCache(strategy, 4 * CHUNK)) {
            run(executable, cache);
            run(executable, cache);
            test.accept(executable, cache);
        }
    }

    @Test
    void stepThatClosesRowsOfEveryLayerWaitsAtItsEndOnly() {
        withPrompt((executable, cache) -> {
            run(executable, cache);
            assertThat(cache.length()).isEqualTo(3 * CHUNK);
            assertThat(waits)
                    .as("for where rows lie, for the last kernel and for its counters")
                    .isEqualTo(3);
        });
    }

    @Test
    void exportOfALongerSequenceWaitsNoOftener() {
        withPrompt((executable, cache) -> {
            waits = 0;
            cache.export(1, 1, Kind.KEYS);
            int before = waits;
            run(executable, cache);
            waits = 0;
            cache.export(1, 1, Kind.KEYS);
            assertThat(waits).isEqualTo(before).isLessThan(6);
        });
    }

    @Test
    void restoreOfALongerSequenceWaitsNoOftener() {
        withPrompt((executable, cache) -> {
            int before = waitsOfRestore(executable, cache);
            run(executable, cache);
            assertThat(waitsOfRestore(executable, cache)).isEqualTo(before);
        });
    }

    private int waitsOfRestore(Executable executable, KvCache cache) {
        int[] restoring = {0};
        try (KvCache copy =
                executable.restore(
                        cache.strategy(),
                        cache.capacity(),
                        cache.length(),
                        (layer, head, kind) -> {
                            restoring[0] += waits;
                            var stream = cache.export(layer, head, kind);
                            waits = 0;
                            return stream;
                        })) {
            assertThat(copy.length()).isEqualTo(cache.length());
            return restoring[0] + waits;
        }
    }
}
