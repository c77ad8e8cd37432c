package io.github.deltallm.engine;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * One sequence of tokens with its keys and values; used by one thread at a time.
 *
 * <p>With the attention {@code auto} a session is delta-encoded from the first key on if its prompt
 * is long enough for that to pay. Otherwise it is dense until its cache has outgrown the size from
 * which delta attention pays in decoding, and then goes on delta-encoded. The backend has measured
 * both, see {@link io.github.deltallm.api.spi.DeltaBreakEven}; {@link #report()} tells what runs.
 *
 * <p>Sessions of one {@link Model} are independent; their steps take turns on the backend. Close a
 * session before its model.
 */
public final class Session implements AutoCloseable {
    private final Model model;
    private final SessionCache cache;
    private final Step step = new Step();
    private final float[] logits;
    private final LogitsSink keepLogits = this::keep;
    private final Cancellation never = new Cancellation();
    private int[] tokens;

    Session(Model model, SessionCache cache, int[] tokens) {
        this.model = model;
        this.cache = cache;
        this.tokens = tokens;
        logits = new float[model.vocabulary()];
    }

    public Model model() {
        return model;
    }

    /** Number of tokens held. */
    public int length() {
        return cache.length();
    }

    /** The largest {@link #length()}. */
    public int capacity() {
        return cache.capacity();
    }

    /** The tokens held; a copy. */
    public int[] tokens() {
        return Arrays.copyOf(tokens, cache.length());
    }

    /** The logits after the last token; the session's own buffer, valid until the next call. */
    public float[] logits() {
        return logits;
    }

    /** What attention computed so far and what the cache holds. */
    public AttentionReport report() {
        return AttentionReport.of(cache, model.heads().layers());
    }

    /**
     * Tells how many tokens the sequence will have when its prompt is complete; strategies take
     * relative windows from it. {@link #prompt} and {@link #generate} do it themselves.
     */
    public void declare(int length) {
        cache.declare(length);
    }

    /**
     * Appends tokens, a chunk at a time; the logits after the last one are in {@link #logits()}.
     *
     * @param progress is told the number of these tokens that are done
     * @throws ContextOverflowException if they don't fit; nothing is appended
     * @throws InvalidOptionException if one is outside the vocabulary; nothing is appended
     * @throws io.github.deltallm.api.CancelledException between chunks, or while what is held is
     *     encoded; those that are complete stay
     */
    public void append(int[] ids, Cancellation cancellation, IntConsumer progress) {
        requireRoom(ids.length);
        model.requireKnown(ids);
        tokens =
                tokens.length < cache.length() + ids.length
                        ? Arrays.copyOf(
                                tokens, Math.max(cache.length() + ids.length, 2 * tokens.length))
                        : tokens;
        System.arraycopy(ids, 0, tokens, cache.length(), ids.length);
        int chunk = model.executable().maxRows();
        for (int done = 0; done < ids.length; ) {
            cancellation.check();
            int rows = Math.min(chunk, ids.length - done);
            boolean last = done + rows == ids.length;
            cache.prepare(ids.length - done, cancellation);
            run(ids, done, rows, last ? Step.Logits.LAST : Step.Logits.NONE, keepLogits);
            done += rows;
            progress.accept(done);
        }
    }

    /**
     * Appends one token; the logits after it are in {@link #logits()}. Allocates nothing, unless
     * the attention is {@code auto} and changes.
     */
    public void append(int token) {
        int length = cache.length();
        requireRoom(1);
        model.requireKnown(token);
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.min(2 * length + 1, cache.capacity()));
        }
        tokens[length] = token;
        cache.prepare(1, never);
        run(tokens, length, 1, Step.Logits.LAST, keepLogits);
    }

    /**
     * Makes the session hold exactly these tokens, keeping what it already holds of them.
     *
     * @return how many of them were kept; at least the last one is computed, so that {@link
     *     #logits()} are there
     * @throws ContextOverflowException if they don't fit; nothing is changed
     */
    public int prompt(int[] ids, Cancellation cancellation, IntConsumer progress) {
        if (ids.length == 0) {
            throw new InvalidOptionException("the prompt is empty: it has no tokens");
        }
        if (ids.length > cache.capacity()) {
            throw overflow("a prompt of " + ids.length + " tokens does not fit");
        }
        model.requireKnown(ids);
        int common = Arrays.mismatch(tokens, 0, cache.length(), ids, 0, ids.length - 1);
        int kept = common < 0 ? ids.length - 1 : common;
        if (kept < cache.length()) {
            kept = kept >= cache.truncationFloor() ? kept : 0;
            cache.truncate(kept);
        }
        cache.declare(ids.length);
        int reused = kept;
        append(
                Arrays.copyOfRange(ids, kept, ids.length),
                cancellation,
                done -> progress.accept(reused + done));
        return kept;
    }

    /**
     * Computes a prompt, reusing what the session holds of it, and generates an answer.
     *
     * @param prompt all tokens of the conversation so far, see {@link Model#chatPrompt}
     * @throws ContextOverflowException if the prompt, or the prompt and the asked-for number of
     *     tokens, don't fit
     */
    public GenerationResult generate(
            int[] prompt, GenerationOptions options, GenerationListener listener) {
        return generate(prompt, options, listener, new Cancellation());
    }

    /**
     * As {@link #generate(int[], GenerationOptions, GenerationListener)}, to be stopped by another
     * thread.
     */
    public GenerationResult generate(
            int[] prompt,
            GenerationOptions options,
            GenerationListener listener,
            Cancellation cancellation) {
        return new Generation(this, options, listener, cancellation).run(prompt);
    }

    /**
     * Forgets all tokens from {@code length} on. The logits are those of the last append until the
     * next one. An empty session with the attention {@code auto} begins anew, dense or delta.
     *
     * @throws InvalidOptionException if the attention strategy no longer holds what it would need
     */
    public void truncate(int length) {
        if (length < 0 || length > cache.length()) {
            throw new InvalidOptionException(
                    "a session of " + cache.length() + " tokens can't be truncated to " + length);
        }
        cache.truncate(length);
    }

    /**
     * An independent session with the same tokens. Where the attention is {@code auto} and it is
     * time to encode what is held, that is done first, once for both.
     */
    public Session fork() {
        Session fork = new Session(model, cache.fork(), tokens.clone());
        System.arraycopy(logits, 0, fork.logits, 0, logits.length);
        return fork;
    }

    /** What is held of the keys or the values of a head, for study; a copy. */
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        return cache.current().export(layer, kvHead, kind);
    }

    /**
     * Writes the session to a file that {@link Model#restore} reads; the file is complete or not
     * there at all.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if the file can't be written
     */
    public void save(Path file) {
        SessionFile.write(file, model, cache, tokens());
    }

    @Override
    public void close() {
        cache.close();
    }

    /** Runs the next tokens and hands the logits of every one to the sink. */
    void appendScored(int[] ids, int from, int count, LogitsSink sink, Cancellation cancellation) {
        cache.prepare(count, cancellation);
        run(ids, from, count, Step.Logits.ALL, sink);
    }

    /** Puts the next tokens into a step that somebody else runs; {@link #added} comes after it. */
    void addTo(
            Step shared,
            int[] ids,
            int from,
            int count,
            Step.Logits wanted,
            Cancellation cancellation) {
        requireRoom(count);
        for (int i = from; i < from + count; i++) {
            model.requireKnown(ids[i]);
        }
        cache.prepare(count, cancellation);
        shared.add(cache.current(), ids, from, count, wanted);
    }

    /** Remembers tokens that a shared step has appended. */
    void added(int[] ids, int from, int count) {
        int length = cache.length();
        if (length > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(length, 2 * tokens.length));
        }
        System.arraycopy(ids, from, tokens, length - count, count);
    }

    private void run(int[] ids, int from, int rows, Step.Logits wanted, LogitsSink sink) {
        model.executable().run(step.clear().add(cache.current(), ids, from, rows, wanted), sink);
    }

    private void keep(int row, MemorySegment values) {
        MemorySegment.copy(values, ValueLayout.JAVA_FLOAT, 0, logits, 0, logits.length);
    }

    private void requireRoom(int more) {
        if (more > cache.capacity() - cache.length()) {
            throw overflow(more + " more tokens after " + cache.length() + " do not fit");
        }
    }

    private ContextOverflowException overflow(String what) {
        return new ContextOverflowException(
                what
                        + " into the context of "
                        + cache.capacity()
                        + " tokens; shorten the text or open the model with a larger context");
    }

    /** Checks that a generation can end inside the context. */
    int room(int promptLength, GenerationOptions options) {
        // The last token drawn is never appended, so it needs no room.
        int room = cache.capacity() - promptLength + 1;
        int wanted =
                options.maxTokens()
                        .orElse(Math.min(GenerationOptions.USUAL_MAX_TOKENS, Math.max(1, room)));
        if (wanted > room) {
            throw overflow(
                    "a prompt of "
                            + promptLength
                            + " tokens and "
                            + wanted
                            + " tokens to generate do not fit");
        }
        return wanted;
    }
}
