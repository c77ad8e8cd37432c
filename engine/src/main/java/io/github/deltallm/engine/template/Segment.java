package io.github.deltallm.engine.template;

/**
 * A stretch of a rendered prompt that has one origin.
 *
 * <p>A tokenizer looks for special tokens inside trusted segments only. Ordinary text on both sides
 * of a segment border still belongs together and should be tokenized as one.
 *
 * <p>As a value among a template's variables or messages, a segment says explicitly how far the
 * caller trusts a text.
 *
 * @param text the characters, never empty in a rendered prompt
 * @param trusted whether the template (or a variable the caller vouches for) wrote them
 */
public record Segment(String text, boolean trusted) {}
