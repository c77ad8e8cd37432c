package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.function.BiConsumer;

/** A step that fails leaves everything as it was, and says why it failed. */
class FailedStepTest {
    private static final int OUT_OF_RESOURCES = -5;

    @TempDir private Path folder;

    private static void run(Executable executable, KvCache cache, LogitsSink sink) {
        executable.run(new Step().add(cache, new int[] {1, 2, 3}, 0, 3, Step.Logits.LAST), sink);
    }

    private static float[] logits(Executable executable, KvCache cache) {
        float[][] taken = new float[1][];
        run(executable, cache, (row, logits) -> taken[0] = logits.toArray(ValueLayout.JAVA_FLOAT));
        return taken[0];
    }

    private void withCache(ClDevice opened, BiConsumer<Executable, KvCache> test) {
        try (OpenClDevice device = new OpenClDevice(opened, Devices.settings(folder));
                Executable executable = new OpenClExecutable(Tiny.transformer(), 4, device);
                KvCache cache = executable.newCache(Tiny.DENSE, 8)) {
            test.accept(executable, cache);
        }
    }

    private void assertRefused(String message, BiConsumer<Executable, KvCache> action) {
        withCache(
                Devices.any(),
                (executable, cache) -> {
                    assertThatThrownBy(() ->
                                    run(
                                            executable,
                                            cache,
                                            (row, logits) -> action.accept(executable, cache)))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining(message);
                    assertThat(cache.length()).as("undone").isZero();
                    float[] after = logits(executable, cache);
                    assertThat(cache.length()).isEqualTo(3);
                    try (KvCache fresh = executable.newCache(Tiny.DENSE, 8)) {
                        assertThat(after).isEqualTo(logits(executable, fresh));
                    }
                });
    }

    @Test
    void sinkCannotCloseTheExecutable() {
        assertRefused("can't close the executable", (executable, cache) -> executable.close());
    }

    @Test
    void sinkCannotCloseTheCacheOfTheStep() {
        assertRefused("can't be closed by its sink", (executable, cache) -> cache.close());
    }

    @Test
    void sinkCannotTruncateTheCacheOfTheStep() {
        assertRefused("can't be truncated by its sink", (executable, cache) -> cache.truncate(0));
    }

    @Test
    void sinkCannotForkTheCacheOfTheStep() {
        assertRefused("can't be forked by its sink", (executable, cache) -> cache.fork());
    }

    @Test
    void sinkMayCloseACacheOfNoStep() {
        withCache(
                Devices.any(),
                (executable, cache) -> {
                    KvCache other = executable.newCache(Tiny.DENSE, 8);
                    run(executable, other, (row, logits) -> {});
                    run(executable, cache, (row, logits) -> other.close());
                    assertThat(cache.length()).isEqualTo(3);
                });
    }

    @Test
    void stepIsUndoneThoughTheDeviceFailsAgain() {
        Driver driver = new Driver();
        ClFunctions sound = driver.sound();
        boolean[] fails = {false};
        driver.replace(
                "clFinish",
                Driver.Release.class,
                queue -> fails[0] ? OUT_OF_RESOURCES : sound.finish(queue));
        withCache(
                driver.device(),
                (executable, cache) -> {
                    assertThatThrownBy(() ->
                                    run(
                                            executable,
                                            cache,
                                            (row, logits) -> {
                                                fails[0] = true;
                                                throw new ArithmeticException("of the sink");
                                            }))
                            .isInstanceOf(ArithmeticException.class)
                            .satisfies(e ->
                                    assertThat(e.getSuppressed())
                                            .singleElement()
                                            .isInstanceOf(ClException.class));
                    fails[0] = false;
                    assertThat(cache.length()).isZero();
                    assertThat(logits(executable, cache)).hasSize(50);
                });
    }
}
