/**
 * Reads and writes GGUF model files.
 *
 * <p>{@link io.github.deltallm.engine.gguf.GgufFile} maps a file of GGUF version 2 or 3
 * (little-endian) into memory and checks every length, offset, type, count and shape before it is
 * used: a damaged file ends in one {@link io.github.deltallm.api.ModelFormatException} that names
 * the file, the field and the byte offset, and nothing is allocated on the word of a number that
 * the file's own size contradicts. {@link io.github.deltallm.engine.gguf.GgufWriter} writes version
 * 3, one tensor at a time.
 *
 * <p>Source of the format: the GGUF specification of the ggml project ({@code docs/gguf.md}).
 */
package io.github.deltallm.engine.gguf;
