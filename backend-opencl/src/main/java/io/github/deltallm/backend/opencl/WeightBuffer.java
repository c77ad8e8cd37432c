package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A tensor on the device, as the file has it.
 *
 * @param parts all rows in their order: one part, unless they don't lie in one buffer
 */
record WeightBuffer(Tensor tensor, List<WeightPart> parts) {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    WeightBuffer {
        parts = List.copyOf(parts);
    }

    /** The scale that stands behind the packed values of the types that have one; otherwise 1. */
    float scale() {
        return tensor.type() == TensorType.I2_S
                ? tensor.data().get(FLOAT, tensor.rows() * tensor.rowBytes())
                : 1;
    }

    /** Sets the arguments that every kernel takes rows of a tensor by, from the first on. */
    void set(ClKernel kernel, WeightPart part) {
        kernel.arg(0, part.buffer()).arg(1, part.offset()).arg(2, tensor.rowBytes());
    }

    /** Defines for the compiler what the tensor's values look like. */
    String option() {
        return "-D TYPE_" + tensor.type().name();
    }
}
