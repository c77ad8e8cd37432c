package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.CallArguments;
import io.github.deltallm.engine.template.Expression.FilterCall;
import io.github.deltallm.engine.template.Expression.Link;
import io.github.deltallm.engine.template.Expression.Named;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Works out the values of expressions. */
final class Evaluator {
    private final Rendering rendering;

    Evaluator(Rendering rendering) {
        this.rendering = rendering;
    }

    Value value(Expression expression, Scope scope) {
        Budget budget = rendering.budget();
        budget.enter();
        try {
            budget.step();
            return evaluate(expression, scope);
        } catch (Fault fault) {
            throw fault.at(expression.at());
        } finally {
            budget.leave();
        }
    }

    private Value evaluate(Expression expression, Scope scope) {
        return switch (expression) {
            case Expression.Constant constant -> constant.value();
            case Expression.Name name -> named(name.name(), scope);
            case Expression.ListOf list -> Value.list(values(list.items(), scope));
            case Expression.TupleOf tuple -> Value.tuple(values(tuple.items(), scope));
            case Expression.DictOf dict -> dict(dict, scope);
            case Expression.Attribute attribute ->
                    rendering
                            .access()
                            .attribute(value(attribute.target(), scope), attribute.name());
            case Expression.Item item ->
                    rendering.access().item(value(item.target(), scope), value(item.key(), scope));
            case Expression.Slice slice -> slice(slice, scope);
            case Expression.Call call ->
                    call(value(call.callee(), scope), arguments(call.arguments(), scope));
            case Expression.Filtered filtered ->
                    filtered(value(filtered.input(), scope), filtered.filter(), scope);
            case Expression.Tested tested -> tested(tested, scope);
            case Expression.Not not -> Value.of(!value(not.operand(), scope).truth());
            case Expression.And and -> and(and, scope);
            case Expression.Or or -> or(or, scope);
            case Expression.Signed signed ->
                    rendering
                            .arithmetic()
                            .signed(signed.negative(), value(signed.operand(), scope));
            case Expression.Binary binary -> binary(binary, scope);
            case Expression.Concatenation concatenation -> concatenation(concatenation, scope);
            case Expression.Comparison comparison -> comparison(comparison, scope);
            case Expression.Conditional conditional -> conditional(conditional, scope);
        };
    }

    private static Value named(String name, Scope scope) {
        return scope.find(name).orElseGet(() -> new Value.Undefined("'" + name + "' is undefined"));
    }

    private List<Value> values(List<Expression> expressions, Scope scope) {
        List<Value> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(value(expression, scope));
        }
        return values;
    }

    private Value dict(Expression.DictOf dict, Scope scope) {
        Mapping.Builder mapping = new Mapping.Builder();
        for (Expression.Pair pair : dict.pairs()) {
            Value key = value(pair.key(), scope);
            mapping.put(key, value(pair.value(), scope));
        }
        return mapping.build();
    }

    private Value slice(Expression.Slice slice, Scope scope) {
        Value target = value(slice.target(), scope);
        Value start = value(slice.start(), scope);
        Value stop = value(slice.stop(), scope);
        Value step = value(slice.step(), scope);
        return Slicing.slice(target, start, stop, step, rendering.budget());
    }

    Value call(Value callee, Arguments arguments) {
        return switch (callee) {
            case Value.Callable callable -> callable.body().call(arguments);
            case Loop loop -> loop.call(arguments);
            case Value.Undefined missing -> throw Fault.failed(missing.reason());
            default ->
                    throw Fault.failed("a value of type '" + callee.type() + "' cannot be called");
        };
    }

    Arguments arguments(CallArguments call, Scope scope) {
        List<Value> positional = values(call.positional(), scope);
        Map<String, Value> named = new LinkedHashMap<>();
        for (Named argument : call.named()) {
            named.put(argument.name(), value(argument.value(), scope));
        }
        call.spread().ifPresent(list -> positional.addAll(rendering.iterate(value(list, scope))));
        call.namedSpread().ifPresent(dict -> spread(value(dict, scope), named));
        return new Arguments(List.copyOf(positional), named);
    }

    private static void spread(Value value, Map<String, Value> named) {
        if (!(value instanceof Mapping mapping)) {
            throw Fault.failed("only a dict can be spread with **, not '" + value.type() + "'");
        }
        for (Mapping.Entry entry : mapping.entries()) {
            if (!(entry.key() instanceof Text name)) {
                throw Fault.failed(
                        "the names of arguments are strings, not '" + entry.key().type() + "'");
            }
            named.put(name.chars(), entry.value());
        }
    }

    Value filtered(Value input, FilterCall filter, Scope scope) {
        return Filters.apply(filter.name(), input, arguments(filter.arguments(), scope), rendering);
    }

    private Value tested(Expression.Tested tested, Scope scope) {
        Value input = value(tested.input(), scope);
        return Value.of(
                IsTests.apply(
                        tested.test(), input, arguments(tested.arguments(), scope), rendering));
    }

    private Value and(Expression.And and, Scope scope) {
        Value left = value(and.left(), scope);
        return left.truth() ? value(and.right(), scope) : left;
    }

    private Value or(Expression.Or or, Scope scope) {
        Value left = value(or.left(), scope);
        return left.truth() ? left : value(or.right(), scope);
    }

    private Value binary(Expression.Binary binary, Scope scope) {
        Value left = value(binary.left(), scope);
        Value right = value(binary.right(), scope);
        return rendering.arithmetic().apply(binary.operator(), left, right);
    }

    private Value concatenation(Expression.Concatenation concatenation, Scope scope) {
        TextBuilder out = rendering.builder();
        for (Expression part : concatenation.parts()) {
            out.append(rendering.text(value(part, scope)));
        }
        return out.build();
    }

    private Value comparison(Expression.Comparison comparison, Scope scope) {
        Value left = value(comparison.first(), scope);
        for (Link link : comparison.links()) {
            Value right = value(link.operand(), scope);
            if (!holds(link, left, right)) {
                return Value.of(false);
            }
            left = right;
        }
        return Value.of(true);
    }

    private boolean holds(Link link, Value left, Value right) {
        Comparison comparison = rendering.comparison();
        return switch (link.relation()) {
            case EQUAL -> comparison.equal(left, right);
            case NOT_EQUAL -> !comparison.equal(left, right);
            case LESS -> comparison.less(left, right);
            case LESS_OR_EQUAL -> comparison.less(left, right) || comparison.equal(left, right);
            case GREATER -> comparison.less(right, left);
            case GREATER_OR_EQUAL -> comparison.less(right, left) || comparison.equal(left, right);
            case IN -> comparison.contains(right, left);
            case NOT_IN -> !comparison.contains(right, left);
        };
    }

    private Value conditional(Expression.Conditional conditional, Scope scope) {
        if (value(conditional.condition(), scope).truth()) {
            return value(conditional.then(), scope);
        }
        return conditional
                .otherwise()
                .map(otherwise -> value(otherwise, scope))
                .orElseGet(() ->
                        new Value.Undefined(
                                "the inline 'if' has no 'else' and its condition is false"));
    }
}
