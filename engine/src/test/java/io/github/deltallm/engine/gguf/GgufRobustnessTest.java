package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Damage by the thousand: it always ends in success or in one of DeltaLLM's exceptions, soon and on
 * little heap.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GgufRobustnessTest {
    private static final int SEED = 20260101;
    private static final int MUTATIONS = 4000;
    private static final long MOST_ALLOCATED = 64L << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir private Path folder;

    @Test
    void aSmallFileCutAtAnyByteIsRefused() {
        byte[] whole = GgufBytes.small().toBytes();
        assertThat(Exercise.open(whole)).isTrue();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThat(Exercise.open(cut)).as("cut to %d bytes", length).isFalse();
        }
    }

    @Test
    void aRealFileCutAtEverySixtyFourthIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(SharedData.require("models/bitnet-stories-tq1_0.gguf"));
        for (int i = 0; i < 64; i++) {
            int length = (int) ((long) whole.length * i / 64);
            Path path =
                    Files.write(folder.resolve("cut-" + i + ".gguf"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> GgufFile.open(path))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageStartingWith(path + ": ");
        }
    }

    @Test
    void aSmallFileWithEachBitFlippedEndsWell() {
        byte[] bytes = GgufBytes.small().toBytes();
        for (int bit = 0; bit < bytes.length * Byte.SIZE; bit++) {
            bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            openCounted(bytes);
            bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
        }
    }

    @Test
    void aSmallFileChangedAtRandomEndsWell() {
        mutate(GgufBytes.small().toBytes(), Integer.MAX_VALUE);
    }

    @Test
    void aRealFileChangedAtRandomEndsWell() throws IOException {
        byte[] whole = Files.readAllBytes(SharedData.require("models/stories260K-f32.gguf"));
        // The header has 14 240 bytes; what follows are weights, and every value of theirs is
        // allowed.
        mutate(whole, 14240);
    }

    private static void mutate(byte[] whole, int within) {
        Random random = new Random(SEED);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] bytes = whole.clone();
            for (int change = random.nextInt(4); change >= 0; change--) {
                mutate(bytes, Math.min(within, bytes.length), random);
            }
            refused += openCounted(bytes) ? 0 : 1;
        }
        assertThat(refused).as("of %d", MUTATIONS).isPositive();
    }

    private static void mutate(byte[] bytes, int within, Random random) {
        int at = random.nextInt(within);
        switch (random.nextInt(5)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[at] = (byte) random.nextInt();
            case 2 -> Arrays.fill(bytes, at, Math.min(at + 8, bytes.length), (byte) 0xff);
            case 3 ->
                    Arrays.fill(
                            bytes,
                            at,
                            Math.min(at + 1 + random.nextInt(64), bytes.length),
                            (byte) 0);
            default -> {
                int length = Math.min(random.nextInt(64), bytes.length - at);
                System.arraycopy(
                        bytes, random.nextInt(bytes.length - length + 1), bytes, at, length);
            }
        }
    }

    private static boolean openCounted(byte[] bytes) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        boolean good = Exercise.open(bytes);
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated")
                .isLessThan(MOST_ALLOCATED);
        return good;
    }

    @Test
    void countsThatLieAllocateNothing() {
        long[] lies = {1L << 60, Long.MAX_VALUE, -1, 1L << 31, 1L << 24, 1 << 20};
        byte[] warm = GgufBytes.header(3, lies[0], lies[0]).toBytes();
        Exercise.open(warm);
        for (long lie : lies) {
            for (GgufBytes bytes :
                    new GgufBytes[] {
                        GgufBytes.header(3, lie, 0),
                        GgufBytes.header(3, 0, lie),
                        GgufBytes.header(3, 0, 1).u64(lie),
                        GgufBytes.header(3, 0, 1).key("k", 8).u64(lie),
                        GgufBytes.header(3, 0, 1).key("k", 9).u32(8).u64(lie),
                        GgufBytes.header(3, 0, 1).key("k", 9).u32(0).u64(lie),
                        GgufBytes.header(3, 1, 0).u64(lie),
                        GgufBytes.header(3, 1, 0).tensor("t", 0, 0, lie)
                    }) {
                byte[] file = bytes.zeros(64).toBytes();
                long before = THREADS.getCurrentThreadAllocatedBytes();
                assertThat(Exercise.open(file)).isFalse();
                assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
            }
        }
    }

    @Test
    void aLargeVocabularyOpensFastAndCostsNothingUntilAsked() {
        Path path = SharedData.require("tokenizers/ggml-vocab-llama-bpe.gguf");
        long best = Long.MAX_VALUE;
        long allocated = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            try (GgufFile file = GgufFile.open(path)) {
                assertThat(file.metadata().keys()).hasSize(20);
            }
            best = Math.min(best, System.nanoTime() - start);
            allocated = Math.min(allocated, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(best)).isLessThan(100);
        assertThat(allocated)
                .as("408 403 strings, one long for sixteen, grown by doubling")
                .isLessThan(2 << 20);
    }
}
