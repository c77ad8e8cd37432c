package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;

/** What a source of a restored sequence may do meanwhile. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class RestoreTest {
    @TempDir private Path folder;

    private OpenClDevice device() {
        return new OpenClDevice(Devices.any(), Devices.settings(folder));
    }

    private static Executable executable(OpenClDevice device) {
        return new OpenClExecutable(Tiny.transformer(), 4, device);
    }

    private static float[] logits(Executable executable, KvCache cache, int... tokens) {
        float[][] taken = new float[1][];
        executable.run(
                new Step().add(cache, tokens, 0, tokens.length, Step.Logits.LAST),
                (row, logits) -> taken[0] = logits.toArray(ValueLayout.JAVA_FLOAT));
        return taken[0];
    }

    private static KvCache restored(Executable executable, KvStream.Source source) {
        return executable.restore(Tiny.DENSE, 8, 3, source);
    }

    /** Waits for the other restore before it exports anything. */
    private static KvStream.Source meeting(KvCache cache, CyclicBarrier others) {
        return (layer, head, kind) -> {
            if (head == 0 && kind == KvStream.Kind.KEYS) {
                try {
                    others.await();
                } catch (Exception e) {
                    throw new AssertionError("the other restore failed", e);
                }
            }
            return cache.export(layer, head, kind);
        };
    }

    @Test
    void twoSequencesAreRestoredFromEachOthersExecutable() {
        try (OpenClDevice device = device();
                Executable first = executable(device);
                Executable second = executable(device);
                KvCache mine = first.newCache(Tiny.DENSE, 8);
                KvCache yours = second.newCache(Tiny.DENSE, 8)) {
            logits(first, mine, 1, 2, 3);
            logits(second, yours, 1, 2, 3);
            CyclicBarrier both = new CyclicBarrier(2);
            CompletableFuture<KvCache> there =
                    CompletableFuture.supplyAsync(() -> restored(second, meeting(mine, both)));
            KvCache here = restored(first, meeting(yours, both));
            assertThat(logits(first, here, 4)).isEqualTo(logits(second, there.join(), 4));
        }
    }

    @Test
    void sourceThatWaitsLeavesTheExecutableToOthers() {
        try (OpenClDevice device = device();
                Executable executable = executable(device);
                KvCache origin = executable.newCache(Tiny.DENSE, 8);
                KvCache other = executable.newCache(Tiny.DENSE, 8)) {
            logits(executable, origin, 1, 2, 3);
            KvCache copy =
                    restored(
                            executable,
                            (layer, head, kind) -> {
                                CompletableFuture.runAsync(() -> logits(executable, other, 5))
                                        .join();
                                return origin.export(layer, head, kind);
                            });
            assertThat(other.length()).isEqualTo(4);
            assertThat(logits(executable, copy, 4)).isEqualTo(logits(executable, origin, 4));
        }
    }

    @Test
    void executableThatIsClosedMeanwhileLeavesNothing() {
        OpenClDevice device = device();
        try (device) {
            Executable executable = executable(device);
            try (KvCache origin = executable.newCache(Tiny.DENSE, 8)) {
                logits(executable, origin, 1, 2, 3);
                KvStream stream = origin.export(0, 0, KvStream.Kind.KEYS);
                assertThatThrownBy(() ->
                                restored(
                                        executable,
                                        (layer, head, kind) -> {
                                            if (head == 1) {
                                                executable.close();
                                            }
                                            return stream;
                                        }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("closed");
            }
            assertThat(device.memory().used()).as("bytes that were not given back").isZero();
        }
        assertThat(device.context().live()).as("objects that were not released").isZero();
    }
}
