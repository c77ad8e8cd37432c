package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.UnsupportedModelException;

/** The versions of the format: 2 and 3 share one layout, and only they are read. */
final class Version {
    private static final String FIELD = "version";

    private Version() {}

    static int read(Cursor cursor) {
        long at = cursor.position();
        int version = cursor.int32(FIELD);
        if (version == 2 || version == 3) {
            return version;
        }
        String place = cursor.place(FIELD, at);
        if (version == 1) {
            throw new UnsupportedModelException(
                    place
                            + "GGUF version 1 is not supported;"
                            + " convert the model again with a current converter");
        }
        if (version != 0 && (version & 0xFFFF) == 0) {
            throw new UnsupportedModelException(
                    place
                            + "this is a big-endian GGUF file, and only little-endian ones"
                            + " are supported; download the little-endian file");
        }
        if (version > 3 && version < 100) {
            throw new UnsupportedModelException(
                    place
                            + "GGUF version "
                            + version
                            + " is newer than the versions 2 and 3 that are supported");
        }
        throw cursor.fail(
                FIELD,
                at,
                Integer.toUnsignedString(version) + " is not a GGUF version; the file is damaged");
    }
}
