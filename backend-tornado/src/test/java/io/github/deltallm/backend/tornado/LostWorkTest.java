package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that refuses work, about which TornadoVM prints a line and goes on. */
class LostWorkTest {
    private static final String LOST = "tornado.standin.lost";
    private static final Encoding DELTA = Delta.of(0.4f, Events.BF16, Store.BF16);

    @BeforeEach
    void requireTheStandIn() {
        assumeTrue(StandIn.present(), "TORNADOVM_HOME is set: only the stand-in loses work");
    }

    @AfterEach
    void loseNothing() {
        System.clearProperty(LOST);
    }

    private static Executable executable() {
        return new TornadoBackend(AttentionTrial.device())
                .compile(AttentionTrial.program(AttentionTrial.HEADS), 64);
    }

    private static KvCache cache(Executable executable) {
        return executable.newCache(new WindowStrategy(DELTA, DELTA, 2, 32, false, false), 256);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "begin.task0",
                "places.task0",
                "segment0.task0",
                "segment1.task0",
                "segment1.task1",
                "segment1.task2",
                "segment1.task3",
                "segment1.task4",
                "segment1.task5",
                "pack.task0",
                "counts.task0",
                "storeValues.task0",
                "fetchValues.task0"
            })
    void lostKernelIsToldAndWhatItsMachineHoldsIsNotUsedAgain(String lost) {
        try (Executable executable = executable();
                KvCache cache = cache(executable)) {
            AttentionTrial.feed(executable, cache, 64, 64);
            System.setProperty(LOST, lost);
            assertThatThrownBy(() -> AttentionTrial.feed(executable, cache, 64, 64))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("has not done all that was asked of it")
                    .hasMessageContaining("open the model again");
            System.clearProperty(LOST);
            assertThatThrownBy(() -> AttentionTrial.feed(executable, cache, 64, 64))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("has failed before");
        }
        try (Executable executable = executable();
                KvCache cache = cache(executable)) {
            AttentionTrial.feed(executable, cache, 64, 64);
            assertThat(cache.length()).isEqualTo(64);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"load.task0", "load.task1"})
    void weightsThatDidNotArriveAreTold(String lost) {
        System.setProperty(LOST, lost);
        try (Executable executable = executable();
                KvCache cache = cache(executable)) {
            assertThatThrownBy(() -> AttentionTrial.feed(executable, cache, 64, 64))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("has not done all that was asked of it");
        }
    }
}
