package io.github.deltallm.api.spi;

import io.github.deltallm.api.DeltaLlmException;

/** For backends: which rows of a cache these are, as messages name them. */
public record RowsName(int layer, int kvHead, KvStream.Kind kind) {
    /**
     * The error for a row that no encoder can follow.
     *
     * @param what is wrong in it: "a value of NaN in channel 3"
     */
    public DeltaLlmException refused(int position, String what) {
        return new DeltaLlmException(
                "the "
                        + this
                        + " can't be encoded at position "
                        + position
                        + ", which has "
                        + what
                        + ": infinities, NaN and changes too large to be held are refused; check"
                        + " the model file or use dense attention");
    }

    /** Such as "keys of layer 3, head 1". */
    @Override
    public String toString() {
        return (kind == KvStream.Kind.KEYS ? "keys" : "values")
                + " of layer "
                + layer
                + ", head "
                + kvHead;
    }
}
