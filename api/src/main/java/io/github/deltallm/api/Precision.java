package io.github.deltallm.api;

/** How exactly a model is evaluated where a faster way rounds more. */
public enum Precision {
    /**
     * The fastest correct way: a backend may round activations and keeps exact keys and values as
     * bf16.
     */
    FAST,
    /** fp32 activations, fp32 exact keys and values; for comparisons with other implementations. */
    F32;

    /** The name on the command line. */
    public String label() {
        return this == FAST ? "fast" : "f32";
    }
}
