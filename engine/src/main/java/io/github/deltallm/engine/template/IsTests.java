package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.Operator;

import java.util.Map;

/** What can stand behind {@code is}. */
final class IsTests {
    private interface Test {
        boolean holds(Value input, Arguments arguments, Rendering rendering);
    }

    private static final Map<String, Test> ALL =
            Map.ofEntries(
                    Map.entry(
                            "defined",
                            (input, arguments, r) -> !(input instanceof Value.Undefined)),
                    Map.entry(
                            "undefined", (input, arguments, r) -> input instanceof Value.Undefined),
                    Map.entry("none", (input, arguments, r) -> input instanceof Value.None),
                    Map.entry("string", (input, arguments, r) -> input instanceof Text),
                    Map.entry("mapping", (input, arguments, r) -> input instanceof Mapping),
                    Map.entry("iterable", (input, arguments, r) -> iterable(input)),
                    Map.entry("sequence", (input, arguments, r) -> sequence(input)),
                    Map.entry("number", (input, arguments, r) -> Arithmetic.isNumber(input)),
                    Map.entry("integer", (input, arguments, r) -> input instanceof Value.Int),
                    Map.entry("float", (input, arguments, r) -> input instanceof Value.Real),
                    Map.entry("boolean", (input, arguments, r) -> input instanceof Value.Bool),
                    Map.entry(
                            "true",
                            (input, arguments, r) -> input instanceof Value.Bool b && b.value()),
                    Map.entry(
                            "false",
                            (input, arguments, r) -> input instanceof Value.Bool b && !b.value()),
                    Map.entry("callable", (input, arguments, r) -> callable(input)),
                    Map.entry("odd", (input, arguments, r) -> leaves(input, Value.of(2), 1, r)),
                    Map.entry("even", (input, arguments, r) -> leaves(input, Value.of(2), 0, r)),
                    Map.entry(
                            "divisibleby",
                            (input, arguments, r) -> leaves(input, other(arguments), 0, r)),
                    Map.entry(
                            "lower",
                            (input, arguments, r) ->
                                    TextCase.all(r.text(input), Character::isLowerCase)),
                    Map.entry(
                            "upper",
                            (input, arguments, r) ->
                                    TextCase.all(r.text(input), Character::isUpperCase)),
                    Map.entry("escaped", (input, arguments, r) -> false),
                    Map.entry(
                            "filter",
                            (input, arguments, r) -> Filters.exists(r.text(input).chars())),
                    Map.entry("test", (input, arguments, r) -> exists(r.text(input).chars())),
                    Map.entry("sameas", (input, arguments, r) -> same(input, other(arguments))),
                    Map.entry(
                            "in",
                            (input, arguments, r) ->
                                    r.comparison().contains(other(arguments), input)),
                    Map.entry("eq", IsTests::equal),
                    Map.entry("==", IsTests::equal),
                    Map.entry("equalto", IsTests::equal),
                    Map.entry("ne", IsTests::unequal),
                    Map.entry("!=", IsTests::unequal),
                    Map.entry("lt", IsTests::less),
                    Map.entry("<", IsTests::less),
                    Map.entry("lessthan", IsTests::less),
                    Map.entry("gt", IsTests::greater),
                    Map.entry(">", IsTests::greater),
                    Map.entry("greaterthan", IsTests::greater),
                    Map.entry("le", IsTests::atMost),
                    Map.entry("<=", IsTests::atMost),
                    Map.entry("ge", IsTests::atLeast),
                    Map.entry(">=", IsTests::atLeast));

    private IsTests() {}

    static boolean apply(String name, Value input, Arguments arguments, Rendering rendering) {
        Test test = ALL.get(name);
        if (test == null) {
            throw Fault.failed("there is no test named '" + name + "'");
        }
        rendering.budget().step();
        if (input instanceof Text text) {
            rendering.budget().characters(text.length());
        }
        return test.holds(input, arguments, rendering);
    }

    private static boolean exists(String name) {
        return ALL.containsKey(name);
    }

    private static Value other(Arguments arguments) {
        return arguments.bind("a test", "other").required("other");
    }

    private static boolean iterable(Value input) {
        return input instanceof Text
                || input instanceof Value.Sequence
                || input instanceof Mapping
                || input instanceof Loop
                || input instanceof Value.Undefined;
    }

    private static boolean sequence(Value input) {
        return iterable(input)
                && !(input instanceof Loop)
                && !(input instanceof Value.Sequence sequence && !sequence.kind().indexed());
    }

    private static boolean callable(Value input) {
        return input instanceof Value.Callable
                || input instanceof Loop
                || input instanceof Value.Undefined;
    }

    private static boolean leaves(Value input, Value divisor, long wanted, Rendering rendering) {
        Value remainder = rendering.arithmetic().apply(Operator.REMAINDER, input, divisor);
        return rendering.comparison().equal(remainder, Value.of(wanted));
    }

    /** Of containers Python would compare the place in memory, which means nothing here. */
    private static boolean same(Value input, Value other) {
        boolean container = input instanceof Value.Sequence || input instanceof Mapping;
        return !container && input.getClass() == other.getClass() && input.equals(other);
    }

    private static boolean equal(Value input, Arguments arguments, Rendering rendering) {
        return rendering.comparison().equal(input, other(arguments));
    }

    private static boolean unequal(Value input, Arguments arguments, Rendering rendering) {
        return !equal(input, arguments, rendering);
    }

    private static boolean less(Value input, Arguments arguments, Rendering rendering) {
        return rendering.comparison().less(input, other(arguments));
    }

    private static boolean greater(Value input, Arguments arguments, Rendering rendering) {
        return rendering.comparison().less(other(arguments), input);
    }

    private static boolean atMost(Value input, Arguments arguments, Rendering rendering) {
        return less(input, arguments, rendering) || equal(input, arguments, rendering);
    }

    private static boolean atLeast(Value input, Arguments arguments, Rendering rendering) {
        return greater(input, arguments, rendering) || equal(input, arguments, rendering);
    }
}
