package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Statement.Definition;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A macro together with the scope it was defined in, ready to be called. */
final class MacroCall {
    private final Definition definition;
    private final Scope scope;
    private final Executor executor;
    private final Evaluator evaluator;
    private final Rendering rendering;

    MacroCall(
            Definition definition,
            Scope scope,
            Executor executor,
            Evaluator evaluator,
            Rendering rendering) {
        this.definition = definition;
        this.scope = scope;
        this.executor = executor;
        this.evaluator = evaluator;
        this.rendering = rendering;
    }

    Value.Callable callable() {
        return new Value.Callable(definition.name(), this::call);
    }

    private Text call(Arguments arguments) {
        rendering.budget().enter();
        Text result = run(arguments);
        rendering.budget().leave();
        return result;
    }

    private Text run(Arguments arguments) {
        Scope inner = scope.inner();
        Map<String, Value> named = new HashMap<>(arguments.named());
        List<Statement.Parameter> parameters = definition.parameters();
        for (int i = 0; i < parameters.size(); i++) {
            Statement.Parameter parameter = parameters.get(i);
            Optional<Value> byName = Optional.ofNullable(named.remove(parameter.name()));
            inner.set(
                    parameter.name(),
                    argument(parameter, i, arguments.positional(), byName, inner));
        }
        special(inner, named);
        excess(inner, arguments.positional(), named);
        TextBuilder out = rendering.builder();
        executor.run(definition.body(), inner, out);
        return out.build();
    }

    private Value argument(
            Statement.Parameter parameter,
            int index,
            List<Value> positional,
            Optional<Value> byName,
            Scope inner) {
        if (index < positional.size()) {
            if (byName.isPresent()) {
                throw Fault.failed(
                        described() + " got its argument '" + parameter.name() + "' twice");
            }
            return positional.get(index);
        }
        if (byName.isPresent()) {
            return byName.get();
        }
        return parameter.fallback().isPresent()
                ? evaluator.value(parameter.fallback().get(), inner)
                : new Value.Undefined(
                        described()
                                + " was called without its argument '"
                                + parameter.name()
                                + "'");
    }

    private String described() {
        return "the macro '" + definition.name() + "'";
    }

    private void special(Scope inner, Map<String, Value> named) {
        if (definition.specials().caller()) {
            Value caller = named.remove("caller");
            inner.set(
                    "caller",
                    caller != null
                            ? caller
                            : new Value.Undefined(described() + " was not called by a 'call'"));
        }
    }

    /**
     * A macro takes more than its parameters only if its body uses {@code varargs} or {@code
     * kwargs}.
     */
    private void excess(Scope inner, List<Value> positional, Map<String, Value> named) {
        int taken = Math.min(positional.size(), definition.parameters().size());
        List<Value> more = new ArrayList<>(positional.subList(taken, positional.size()));
        if (definition.specials().varargs()) {
            inner.set("varargs", Value.tuple(more));
        } else if (!more.isEmpty()) {
            throw Fault.failed(described() + " takes at most " + taken + " arguments");
        }
        if (definition.specials().kwargs()) {
            Mapping.Builder rest = new Mapping.Builder();
            named.forEach((name, value) -> rest.put(Text.trusted(name), value));
            inner.set("kwargs", rest.build());
        } else if (!named.isEmpty()) {
            throw Fault.failed(
                    described() + " has no argument '" + named.keySet().iterator().next() + "'");
        }
    }
}
