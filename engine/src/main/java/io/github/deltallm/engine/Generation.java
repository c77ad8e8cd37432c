package io.github.deltallm.engine;

import io.github.deltallm.api.CancelledException;
import io.github.deltallm.engine.tokenizer.StreamingDecoder;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One answer in the making: prompt, then draw, decode to text, look for the end, append, again. */
final class Generation {
    private final Session session;
    private final GenerationOptions options;
    private final GenerationListener listener;
    private final Cancellation cancellation;
    private final Tokenizer tokenizer;
    private final StreamingDecoder decoder;
    private final StopTexts stops;
    private final Sampler sampler;
    private final StringBuilder text = new StringBuilder();
    private final List<Integer> ids = new ArrayList<>();

    /** Prompt and answer, for the repetition penalty. */
    private int[] history;

    Generation(
            Session session,
            GenerationOptions options,
            GenerationListener listener,
            Cancellation cancellation) {
        this.session = session;
        this.options = options;
        this.listener = listener;
        this.cancellation = cancellation;
        tokenizer = session.model().tokenizer();
        decoder = tokenizer.streamingDecoder();
        stops = new StopTexts(options.stops());
        // A model may have more rows than there are tokens: padding, never drawn.
        sampler = new Sampler(options.sampling(), tokenizer.vocabularySize());
        history = new int[0];
    }

    GenerationResult run(int[] prompt) {
        int most = session.room(prompt.length, options);
        history = Arrays.copyOf(prompt, prompt.length + most);
        long start = System.nanoTime();
        int reused;
        try {
            reused =
                    session.prompt(
                            prompt, cancellation, done -> listener.prompt(done, prompt.length));
        } catch (CancelledException e) {
            long prefill = System.nanoTime() - start;
            return result(prompt, GenerationResult.Finish.CANCELLED, prompt.length, prefill, 0);
        }
        long first = System.nanoTime();
        GenerationResult.Finish finish = decode(prompt.length, most);
        long end = System.nanoTime();
        emit(stops.push(decoder.finish()));
        emit(stops.finish());
        return result(prompt, finish, reused, first - start, end - first);
    }

    private GenerationResult.Finish decode(int promptLength, int most) {
        for (int count = 0; ; ) {
            int token = sampler.draw(session.logits(), history, promptLength + count);
            ids.add(token);
            listener.token(token);
            if (tokenizer.isEndOfGeneration(token)) {
                return GenerationResult.Finish.STOP;
            }
            emit(stops.push(decoder.push(token)));
            if (stops.found()) {
                return GenerationResult.Finish.STOP;
            }
            history[promptLength + count++] = token;
            if (count == most) {
                return GenerationResult.Finish.LENGTH;
            }
            if (cancellation.cancelled()) {
                return GenerationResult.Finish.CANCELLED;
            }
            session.append(token);
        }
    }

    private void emit(String piece) {
        if (!piece.isEmpty()) {
            text.append(piece);
            listener.text(piece);
        }
    }

    private GenerationResult result(
            int[] prompt,
            GenerationResult.Finish finish,
            int reused,
            long prefillNanos,
            long decodeNanos) {
        return new GenerationResult(
                Arrays.stream(prompt).boxed().toList(),
                ids,
                text.toString(),
                finish,
                reused,
                prefillNanos,
                decodeNanos,
                session.report());
    }
}
