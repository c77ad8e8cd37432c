package io.github.deltallm.engine.template;

import java.util.List;
import java.util.Optional;

/** A parsed expression. */
sealed interface Expression {
    Position at();

    record Constant(Position at, Value value) implements Expression {}

    record Name(Position at, String name) implements Expression {}

    record ListOf(Position at, List<Expression> items) implements Expression {}

    record TupleOf(Position at, List<Expression> items) implements Expression {}

    record DictOf(Position at, List<Pair> pairs) implements Expression {}

    record Pair(Expression key, Expression value) {}

    record Attribute(Position at, Expression target, String name) implements Expression {}

    record Item(Position at, Expression target, Expression key) implements Expression {}

    /** A bound that is left out is the constant none, as in Python. */
    record Slice(Position at, Expression target, Expression start, Expression stop, Expression step)
            implements Expression {}

    record Call(Position at, Expression callee, CallArguments arguments) implements Expression {}

    record Filtered(Position at, Expression input, FilterCall filter) implements Expression {}

    /** An {@code is} test. */
    record Tested(Position at, Expression input, String test, CallArguments arguments)
            implements Expression {}

    record Not(Position at, Expression operand) implements Expression {}

    /** Python's {@code and} and {@code or}, whose value is that of the deciding operand. */
    record And(Position at, Expression left, Expression right) implements Expression {}

    record Or(Position at, Expression left, Expression right) implements Expression {}

    /** A sign in front of a number. */
    record Signed(Position at, boolean negative, Expression operand) implements Expression {}

    record Binary(Position at, Operator operator, Expression left, Expression right)
            implements Expression {}

    record Concatenation(Position at, List<Expression> parts) implements Expression {}

    /** A chain such as {@code 0 <= i < n}, in which every neighbouring pair must hold. */
    record Comparison(Position at, Expression first, List<Link> links) implements Expression {}

    record Link(Relation relation, Expression operand) {}

    record Conditional(
            Position at, Expression condition, Expression then, Optional<Expression> otherwise)
            implements Expression {}

    record FilterCall(Position at, String name, CallArguments arguments) {}

    record CallArguments(
            List<Expression> positional,
            List<Named> named,
            Optional<Expression> spread,
            Optional<Expression> namedSpread) {
        static final CallArguments NONE =
                new CallArguments(List.of(), List.of(), Optional.empty(), Optional.empty());
    }

    record Named(String name, Expression value) {}

    enum Operator {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR_DIVIDE("//"),
        REMAINDER("%"),
        POWER("**");

        private final String sign;

        Operator(String sign) {
            this.sign = sign;
        }

        String sign() {
            return sign;
        }
    }

    enum Relation {
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL,
        IN,
        NOT_IN
    }
}
