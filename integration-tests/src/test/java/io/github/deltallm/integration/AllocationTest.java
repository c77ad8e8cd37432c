package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Session;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * Guards the hot path: a kernel whose vectors the compiler boxes, or a step that makes garbage,
 * shows as allocation long before anybody measures time.
 */
class AllocationTest {
    /**
     * Boxed vectors are 64 bytes and more each, and a token takes some ten thousand vector
     * operations.
     */
    private static final long BYTES_A_TOKEN = 4_096;

    /** The compiler works beside the test, and takes longer on a busy machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(100);

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @ValueSource(strings = {"dense", "auto"})
    void decodingAllocatesNothingOnceItIsCompiled(String attention) {
        try (Model model = stories();
                Session session = model.newSession(AttentionSpec.parse(attention))) {
            long end = System.nanoTime() + PATIENCE.toNanos();
            long least = Long.MAX_VALUE;
            while (least > BYTES_A_TOKEN && System.nanoTime() < end) {
                session.truncate(0);
                session.append(256);
                long before = threads.getTotalThreadAllocatedBytes();
                for (int token = 0; token < 200; token++) {
                    session.append(300 + token);
                }
                least = Math.min(least, (threads.getTotalThreadAllocatedBytes() - before) / 200);
            }
            System.out.println("decode allocates " + least + " bytes a token, " + attention);
            assertThat(least).isLessThan(BYTES_A_TOKEN);
        }
    }

    @Test
    void prefillAllocatesNothingOnceItIsCompiled() {
        int[] prompt = new int[200];
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = 256 + i;
        }
        try (Model model = stories();
                Session session = model.newSession(AttentionSpec.parse("dense"))) {
            long end = System.nanoTime() + PATIENCE.toNanos();
            long least = Long.MAX_VALUE;
            while (least > BYTES_A_TOKEN && System.nanoTime() < end) {
                session.truncate(0);
                long before = threads.getTotalThreadAllocatedBytes();
                session.append(prompt, new Cancellation(), done -> {});
                least =
                        Math.min(
                                least,
                                (threads.getTotalThreadAllocatedBytes() - before) / prompt.length);
            }
            System.out.println("prefill allocates " + least + " bytes a token");
            assertThat(least).isLessThan(BYTES_A_TOKEN);
        }
    }

    private static Model stories() {
        return Model.open(
                SharedData.require("models/stories260K-f32.gguf"),
                ModelOptions.DEFAULT.withBackend("cpu").withThreads(2));
    }
}
