/**
 * Text to token ids and back, from nothing but a GGUF file's metadata: byte-level BPE ({@code
 * tokenizer.ggml.model = gpt2}) and SentencePiece ({@code llama}).
 *
 * <p>The ids equal those of llama.cpp for the same file. Everything here but {@link
 * io.github.deltallm.engine.tokenizer.StreamingDecoder} is immutable and safe to share between
 * threads.
 *
 * <pre>{@code
 * Tokenizer tokenizer = Tokenizer.of(metadata);
 * int[] ids = tokenizer.encode("Once upon a time", false, tokenizer.addBosByDefault());
 * String text = tokenizer.decode(ids);
 * }</pre>
 */
package io.github.deltallm.engine.tokenizer;
