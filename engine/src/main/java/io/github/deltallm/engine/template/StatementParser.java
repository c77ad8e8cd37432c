package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.FilterCall;
import io.github.deltallm.engine.template.Statement.Definition;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Parses a template into statements. */
final class StatementParser {
    private static final Set<String> ELSEWHERE =
            Set.of(
                    "block",
                    "extends",
                    "include",
                    "import",
                    "from",
                    "autoescape",
                    "do",
                    "trans",
                    "debug");

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int loops;

    private StatementParser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Statement> parse(Source source) {
        return new StatementParser(new TokenStream(Lexer.tokens(source))).statements(Set.of());
    }

    /** Statements up to a tag of one of these names, whose name is then the current token. */
    private List<Statement> statements(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.take();
            switch (token.type()) {
                case END -> {
                    if (!ends.isEmpty()) {
                        throw Fault.unreadable(
                                "a block has no '" + String.join("' or '", sorted(ends)) + "'",
                                token.at());
                    }
                    return List.copyOf(statements);
                }
                case DATA ->
                        statements.add(new Statement.Data(token.at(), Text.trusted(token.text())));
                case VARIABLE_BEGIN -> {
                    statements.add(new Statement.Output(token.at(), expressions.tuple()));
                    tokens.expect(Token.Type.VARIABLE_END, "'}}'");
                }
                default -> {
                    if (tokens.current().is(Token.Type.NAME)
                            && ends.contains(tokens.current().text())) {
                        return List.copyOf(statements);
                    }
                    statements.add(statement());
                    blockEnd();
                }
            }
        }
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    private void blockEnd() {
        tokens.expect(Token.Type.BLOCK_END, "'%}'");
    }

    /** The rest of a tag, and the statements up to one of the ends. */
    private List<Statement> body(String... ends) {
        tokens.skipOperator(":");
        blockEnd();
        tokens.enter();
        List<Statement> body = statements(Set.of(ends));
        tokens.leave();
        return body;
    }

    private List<Statement> lastBody(String end) {
        List<Statement> body = body(end);
        tokens.expectName(end);
        return body;
    }

    private Statement statement() {
        Token token = tokens.expect(Token.Type.NAME, "the name of a statement");
        Position at = token.at();
        return switch (token.text()) {
            case "if" -> conditional(at);
            case "for" -> loop(at);
            case "set" -> assignment(at);
            case "macro" -> macro(at);
            case "call" -> callBlock(at);
            case "filter" -> {
                List<FilterCall> filters = expressions.filters();
                yield new Statement.FilterBlock(at, filters, lastBody("endfilter"));
            }
            case "print" -> new Statement.Output(at, expressions.tuple());
            case "with" -> with(at);
            case "generation" -> new Statement.Group(at, outsideLoops("endgeneration"));
            case "break" -> new Statement.Break(insideLoop(token));
            case "continue" -> new Statement.Continue(insideLoop(token));
            default -> throw unknown(token);
        };
    }

    private Position insideLoop(Token token) {
        if (loops == 0) {
            throw Fault.unreadable("'" + token.text() + "' is outside of a loop", token.at());
        }
        return token.at();
    }

    private static Fault unknown(Token token) {
        String why =
                ELSEWHERE.contains(token.text())
                        ? "the statement '" + token.text() + "' is not supported in chat templates"
                        : token.text().startsWith("end") || token.text().startsWith("el")
                                ? "'" + token.text() + "' has no beginning here"
                                : "there is no statement '" + token.text() + "'";
        return Fault.unreadable(why, token.at());
    }

    private Statement conditional(Position at) {
        List<Statement.Branch> branches = new ArrayList<>();
        List<Statement> otherwise = List.of();
        String end = "elif";
        while (end.equals("elif")) {
            Expression condition = expressions.unconditionalTuple();
            branches.add(new Statement.Branch(condition, body("elif", "else", "endif")));
            end = tokens.take().text();
        }
        if (end.equals("else")) {
            otherwise = lastBody("endif");
        }
        return new Statement.If(at, List.copyOf(branches), otherwise);
    }

