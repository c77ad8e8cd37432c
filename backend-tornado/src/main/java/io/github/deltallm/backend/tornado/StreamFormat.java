package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.Encoding;

/**
 * How many floats and words the blocks of a stream have; see {@link Stores}, {@link PackKernels}.
 */
record StreamFormat(Encoding encoding, boolean keys, int dim) {
    /** Words of an exact row that is not kept as f32. */
    int rowWords() {
        return switch (encoding.store()) {
            case F32 -> 0;
            case BF16 -> Math.ceilDiv(dim, 2);
            case INT8 -> Math.ceilDiv(dim, 4);
            case INT4 -> Math.ceilDiv(dim, 8);
        };
    }

    int exactFloats() {
        return switch (encoding.store()) {
            case F32 -> Places.BLOCK * dim;
            case BF16 -> 0;
            case INT8, INT4 -> Places.BLOCK;
        };
    }

    int exactWords() {
        return Places.BLOCK * rowWords();
    }

    int openFloats() {
        return Places.SLOTS * dim;
    }

    /** Bits of an event. */
    int bits() {
        return switch (events()) {
            case F32 -> 32;
            case BF16 -> 16;
            case INT8 -> 8;
        };
    }

    private Encoding.Events events() {
        return encoding instanceof Encoding.Delta delta ? delta.events() : Encoding.Events.F32;
    }

    /** Floats of a packed block. */
    int packedFloats(int block, int events) {
        return PackKernels.floatsAt(block, dim) + (bits() == 32 ? events : 0);
    }

    int packedWords(int events) {
        return PackKernels.eventsAt(keys ? 0 : 1, dim)
                + (bits() == 32 ? 0 : Math.ceilDiv(events * bits(), Integer.SIZE));
    }
}
