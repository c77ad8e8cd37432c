package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.OptionalLong;

class NativeTest {
    @Test
    void whatIsNotThereIsRefusedBeforeItIsTaken() {
        Native.require(1000, "weights", OptionalLong.of(1000));
        Native.require(Long.MAX_VALUE, "weights", OptionalLong.empty());
        assertThatThrownBy(() -> Native.require(1000, "weights", OptionalLong.of(999)))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessage(
                        "there is not enough memory for 1000 bytes of weights: 999 are available;"
                                + " use a smaller model, a shorter context or smaller steps, or"
                                + " end other programs");
    }

    @Test
    void machineIsAsked() {
        assumeTrue(Processor.availableMemory().isPresent(), "no Linux");
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Native.allocate(arena, 1L << 55, "a cache"))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("36028797018963968 bytes of a cache");
        }
    }
}
