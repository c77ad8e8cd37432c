package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.AttentionStrategy.Request;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream.Kind;

import java.util.ArrayList;
import java.util.List;

/**
 * What queries see of a sequence for which tokens were declared at one or more of its lengths; the
 * contract's own words, independent of any cache.
 */
record Declared(AttentionStrategy strategy, int layer, List<Declaration> declarations) {
    /** Tokens that are declared when the sequence has a length. */
    record Declaration(int length, int tokens) {}

    Declared {
        declarations = List.copyOf(declarations);
    }

    /** Before the first row. */
    static Declared of(AttentionStrategy strategy, int tokens) {
        return new Declared(strategy, 0, List.of(new Declaration(0, tokens)));
    }

    /** Then, when the sequence has {@code length} rows, more tokens. */
    Declared then(int length, int tokens) {
        List<Declaration> all = new ArrayList<>(declarations);
        all.add(new Declaration(length, tokens));
        return new Declared(strategy, layer, all);
    }

    Declared inLayer(int other) {
        return new Declared(strategy, other, declarations);
    }

    private Request request(int position) {
        int tokens = 0;
        for (Declaration declaration : declarations) {
            if (declaration.length() <= position) {
                tokens = Math.max(tokens, declaration.tokens());
            }
        }
        return new Request(tokens);
    }

    /** Whether a position is part of the prompt. */
    boolean inPrompt(int position) {
        return position < request(position).tokens();
    }

    int sinks(int head) {
        return strategy.sinks(layer, head);
    }

    boolean drops(int head) {
        return strategy.dropsMiddle(layer, head);
    }

    /** The first key of the exact run of the query at a position. */
    int recent(int head, int position) {
        int from = strategy.exactFrom(layer, head, position, request(position));
        int window = strategy.window(layer, head, request(0));
        for (Declaration declaration : declarations) {
            int length = declaration.length();
            int wider = strategy.window(layer, head, request(length));
            if (length > 0 && length <= position && wider > window) {
                from = Math.max(from, length - window);
                window = wider;
            }
        }
        return Math.min(from, position);
    }

    Encoding encoding(int head, Kind kind) {
        return kind == Kind.KEYS ? strategy.keys(layer, head) : strategy.values(layer, head);
    }

    /** Whether the query at a position sees the middle as encoded. */
    boolean encoded(int head, Kind kind, int position) {
        return switch (encoding(head, kind)) {
            case Encoding.Exact exact -> false;
            case Encoding.Pruned pruned -> true;
            case Encoding.Delta delta ->
                    !delta.waits() || position >= Encoding.Delta.FIRST_ROWS - 1;
        };
    }
}
