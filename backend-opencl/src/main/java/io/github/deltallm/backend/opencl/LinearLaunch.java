package io.github.deltallm.backend.opencl;

/**
 * A linear layer.
 *
 * @param linear closed with this
 */
record LinearLaunch(Linear linear) implements Launch {
    @Override
    public void enqueue(StepState step) {
        linear.enqueue(step.rows());
    }

    @Override
    public void close() {
        linear.close();
    }
}
