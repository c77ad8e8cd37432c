package io.github.deltallm.api.spi;

/** Which model file it is, for what was made for one model only. */
public interface ModelIdentity {
    /** Bytes of the file, or of all files of a split model. */
    long size();

    /** The SHA-256 of the file in lower-case hexadecimal; computed when first asked for. */
    String sha256();
}
