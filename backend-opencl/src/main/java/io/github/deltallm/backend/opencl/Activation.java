package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Value;

/**
 * An activation on the device: fp32, {@code [rows of a step, width]} without gaps.
 *
 * @param buffer has room for the most rows a step may have
 */
record Activation(Value value, ClBuffer buffer) {
    int width() {
        return value.width();
    }
}
