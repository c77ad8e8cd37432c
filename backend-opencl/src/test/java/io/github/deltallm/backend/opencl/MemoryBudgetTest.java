package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private static final long MIB = 1 << 20;

    private final MemoryBudget budget = new MemoryBudget("a device", 60 * MIB, 100 * MIB);

    @Test
    void whatIsGivenBackCanBeTakenAgain() {
        for (int i = 0; i < 10; i++) {
            budget.take(BufferUse.CACHES, 60 * MIB, "pages");
            assertThat(budget.used()).isEqualTo(60 * MIB);
            budget.give(BufferUse.CACHES, 60 * MIB);
        }
        assertThat(budget.used()).isZero();
    }

    @Test
    void bufferThatIsTooLargeIsRefusedWithTheLimit() {
        assertThatThrownBy(() -> budget.take(BufferUse.WEIGHTS, 61 * MIB, "the tensor x"))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("the tensor x")
                .hasMessageContaining("60.0 MiB at most (CL_DEVICE_MAX_MEM_ALLOC_SIZE)");
    }

    @Test
    void refusalTellsWhatTookTheMemory() {
        budget.take(BufferUse.WEIGHTS, 50 * MIB, "the tensor x");
        budget.take(BufferUse.CACHES, 30 * MIB, "pages");
        budget.take(BufferUse.TABLES, 17, "tokens");
        assertThatThrownBy(() -> budget.take(BufferUse.CACHES, 20 * MIB, "more pages"))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("20.0 MiB of more pages")
                .hasMessageContaining("100.0 MiB in all (CL_DEVICE_GLOBAL_MEM_SIZE)")
                .hasMessageContaining("weights 50.0 MiB")
                .hasMessageContaining("keys and values 30.0 MiB")
                .hasMessageContaining("tables of a step 17 bytes")
                .hasMessageContaining("use a smaller model")
                .hasMessageContaining("an attention that encodes or drops keys and values");
        assertThat(budget.used(BufferUse.CACHES)).as("after the refusal").isEqualTo(30 * MIB);
    }
}