    private Statement loop(Position at) {
        Target target = targets(false);
        tokens.expectName("in");
        Expression items = expressions.unconditionalTuple();
        Optional<Expression> filter =
                tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        boolean recursive = tokens.skipName("recursive");
        loops++;
        List<Statement> body = body("endfor", "else");
        loops--;
        List<Statement> otherwise =
                tokens.take().text().equals("else") ? lastBody("endfor") : List.of();
        return new Statement.For(at, target, items, filter, recursive, body, otherwise);
    }

    private Statement assignment(Position at) {
        Target target = targets(true);
        if (tokens.skipOperator("=")) {
            return new Statement.Assign(at, target, expressions.tuple());
        }
        List<FilterCall> filters = tokens.skipOperator("|") ? expressions.filters() : List.of();
        return new Statement.Capture(at, target, filters, lastBody("endset"));
    }

    private Statement macro(Position at) {
        Token name = tokens.expect(Token.Type.NAME, "the name of the macro");
        return new Statement.Macro(at, definition(name.text(), parameters(), "endmacro"));
    }

    private Statement callBlock(Position at) {
        List<Statement.Parameter> parameters =
                tokens.current().isOperator("(") ? parameters() : List.of();
        Expression called = expressions.expression();
        if (!(called instanceof Expression.Call call)) {
            throw Fault.unreadable("expected a call after 'call'", called.at());
        }
        return new Statement.CallBlock(at, call, definition("caller", parameters, "endcall"));
    }

    private Definition definition(String name, List<Statement.Parameter> parameters, String end) {
        int start = tokens.index();
        List<Statement> body = outsideLoops(end);
        Statement.Specials specials =
                new Statement.Specials(
                        tokens.usedSince(start, "varargs"),
                        tokens.usedSince(start, "kwargs"),
                        tokens.usedSince(start, "caller"));
        return new Definition(name, parameters, specials, body);
    }

    /** A body that runs as a call, so a break in it would have no loop to leave. */
    private List<Statement> outsideLoops(String end) {
        int around = loops;
        loops = 0;
        List<Statement> body = lastBody(end);
        loops = around;
        return body;
    }

    private List<Statement.Parameter> parameters() {
        tokens.expectOperator("(");
        List<Statement.Parameter> parameters = new ArrayList<>();
        boolean optional = false;
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            Token name = tokens.expect(Token.Type.NAME, "the name of a parameter");
            Optional<Expression> fallback =
                    tokens.skipOperator("=")
                            ? Optional.of(expressions.expression())
                            : Optional.empty();
            if (optional && fallback.isEmpty()) {
                throw Fault.unreadable(
                        "a parameter without default follows one with a default", name.at());
            }
            optional = fallback.isPresent();
            parameters.add(new Statement.Parameter(name.text(), fallback));
        }
        return List.copyOf(parameters);
    }

    private Statement with(Position at) {
        List<Statement.Binding> bindings = new ArrayList<>();
        while (!tokens.current().is(Token.Type.BLOCK_END)) {
            if (!bindings.isEmpty()) {
                tokens.expectOperator(",");
            }
            Target target = target(false);
            tokens.expectOperator("=");
            bindings.add(new Statement.Binding(target, expressions.expression()));
        }
        return new Statement.With(at, List.copyOf(bindings), lastBody("endwith"));
    }

    private Target targets(boolean attributes) {
        List<Target> targets = new ArrayList<>(List.of(target(attributes)));
        boolean single = !tokens.current().isOperator(",");
        while (tokens.skipOperator(",") && !endsTargets()) {
            targets.add(target(attributes));
        }
        return single ? targets.getFirst() : new Target.Unpacked(List.copyOf(targets));
    }

    private boolean endsTargets() {
        Token token = tokens.current();
        return token.isName("in")
                || token.isOperator("=")
                || token.isOperator(")")
                || token.is(Token.Type.BLOCK_END);
    }

    private Target target(boolean attributes) {
        if (tokens.skipOperator("(")) {
            tokens.enter();
            Target inner = targets(attributes);
            tokens.leave();
            tokens.expectOperator(")");
            return inner;
        }
        Token name = tokens.expect(Token.Type.NAME, "the name of a variable");
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
            throw Fault.unreadable("'" + name.text() + "' cannot be assigned to", name.at());
        }
        if (attributes && tokens.skipOperator(".")) {
            Token attribute = tokens.expect(Token.Type.NAME, "the name of an attribute");
            return new Target.Attribute(name.text(), attribute.text());
        }
        return new Target.Variable(name.text());
    }
}
