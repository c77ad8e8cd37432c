package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.FilterCall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs statements. */
final class Executor {
    /**
     * How a list of statements ended: at its end, or at a statement that the loop around it must
     * act on.
     */
    private enum Flow {
        NORMAL,
        BREAK,
        CONTINUE
    }

    private final Rendering rendering;
    private final Evaluator evaluator;

    Executor(Rendering rendering) {
        this.rendering = rendering;
        this.evaluator = new Evaluator(rendering);
    }

    void run(List<Statement> statements, Scope scope, TextBuilder out) {
        all(statements, scope, out);
    }

    private Flow all(List<Statement> statements, Scope scope, TextBuilder out) {
        for (Statement statement : statements) {
            Flow flow = one(statement, scope, out);
            if (flow != Flow.NORMAL) {
                return flow;
            }
        }
        return Flow.NORMAL;
    }

    private Flow one(Statement statement, Scope scope, TextBuilder out) {
        Budget budget = rendering.budget();
        budget.enter();
        try {
            budget.step();
            return execute(statement, scope, out);
        } catch (Fault fault) {
            throw fault.at(statement.at());
        } finally {
            budget.leave();
        }
    }

    private Flow execute(Statement statement, Scope scope, TextBuilder out) {
        switch (statement) {
            case Statement.Data data -> out.append(data.text());
            case Statement.Output output ->
                    out.append(rendering.text(evaluator.value(output.value(), scope)));
            case Statement.Assign assign ->
                    assign(assign.target(), evaluator.value(assign.value(), scope), scope);
            case Statement.Macro macro ->
                    scope.set(macro.definition().name(), macro(macro.definition(), scope));
            case Statement.CallBlock block -> out.append(called(block, scope));
            case Statement.If conditional -> {
                return conditional(conditional, scope, out);
            }
            case Statement.For loop -> {
                return loop(loop, scope, out);
            }
            case Statement.With with -> {
                return with(with, scope, out);
            }
            case Statement.Group group -> {
                return all(group.body(), scope.inner(), out);
            }
            case Statement.Capture capture -> {
                TextBuilder captured = rendering.builder();
                Flow flow = all(capture.body(), scope.inner(), captured);
                assign(
                        capture.target(),
                        filtered(captured.build(), capture.filters(), scope),
                        scope);
                return flow;
            }
            case Statement.FilterBlock block -> {
                TextBuilder captured = rendering.builder();
                Flow flow = all(block.body(), scope.inner(), captured);
                out.append(rendering.text(filtered(captured.build(), block.filters(), scope)));
                return flow;
            }
            case Statement.Break leave -> {
                return Flow.BREAK;
            }
            case Statement.Continue next -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NORMAL;
    }

    private Value filtered(Text text, List<FilterCall> filters, Scope scope) {
        Value value = text;
        for (FilterCall filter : filters) {
            value = evaluator.filtered(value, filter, scope);
        }
        return value;
    }

    private Flow conditional(Statement.If conditional, Scope scope, TextBuilder out) {
        for (Statement.Branch branch : conditional.branches()) {
            if (evaluator.value(branch.condition(), scope).truth()) {
                return all(branch.body(), scope, out);
            }
        }
        return all(conditional.otherwise(), scope, out);
    }

    private Flow with(Statement.With with, Scope scope, TextBuilder out) {
        Scope inner = scope.inner();
        for (Statement.Binding binding : with.bindings()) {
            assign(binding.target(), evaluator.value(binding.value(), scope), inner);
        }
        return all(with.body(), inner, out);
    }

    private Flow loop(Statement.For loop, Scope scope, TextBuilder out) {
        return loop(loop, evaluator.value(loop.items(), scope), 0, scope, out);
    }

    private Flow loop(Statement.For loop, Value iterated, int depth, Scope scope, TextBuilder out) {
        List<Value> items = selected(loop, rendering.iterate(iterated), scope);
        if (items.isEmpty()) {
            return all(loop.otherwise(), scope.inner(), out);
        }
        Loop state = new Loop(items, depth, recursion(loop, depth, scope), rendering);
        for (Value item : items) {
            rendering.budget().step();
            state.advance();
            Scope inner = scope.inner().set("loop", state);
            assign(loop.target(), item, inner);
            if (all(loop.body(), inner, out) == Flow.BREAK) {
                break;
            }
        }
        return Flow.NORMAL;
    }

    /** What calling the variable {@code loop} does: it runs the same loop over other items. */
    private Optional<Value.Callable.Body> recursion(Statement.For loop, int depth, Scope scope) {
        if (!loop.recursive()) {
            return Optional.empty();
        }
        return Optional.of(arguments -> {
            Value items = arguments.bind("loop", "iterable").required("iterable");
            TextBuilder out = rendering.builder();
            loop(loop, items, depth + 1, scope, out);
            return out.build();
        });
    }

    /**
     * The loop's own {@code if} decides before the loop begins, so that its indexes count what is
     * left.
     */
    private List<Value> selected(Statement.For loop, List<Value> items, Scope scope) {
        if (loop.filter().isEmpty()) {
            return items;
        }
        List<Value> selected = new ArrayList<>();
        for (Value item : items) {
            Scope inner = scope.inner();
            assign(loop.target(), item, inner);
            if (evaluator.value(loop.filter().get(), inner).truth()) {
                selected.add(item);
            }
        }
        return selected;
    }

    private void assign(Target target, Value value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.Attribute attribute -> {
                if (!(scope.find(attribute.namespace()).orElse(Value.NONE)
                        instanceof Namespace namespace)) {
                    throw Fault.failed(
                            "'"
                                    + attribute.namespace()
                                    + "' is no namespace, and only those can be changed");
                }
                namespace.set(attribute.name(), value);
            }
            case Target.Unpacked unpacked -> {
                List<Value> items = rendering.iterate(value);
                if (items.size() != unpacked.parts().size()) {
                    throw Fault.failed(
                            items.size()
                                    + " values cannot be unpacked into "
                                    + unpacked.parts().size()
                                    + " names");
                }
                for (int i = 0; i < items.size(); i++) {
                    assign(unpacked.parts().get(i), items.get(i), scope);
                }
            }
        }
    }

    private Value.Callable macro(Statement.Definition definition, Scope scope) {
        return new MacroCall(definition, scope, this, evaluator, rendering).callable();
    }

    private Text called(Statement.CallBlock block, Scope scope) {
        Value callee = evaluator.value(block.call().callee(), scope);
        Arguments arguments = evaluator.arguments(block.call().arguments(), scope);
        Value caller = macro(block.caller(), scope);
        return rendering.text(evaluator.call(callee, arguments.with("caller", caller)));
    }
}
