package io.github.deltallm.backend.opencl;

/** What buffers are for, in the breakdown that a refused allocation prints. */
enum BufferUse {
    WEIGHTS("weights"),
    ACTIVATIONS("activations"),
    CACHES("keys and values"),
    TABLES("tables of a step"),
    LOGITS("logits");

    private final String label;

    BufferUse(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
