package io.github.deltallm.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What Jinja2 itself makes of single expressions, statements and white space; the resources say
 * which and how.
 */
class OracleTest {
    private static final String FAILS = "!";

    @ParameterizedTest
    @MethodSource
    void expressions(String line) {
        String[] parts = line.split("\t", -1);
        check("{{ " + parts[0] + " }}", parts[1]);
    }

    @ParameterizedTest
    @MethodSource
    void statements(String line) {
        String[] parts = line.split("\t", -1);
        check(parts[0], parts[1]);
    }

    @ParameterizedTest
    @MethodSource
    void whitespace(String line) {
        String[] parts = line.split("\t", -1);
        check(unescaped(parts[0]), parts[1]);
    }

    private static void check(String template, String expected) {
        if (expected.equals(FAILS)) {
            assertThatExceptionOfType(ChatTemplateException.class)
                    .isThrownBy(() -> Templates.render(template, variables()));
        } else {
            assertThat(Templates.render(template, variables())).isEqualTo(unescaped(expected));
        }
    }

    private static String unescaped(String text) {
        return StringEscapes.resolve(text, Position.START);
    }

    static Stream<String> expressions() {
        return lines("expressions.tsv");
    }

    static Stream<String> statements() {
        return lines("statements.tsv");
    }

    static Stream<String> whitespace() {
        return lines("whitespace.tsv");
    }

    private static Stream<String> lines(String name) {
        return Templates.resource(name).lines().skip(1);
    }

    /** The variables that the expected results were made with. */
    private static Map<String, Object> variables() {
        Map<String, Object> variables = new HashMap<>();
        variables.put("s", "Hello World");
        variables.put("e", "");
        variables.put("u", "Straße ΑΣ 日本😀 x");
        variables.put("w", "  a b\tc\n d  ");
        variables.put("m", "a\nb\n\nc\r\nd");
        variables.put("q", "it's \"q\" \\ \u0001");
        variables.put("n", 7);
        variables.put("neg", -3);
        variables.put("z", 0);
        variables.put("f", 2.5);
        variables.put("g", -0.1);
        variables.put("big", 1e20);
        variables.put("sm", 1e-7);
        variables.put("b", true);
        variables.put("nb", false);
        variables.put("no", null);
        variables.put("l", List.of(3, 1, 2));
        variables.put("ls", List.of("b", "A", "c", "a"));
        variables.put("nest", List.of(List.of(1, 2), List.of(3, List.of(4, "q'"))));
        variables.put("em", List.of());
        variables.put("ed", Map.of());
        variables.put("d", Conversations.ordered("k", "v", "b", 1, "A", List.of(1, 2), "items", 5));
        variables.put(
                "dd",
                List.of(
                        Conversations.ordered("n", "x", "v", 2, "o", Map.of("p", 1)),
                        Conversations.ordered("n", "y", "v", 1, "o", Map.of("p", 3)),
                        Conversations.ordered("n", "X", "v", 3)));
        return variables;
    }
}
