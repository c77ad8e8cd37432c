package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.CallArguments;
import io.github.deltallm.engine.template.Expression.Operator;
import io.github.deltallm.engine.template.Expression.Relation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Parses Jinja2's expressions, one method per level of precedence: inline if, or, and, not,
 * comparison, sum, concatenation, product, power, sign; the operands themselves are left to {@link
 * OperandParser}.
 */
final class ExpressionParser {
    private final TokenStream tokens;
    private final OperandParser operands;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
        this.operands = new OperandParser(tokens, this);
    }

    Expression expression() {
        tokens.enter();
        Deque<Alternative> alternatives = new ArrayDeque<>();
        Expression value = or();
        while (tokens.current().isName("if")) {
            Position at = tokens.take().at();
            Expression condition = or();
            if (tokens.skipName("else")) {
                alternatives.push(new Alternative(at, condition, value));
                value = or();
            } else {
                value = new Expression.Conditional(at, condition, value, Optional.empty());
            }
        }
        for (Alternative last : alternatives) {
            value =
                    new Expression.Conditional(
                            last.at, last.condition, last.then, Optional.of(value));
        }
        tokens.leave();
        return value;
    }

    /** An inline if whose else is yet to be read; a long chain of them must not recurse. */
    private record Alternative(Position at, Expression condition, Expression then) {}

    /** An expression, or several with commas between them as a tuple. */
    Expression tuple() {
        return tuple(true);
    }

    /** The same without the inline if at its top, which a loop needs for its own {@code if}. */
    Expression unconditionalTuple() {
        return tuple(false);
    }

    private Expression tuple(boolean conditional) {
        Position at = tokens.current().at();
        List<Expression> items = new ArrayList<>();
        items.add(conditional ? expression() : or());
        boolean single = !tokens.current().isOperator(",");
        while (tokens.skipOperator(",") && !endsTuple()) {
            items.add(conditional ? expression() : or());
        }
        return single ? items.getFirst() : new Expression.TupleOf(at, List.copyOf(items));
    }

    private boolean endsTuple() {
        Token token = tokens.current();
        return token.is(Token.Type.VARIABLE_END)
                || token.is(Token.Type.BLOCK_END)
                || token.isOperator(")")
                || token.isName("recursive");
    }

    CallArguments arguments() {
        return operands.arguments();
    }

    /** Filters applied in a row, after a first pipe. */
    List<Expression.FilterCall> filters() {
        return operands.filters();
    }

    private Expression or() {
        Expression left = and();
        while (tokens.current().isName("or")) {
            left = new Expression.Or(tokens.take().at(), left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.current().isName("and")) {
            left = new Expression.And(tokens.take().at(), left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.current().isName("not")) {
            return comparison();
        }
        Position at = tokens.take().at();
        tokens.enter();
        Expression operand = not();
        tokens.leave();
        return new Expression.Not(at, operand);
    }

    private Expression comparison() {
        Expression first = sum();
        Position at = tokens.current().at();
        List<Expression.Link> links = new ArrayList<>();
        for (Optional<Relation> relation = relation();
                relation.isPresent();
                relation = relation()) {
            links.add(new Expression.Link(relation.get(), sum()));
        }
        return links.isEmpty() ? first : new Expression.Comparison(at, first, List.copyOf(links));
    }

    private Optional<Relation> relation() {
        Token token = tokens.current();
        if (token.isName("not") && tokens.following().isName("in")) {
            tokens.take();
            tokens.take();
            return Optional.of(Relation.NOT_IN);
        }
        if (!token.is(Token.Type.OPERATOR) && !token.isName("in")) {
            return Optional.empty();
        }
        Optional<Relation> relation =
                switch (token.text()) {
                    case "==" -> Optional.of(Relation.EQUAL);
                    case "!=" -> Optional.of(Relation.NOT_EQUAL);
                    case "<" -> Optional.of(Relation.LESS);
                    case "<=" -> Optional.of(Relation.LESS_OR_EQUAL);
                    case ">" -> Optional.of(Relation.GREATER);
                    case ">=" -> Optional.of(Relation.GREATER_OR_EQUAL);
                    case "in" -> Optional.of(Relation.IN);
                    default -> Optional.empty();
                };
        relation.ifPresent(found -> tokens.take());
        return relation;
    }

    private Expression sum() {
        Expression left = concatenation();
        for (Token token = tokens.current();
                token.isOperator("+") || token.isOperator("-");
                token = tokens.current()) {
            left = binary(left, token);
        }
        return left;
    }

    private Expression binary(Expression left, Token token) {
        tokens.take();
        Operator operator = token.isOperator("+") ? Operator.ADD : Operator.SUBTRACT;
        return new Expression.Binary(token.at(), operator, left, concatenation());
    }

    private Expression concatenation() {
        Expression first = product();
        if (!tokens.current().isOperator("~")) {
            return first;
        }
        Position at = tokens.current().at();
        List<Expression> parts = new ArrayList<>(List.of(first));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return new Expression.Concatenation(at, List.copyOf(parts));
    }

    private Expression product() {
        Expression left = power();
        while (tokens.current().is(Token.Type.OPERATOR)) {
            Token token = tokens.current();
            Operator operator;
            switch (token.text()) {
                case "*" -> operator = Operator.MULTIPLY;
                case "/" -> operator = Operator.DIVIDE;
                case "//" -> operator = Operator.FLOOR_DIVIDE;
                case "%" -> operator = Operator.REMAINDER;
                default -> {
                    return left;
                }
            }
            tokens.take();
            left = new Expression.Binary(token.at(), operator, left, power());
        }
        return left;
    }

    /** From left to right, unlike Python's. */
    private Expression power() {
        Expression left = operands.signed();
        while (tokens.current().isOperator("**")) {
            Position at = tokens.take().at();
            left = new Expression.Binary(at, Operator.POWER, left, operands.signed());
        }
        return left;
    }
}
