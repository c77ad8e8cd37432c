package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.KvStream;

/** Which rows these are, for messages. */
record RowName(int layer, int kvHead, KvStream.Kind kind) {
    /** The error for a row with a channel that no encoder can follow. */
    DeltaLlmException refused(int position, int channel, float value) {
        return new DeltaLlmException(
                "the "
                        + word()
                        + " of layer "
                        + layer
                        + ", head "
                        + kvHead
                        + ", position "
                        + position
                        + " has "
                        + value
                        + " in channel "
                        + channel
                        + ": infinities and NaN refused, since no encoded cache can follow them;"
                        + " check the model file or use dense attention");
    }

    @Override
    public String toString() {
        return word() + "s of layer " + layer + ", head " + kvHead;
    }

    private String word() {
        return kind == KvStream.Kind.KEYS ? "key" : "value";
    }
}
