package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor on the device, as the file has it.
 *
 * @param offset where it begins in its buffer
 */
record WeightBuffer(Tensor tensor, ClBuffer buffer, long offset) {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The scale that stands behind the packed values of the types that have one; otherwise 1. */
    float scale() {
        return tensor.type() == TensorType.I2_S
                ? tensor.data().get(FLOAT, tensor.rows() * tensor.rowBytes())
                : 1;
    }

    /** Sets the arguments that every kernel takes a tensor by, from the first on. */
    void set(ClKernel kernel) {
        kernel.arg(0, buffer).arg(1, offset).arg(2, tensor.rowBytes());
    }

    /** Defines for the compiler what the tensor's values look like. */
    String option() {
        return "-D TYPE_" + tensor.type().name();
    }
}
