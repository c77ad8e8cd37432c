package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;

import java.util.List;

class MemoryBudgetTest {
    private static final long MIB = 1 << 20;

    private static BufferSizes sizes(int pool, int slab) {
        return new BufferSizes(
                16, 16, 16, 16, 16, 16, 1024, pool, 16, 16, 16, 16, 16, List.of(slab));
    }

    private static MemoryBudget budget(long buffer, long total) {
        return new MemoryBudget(new MemoryBudget.Limits("a device", buffer, total, ""));
    }

    @Test
    void bufferThatIsTooLargeIsRefusedByName() {
        assertThatThrownBy(() -> budget(8 * MIB, 1024 * MIB).take(sizes(1, (int) (9 * MIB))))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("the device a device has no room for 9.0 MiB")
                .hasMessageContaining("one buffer of weights")
                .hasMessageContaining("less than 8.0 MiB");
    }

    @Test
    void whatIsAllocatedIsToldByUse() {
        MemoryBudget budget = budget(64 * MIB, 40 * MIB);
        budget.take(sizes((int) (2 * MIB), (int) (16 * MIB)));
        assertThatThrownBy(() -> budget.take(sizes((int) (4 * MIB), 1)))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("keys and values 16.0 MiB, ")
                .hasMessageContaining("40.0 MiB in all are not enough")
                .hasMessageContaining("allocated are weights 16.0 MiB")
                .hasMessageContaining("keys and values 8.0 MiB,");
    }

    @Test
    void whatIsGivenBackIsThereAgain() {
        MemoryBudget budget = budget(64 * MIB, 16 * MIB);
        BufferSizes sizes = sizes((int) (2 * MIB), 1);
        budget.take(sizes);
        assertThat(budget.fits(sizes)).isFalse();
        budget.give(sizes);
        assertThat(budget.fits(sizes)).isTrue();
        budget.take(sizes);
    }

    @Test
    void limitOfTornadoVmIsReadAsItReadsIt() {
        String before = System.getProperty(TornadoSettings.MEMORY);
        try {
            System.setProperty(TornadoSettings.MEMORY, "3GB");
            assertThat(TornadoSettings.deviceMemory()).isEqualTo(3L << 30);
            System.setProperty(TornadoSettings.MEMORY, "512MB");
            assertThat(TornadoSettings.deviceMemory()).isEqualTo(512L << 20);
        } finally {
            if (before == null) {
                System.clearProperty(TornadoSettings.MEMORY);
            } else {
                System.setProperty(TornadoSettings.MEMORY, before);
            }
        }
    }
}
