package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What sequences take of a device. */
class CacheMemoryTest {
    private static final int CHUNK = 64;
    private static final Encoding BF16 = new Encoding.Exact(Store.BF16);
    private static final Encoding F32 = new Encoding.Exact(Store.F32);
    private final TornadoBackend backend = new TornadoBackend(AttentionTrial.device());
    private final Executable executable =
            backend.compile(AttentionTrial.program(AttentionTrial.HEADS), CHUNK);

    @AfterEach
    void close() {
        executable.close();
        backend.close();
    }

    private static AttentionStrategy window(Encoding keys, Encoding values, boolean drops) {
        return new WindowStrategy(keys, values, 2, 32, drops, false);
    }

    private void feed(KvCache cache, int rows) {
        AttentionTrial.feed(executable, cache, rows, CHUNK);
    }

    private long held() {
        return ((TornadoExecutable) executable).memory().held();
    }

    private static long sum(CacheBytes bytes) {
        return bytes.keys() + bytes.values();
    }

    @Test
    void encodedCacheTakesAFractionOfTheDenseOne() {
        Delta delta = Delta.of(0.6f, Events.BF16, Store.BF16);
        KvCache dense = executable.newCache(window(BF16, BF16, false), 1024);
        KvCache encoded = executable.newCache(window(delta, delta, false), 1024);
        feed(dense, 1024);
        feed(encoded, 1024);
        assertThat(sum(dense.bytes())).isEqualTo(2 * dense.bytes().denseKeys());
        assertThat(sum(encoded.bytes())).isLessThan(sum(dense.bytes()) * 6 / 10);
    }

    @Test
    void droppedRowsAreGone() {
        KvCache cache = executable.newCache(window(BF16, F32, true), 2048);
        feed(cache, 256);
        long before = held();
        feed(cache, 1024);
        assertThat(held()).isEqualTo(before);
        assertThat(cache.bytes().keys()).isLessThan(cache.bytes().denseKeys() / 4);
    }

    @Test
    void reportedBytesAreThoseTaken() {
        Delta delta = Delta.of(0.6f, Events.INT8, Store.BF16);
        long before = held();
        KvCache cache = executable.newCache(window(delta, BF16, false), 512);
        feed(cache, 300);
        assertThat(sum(cache.bytes())).isEqualTo(held() - before);
        cache.truncate(270);
        assertThat(sum(cache.bytes())).isEqualTo(held() - before);
        cache.close();
        assertThat(held()).isEqualTo(before);
    }

    @Test
    void forkTakesOnlyWhatItChanges() {
        KvCache origin = executable.newCache(window(F32, F32, false), 1024);
        feed(origin, 1000);
        long before = held();
        KvCache fork = origin.fork();
        assertThat(held()).isEqualTo(before);
        feed(fork, 1);
        assertThat(held() - before).isPositive().isLessThan(before / 16);
        origin.close();
        fork.close();
        assertThat(held()).isZero();
    }

    @Test
    void failedStepGivesBackWhatItTook() {
        Delta delta = Delta.of(0.6f, Events.BF16, Store.BF16);
        KvCache cache = executable.newCache(window(delta, delta, false), 1024);
        feed(cache, 50);
        long before = held();
        Value key = executable.program().inputs().get(4);
        float[] infinite = new float[CHUNK * key.width()];
        infinite[40 * key.width()] = Float.POSITIVE_INFINITY;
        executable.write(key, CHUNK, infinite);
        Step step = new Step().add(cache, new int[CHUNK], 0, CHUNK, Step.Logits.NONE);
        assertThatThrownBy(() -> executable.run(step, (row, logits) -> {}))
                .hasMessageContaining("keys of layer 1");
        assertThat(held()).isEqualTo(before);
        feed(cache, 50);
        assertThat(cache.length()).isEqualTo(100);
    }

    @Test
    void closedExecutableClosesItsCaches() {
        KvCache cache = executable.newCache(window(F32, F32, false), 64);
        feed(cache, 10);
        executable.close();
        cache.close();
        assertThat(sum(cache.bytes())).isZero();
        assertThatThrownBy(cache::fork).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void caughtBetweenThreadsACacheIsClosedOnce() throws InterruptedException {
        for (int i = 0; i < 50; i++) {
            KvCache cache = executable.newCache(window(BF16, BF16, false), 64);
            feed(cache, 1);
            Thread other = new Thread(cache::close);
            other.start();
            cache.close();
            other.join();
        }
        assertThat(held()).isZero();
    }

    @Test
    void deviceThatIsTooSmallIsToldBeforeAnythingIsMade() {
        MemoryBudget.Limits small = new MemoryBudget.Limits("a small device", 1 << 16, 1 << 20, "");
        MemoryBudget budget = new MemoryBudget(small);
        BufferSizes sizes = ((TornadoExecutable) executable).memory().machine().key().sizes();
        assertThatThrownBy(() -> budget.requireRoom(sizes))
                .hasMessageContaining("the device a small device has no room for")
                .hasMessageContaining("use a smaller model");
    }
}
