package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.CallArguments;
import io.github.deltallm.engine.template.Expression.FilterCall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Parses what operators work on: constants, names and brackets, with the accesses, calls, filters
 * and tests after them.
 */
final class OperandParser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;

    OperandParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    Expression signed() {
        return filtered(sign());
    }

    /** In Jinja2 accesses bind tighter than a sign, and a sign tighter than a filter. */
    private Expression sign() {
        Token token = tokens.current();
        if (!token.isOperator("-") && !token.isOperator("+")) {
            return accessed(primary());
        }
        tokens.take();
        tokens.enter();
        Expression operand = sign();
        tokens.leave();
        return accessed(new Expression.Signed(token.at(), token.text().equals("-"), operand));
    }

    private Expression primary() {
        Token token = tokens.take();
        return switch (token.type()) {
            case NAME -> name(token);
            case STRING -> strings(token);
            case INTEGER, FLOAT ->
                    new Expression.Constant(token.at(), NumberParser.constant(token));
            case OPERATOR -> bracket(token);
            default -> throw unexpected(token);
        };
    }

    private static Fault unexpected(Token token) {
        return Fault.unreadable(
                "expected an expression and found " + token.described(), token.at());
    }

    private static Expression name(Token token) {
        return switch (token.text()) {
            case "true", "True" -> new Expression.Constant(token.at(), Value.of(true));
            case "false", "False" -> new Expression.Constant(token.at(), Value.of(false));
            case "none", "None" -> new Expression.Constant(token.at(), Value.NONE);
            default -> new Expression.Name(token.at(), token.text());
        };
    }

    /** String constants side by side are one. */
    private Expression strings(Token first) {
        StringBuilder text = new StringBuilder(first.text());
        while (tokens.current().is(Token.Type.STRING)) {
            text.append(tokens.take().text());
        }
        return new Expression.Constant(first.at(), Text.trusted(text.toString()));
    }

    private Expression bracket(Token token) {
        return switch (token.text()) {
            case "(" -> parenthesis(token.at());
            case "[" -> new Expression.ListOf(token.at(), listItems());
            case "{" -> dict(token.at());
            default -> throw unexpected(token);
        };
    }

    private Expression parenthesis(Position at) {
        if (tokens.skipOperator(")")) {
            return new Expression.TupleOf(at, List.of());
        }
        Expression inner = expressions.tuple();
        tokens.expectOperator(")");
        return inner;
    }

    private List<Expression> listItems() {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator("]")) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("]")) {
                    break;
                }
            }
            items.add(expressions.expression());
        }
        return List.copyOf(items);
    }

    private Expression dict(Position at) {
        List<Expression.Pair> pairs = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            if (!pairs.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("}")) {
                    break;
                }
            }
            Expression key = expressions.expression();
            tokens.expectOperator(":");
            pairs.add(new Expression.Pair(key, expressions.expression()));
        }
        return new Expression.DictOf(at, List.copyOf(pairs));
    }

    private Expression accessed(Expression operand) {
        Expression result = operand;
        while (true) {
            Token token = tokens.current();
            if (token.isOperator(".")) {
                result = attribute(result);
            } else if (token.isOperator("[")) {
                tokens.take();
                result = subscript(token.at(), result);
            } else if (token.isOperator("(")) {
                result = new Expression.Call(result.at(), result, arguments());
            } else {
                return result;
            }
        }
    }

    private Expression attribute(Expression target) {
        tokens.take();
        Token name = tokens.take();
        return switch (name.type()) {
            case NAME -> new Expression.Attribute(name.at(), target, name.text());
            case INTEGER ->
                    new Expression.Item(
                            name.at(),
                            target,
                            new Expression.Constant(name.at(), NumberParser.constant(name)));
            default ->
                    throw Fault.unreadable(
                            "expected a name or number and found " + name.described(), name.at());
        };
    }

    private Expression subscript(Position at, Expression target) {
        Expression none = new Expression.Constant(at, Value.NONE);
        Expression start = tokens.current().isOperator(":") ? none : expressions.tuple();
        if (tokens.skipOperator("]")) {
            return new Expression.Item(at, target, start);
        }
        tokens.expectOperator(":");
        Expression stop = bound(none);
        Expression step = tokens.skipOperator(":") ? bound(none) : none;
        tokens.expectOperator("]");
        return new Expression.Slice(at, target, start, stop, step);
    }

    private Expression bound(Expression none) {
        Token token = tokens.current();
        return token.isOperator(":") || token.isOperator("]") ? none : expressions.expression();
    }

    private Expression filtered(Expression operand) {
        Expression result = operand;
        while (true) {
            Token token = tokens.current();
            if (token.isOperator("|")) {
                tokens.take();
                FilterCall filter = filter();
                result = new Expression.Filtered(filter.at(), result, filter);
            } else if (token.isName("is")) {
                result = test(result);
            } else if (token.isOperator("(")) {
                result = new Expression.Call(result.at(), result, arguments());
            } else {
                return result;
            }
        }
    }

    List<FilterCall> filters() {
        List<FilterCall> filters = new ArrayList<>(List.of(filter()));
        while (tokens.skipOperator("|")) {
            filters.add(filter());
        }
        return List.copyOf(filters);
    }

    private FilterCall filter() {
        Token name = tokens.expect(Token.Type.NAME, "the name of a filter");
        return new FilterCall(
                name.at(),
                name.text(),
                tokens.current().isOperator("(") ? arguments() : CallArguments.NONE);
    }

    private Expression test(Expression input) {
        tokens.take();
        boolean negated = tokens.skipName("not");
        Token name = tokens.expect(Token.Type.NAME, "the name of a test");
        CallArguments arguments = CallArguments.NONE;
        if (tokens.current().isOperator("(")) {
            arguments = arguments();
        } else if (startsTestArgument(tokens.current())) {
            arguments =
                    new CallArguments(
                            List.of(accessed(primary())),
                            List.of(),
                            Optional.empty(),
                            Optional.empty());
        }
        Expression test = new Expression.Tested(name.at(), input, name.text(), arguments);
        return negated ? new Expression.Not(name.at(), test) : test;
    }

    /** A test may take one argument without parentheses. */
    private static boolean startsTestArgument(Token token) {
        return switch (token.type()) {
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            case NAME -> !List.of("else", "or", "and", "is").contains(token.text());
            default -> false;
        };
    }

    CallArguments arguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<Expression.Named> named = new ArrayList<>();
        Optional<Expression> spread = Optional.empty();
        Optional<Expression> namedSpread = Optional.empty();
        boolean first = true;
        while (!tokens.skipOperator(")")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(")")) {
                    break;
                }
            }
            first = false;
            Token token = tokens.current();
            if (tokens.skipOperator("**")) {
                requireFirst(namedSpread.isEmpty(), token);
                namedSpread = Optional.of(expressions.expression());
            } else if (tokens.skipOperator("*")) {
                requireFirst(spread.isEmpty() && namedSpread.isEmpty(), token);
                spread = Optional.of(expressions.expression());
            } else if (token.is(Token.Type.NAME) && tokens.following().isOperator("=")) {
                requireFirst(namedSpread.isEmpty(), token);
                tokens.take();
                tokens.take();
                named.add(new Expression.Named(token.text(), expressions.expression()));
            } else {
                requireFirst(named.isEmpty() && spread.isEmpty() && namedSpread.isEmpty(), token);
                positional.add(expressions.expression());
            }
        }
        return new CallArguments(List.copyOf(positional), List.copyOf(named), spread, namedSpread);
    }

    private static void requireFirst(boolean inOrder, Token token) {
        if (!inOrder) {
            throw Fault.unreadable("the arguments of the call are out of order", token.at());
        }
    }
}
