/**
 * Chat templates: the part of Jinja2 that {@code tokenizer.chat_template} of a GGUF file is written
 * in.
 *
 * <p>{@link io.github.deltallm.engine.template.ChatTemplate} is compiled once and rendered for
 * every conversation. The dialect is Jinja2 as the {@code transformers} library sets it up: {@code
 * trim_blocks} and {@code lstrip_blocks} on, {@code break} and {@code continue}, a {@code tojson}
 * that does not escape HTML, {@code raise_exception}, {@code strftime_now}, and values that cannot
 * be changed in place.
 *
 * <p>A template is a program from a stranger. It is interpreted over a closed set of values ({@link
 * io.github.deltallm.engine.template.Value}), so no Java object is reachable from it, and a {@link
 * io.github.deltallm.engine.template.Budget} ends it when it takes too long or grows too large.
 *
 * <p>Every character carries its origin. Only what was copied from the template's own text, or from
 * variables the caller vouches for, is trusted; what came from messages, and what the interpreter
 * made up itself (digits, JSON punctuation, padding), is not. Special tokens may be looked for in
 * trusted segments only, so that nobody can end a turn by typing {@code <|im_end|>}.
 */
package io.github.deltallm.engine.template;
