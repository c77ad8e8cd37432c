package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;

/** The kernels with narrower vectors than this machine prefers. */
class VectorWidthTest {
    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void kernelsAreRightWithNarrowVectors(int bytes) throws IOException, InterruptedException {
        String printed =
                ForkedJvm.run(KernelChecks.class, ForkedJvm.VECTORS, "-XX:MaxVectorSize=" + bytes);
        assertThat(printed).contains("all kernels are right with " + bytes / 4 + " lanes");
    }

    @Test
    void kernelsAreRightWithSixteenRegisters() throws IOException, InterruptedException {
        String printed =
                ForkedJvm.run(
                        KernelChecks.class,
                        ForkedJvm.VECTORS,
                        "-XX:MaxVectorSize=32",
                        "-Ddeltallm.cpu.tile=1");
        assertThat(printed).contains("all kernels are right with 8 lanes");
    }
}
