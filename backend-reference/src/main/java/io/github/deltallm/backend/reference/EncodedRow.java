package io.github.deltallm.backend.reference;

/**
 * One row of a delta stream.
 *
 * @param channels which channels changed, in order
 * @param events what was transmitted for each of them
 * @param reference {@code kh}: all channels as they were last transmitted
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EncodedRow(int[] channels, float[] events, float[] reference) {
    long bytes() {
        return (long) (channels.length + events.length + reference.length) * Float.BYTES;
    }
}
