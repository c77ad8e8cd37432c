package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.FilterCall;

import java.util.List;
import java.util.Optional;

/** A parsed statement. */
sealed interface Statement {
    Position at();

    /** The template's own text. */
    record Data(Position at, Text text) implements Statement {}

    record Output(Position at, Expression value) implements Statement {}

    record If(Position at, List<Branch> branches, List<Statement> otherwise) implements Statement {}

    record Branch(Expression condition, List<Statement> body) {}

    record For(
            Position at,
            Target target,
            Expression items,
            Optional<Expression> filter,
            boolean recursive,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    record Assign(Position at, Target target, Expression value) implements Statement {}

    /** {@code set} with a body instead of a value. */
    record Capture(Position at, Target target, List<FilterCall> filters, List<Statement> body)
            implements Statement {}

    record Macro(Position at, Definition definition) implements Statement {}

    /** {@code call}: the body becomes the macro {@code caller} of the called one. */
    record CallBlock(Position at, Expression.Call call, Definition caller) implements Statement {}

    record FilterBlock(Position at, List<FilterCall> filters, List<Statement> body)
            implements Statement {}

    record With(Position at, List<Binding> bindings, List<Statement> body) implements Statement {}

    record Binding(Target target, Expression value) {}

    /** A body with a scope of its own and no other effect, such as {@code generation}. */
    record Group(Position at, List<Statement> body) implements Statement {}

    record Break(Position at) implements Statement {}

    record Continue(Position at) implements Statement {}

    /**
     * What a macro is made of.
     *
     * @param specials the special variables the body uses: only then may a call pass what they hold
     */
    record Definition(
            String name, List<Parameter> parameters, Specials specials, List<Statement> body) {}

    record Parameter(String name, Optional<Expression> fallback) {}

    record Specials(boolean varargs, boolean kwargs, boolean caller) {}
}
