package io.github.deltallm.engine.template;

import java.util.List;

/** The parser's place among the tokens; also watches how deep it is, since it recurses. */
final class TokenStream {
    /** Brackets, signs and blocks inside each other; some fifteen Java frames each. */
    private static final int DEPTH = 64;

    private final List<Token> tokens;
    private int next;
    private int depth;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(next);
    }

    Token following() {
        return tokens.get(Math.min(next + 1, tokens.size() - 1));
    }

    Token take() {
        Token token = current();
        if (next < tokens.size() - 1) {
            next++;
        }
        return token;
    }

    boolean skipOperator(String operator) {
        return skipIf(current().isOperator(operator));
    }

    boolean skipName(String name) {
        return skipIf(current().isName(name));
    }

    private boolean skipIf(boolean matches) {
        if (matches) {
            take();
        }
        return matches;
    }

    Token expect(Token.Type type, String wanted) {
        if (!current().is(type)) {
            throw unexpected(wanted);
        }
        return take();
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    Fault unexpected(String wanted) {
        return Fault.unreadable(
                "expected " + wanted + " and found " + current().described(), current().at());
    }

    int index() {
        return next;
    }

    /** Whether a name occurs between an earlier index and here. */
    boolean usedSince(int index, String name) {
        return tokens.subList(index, next).stream().anyMatch(token -> token.isName(name));
    }

    void enter() {
        if (++depth > DEPTH) {
            throw Fault.unreadable("it nests more than " + DEPTH + " deep", current().at());
        }
    }

    void leave() {
        depth--;
    }
}
