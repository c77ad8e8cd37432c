package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.ChatMessage;
import io.github.deltallm.engine.GenerationListener;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;

import java.util.List;
import java.util.Optional;

/**
 * Answers a conversation. One session holds what was computed before, so that only new messages
 * cost time.
 */
final class Answers implements AutoCloseable {
    private final Streams streams;
    private final Model model;
    private final GenerationOptions options;
    private AttentionSpec spec;
    private Session session;
    private Optional<GenerationReport> last = Optional.empty();

    Answers(Streams streams, Model model, GenerationOptions options, AttentionSpec spec) {
        this.streams = streams;
        this.model = model;
        this.options = options;
        this.spec = spec;
        session = model.newSession(spec);
    }

    Model model() {
        return model;
    }

    /** Streams the answer to standard output and returns it. */
    GenerationResult answer(List<ChatMessage> messages, Cancellation cancellation) {
        int[] prompt = model.chatPrompt(messages);
        try (ProgressBar bar = ProgressBar.measured(streams, "reading")) {
            GenerationListener listener =
                    new GenerationListener() {
                        @Override
                        public void prompt(int done, int total) {
                            bar.at(done, total);
                        }

                        @Override
                        public void token(int id) {
                            bar.clear();
                        }

                        @Override
                        public void text(String piece) {
                            streams.answer(piece);
                        }
                    };
            GenerationResult result = session.generate(prompt, options, listener, cancellation);
            last = Optional.of(new GenerationReport(model, result, options, 0));
            return result;
        }
    }

    /** About the last answer. */
    Optional<GenerationReport> last() {
        return last;
    }

    /** The attention as it was asked for. */
    AttentionSpec attention() {
        return spec;
    }

    /** The attention with all its settings. */
    AttentionSpec resolvedAttention() {
        return session.report().spec();
    }

    /** Changes the attention; what was computed before is computed again when it is needed. */
    void attention(AttentionSpec wanted) {
        Session fresh = model.newSession(wanted);
        session.close();
        session = fresh;
        spec = wanted;
    }

    @Override
    public void close() {
        session.close();
    }
}
