package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.DeltaBreakEven;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.Optional;

class CpuBackendProviderTest {
    private final CpuBackendProvider provider = new CpuBackendProvider();

    /** What a JVM without the vector module runs. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            System.out.println(new CpuBackendProvider().probe());
        }
    }

    @Test
    void hasTheUsualWeight() {
        assertThat(provider.name()).isEqualTo("cpu");
        assertThat(provider.weight()).isEqualTo(100);
    }

    @Test
    void tellsTheProcessorAndTheWidthOfItsVectors() {
        assertThat(provider.probe()).isInstanceOf(BackendProbe.Available.class);
        BackendProbe.Available available = (BackendProbe.Available) provider.probe();
        assertThat(available.devices()).hasSize(1);
        assertThat(available.devices().getFirst()).contains("core").endsWith("-bit vectors");
        try (Backend backend = provider.open(options(3, available.devices().getFirst()))) {
            assertThat(backend.description()).startsWith("cpu: ").contains("3 threads");
        }
    }

    @Test
    void deltaPaysOnlyWhereOneInstructionExpandsEvents() {
        assertThat(MeasuredBreakEven.of(true).denseBytes()).isLessThan(DeltaBreakEven.NO_SIZE);
        assertThat(MeasuredBreakEven.of(true).promptTokens()).isLessThan(DeltaBreakEven.NO_PROMPT);
        assertThat(MeasuredBreakEven.of(false)).isEqualTo(DeltaBreakEven.NEVER);
    }

    @Test
    void refusesOtherDevices() {
        assertThatThrownBy(() -> provider.open(options(1, "gpu0")))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("gpu0");
    }

    @Test
    void saysWhatIsMissingWithoutTheVectorModule() throws IOException, InterruptedException {
        assertThat(ForkedJvm.run(Probe.class))
                .contains("Unavailable")
                .contains("--add-modules jdk.incubator.vector");
    }

    private static BackendOptions options(int threads, String device) {
        return new BackendOptions(threads, Precision.FAST, Optional.of(device));
    }
}
