package io.github.deltallm.backend.tornado;

/** What a device's memory is used for, in messages. */
enum BufferUse {
    WEIGHTS("weights"),
    ACTIVATIONS("activations"),
    CACHE("keys and values"),
    TABLES("tables and stages");

    private final String label;

    BufferUse(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
