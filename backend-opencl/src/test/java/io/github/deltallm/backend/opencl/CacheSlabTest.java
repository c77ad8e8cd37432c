package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;

class CacheSlabTest {
    private static final long MIB = 1 << 20;

    /** The first device with buffers of a MiB at most. */
    private static ClDevice small() {
        ClDevice device = Devices.any();
        ClDeviceLimits limits = device.limits();
        return new ClDevice(
                device.functions(),
                device.handle(),
                device.name(),
                device.driver(),
                new ClDeviceLimits(
                        limits.cpu(),
                        limits.unified(),
                        limits.computeUnits(),
                        limits.maxGroup(),
                        limits.localBytes(),
                        limits.ownLocal(),
                        MIB,
                        limits.globalBytes(),
                        limits.baseAlign(),
                        limits.roundedDivision()),
                "");
    }

    @Test
    void refusalTellsTheDeviceAndWhatItHolds() {
        try (ClContext context = new ClContext(small());
                ClQueue queue = new ClQueue(context, false);
                ClBuffer weights = context.buffer(BufferUse.WEIGHTS, MIB / 2, "the tensor x")) {
            CacheSlab slab = new CacheSlab(context, queue, "the keys of layer 3");
            CacheExtent held = slab.take((int) MIB / 8);
            assertThatThrownBy(() -> slab.take((int) MIB / 4))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining(context.device().name())
                    .hasMessageContaining("1.5 MiB of the keys of layer 3")
                    .hasMessageContaining("one buffer of a cache has 1.0 MiB at most")
                    .hasMessageContaining("weights 524288 bytes")
                    .hasMessageContaining("use a smaller model, a shorter context");
            assertThat(slab.take((int) MIB / 8).place).as("what fits").isGreaterThan(held.place);
            assertThat(weights.bytes()).isEqualTo(MIB / 2);
            slab.release(held);
            slab.buffer().close();
        }
    }
}
