package io.github.deltallm.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Hostile templates end with an exception of ours: soon, on a small stack and without filling the
 * memory.
 */
@Timeout(120)
class LimitsTest {
    private static void isStopped(String template, String why) {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() -> Templates.render(template))
                .withMessageContaining("was stopped at ")
                .withMessageContaining(why);
    }

    @Test
    void endlessLoopsAreStopped() {
        isStopped(
                "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
                "more than 10000000 steps");
    }

    @Test
    void aRangeHasABound() {
        isStopped("{{ range(1000000000)|list }}", "a range has more than 100000 numbers");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'x' * 9223372036854775807 }}",
                "{{ 'x'|indent(999999999, true) }}",
                "{{ 'x'.center(999999999999) }}",
                "{{ 'x'|center(999999999999) }}",
                "{{ 'x'.zfill(9223372036854775807) }}",
                "{{ '%999999999d' % 1 }}",
                "{{ '%99999999999999999999s' % 1 }}",
                "{{ '{:999999999}'.format(1) }}",
                "{{ [[1]]|tojson(indent=99999999) }}",
                "{{ range(100000)|join('x' * 100000) }}",
                "{{ ('a' * 10000)|replace('a', 'b' * 100000) }}",
                "{{ 'x' * 60000000 }}{{ 'x' * 60000000 }}"
            })
    void textsHaveABound(String template) {
        isStopped(template, "a text of more than 67108864 characters");
    }

    @Test
    void doublingATextIsStopped() {
        isStopped(
                "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x"
                        + " %}{% endfor %}",
                "characters");
    }

    @Test
    void searchingOverAndOverIsStopped() {
        isStopped(
                "{% set t = 'a' * 10000000 %}{% for i in range(100000) %}{{ t.find('b') }}{% endfor"
                        + " %}",
                "it handles more than 268435456 characters");
    }

    @Test
    void listsHaveABound() {
        isStopped("{{ [1] * 9223372036854775807 }}", "steps");
        isStopped(
                "{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x"
                        + " %}{% endfor %}",
                "steps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"n.x", "n.x|tojson", "n.x == n.y", "n.x < n.y", "n.x in [n.y]"})
    void aListThatHoldsItselfOverAndOverIsNotWalkedToTheEnd(String use) {
        isStopped(
                "{% set n = namespace(x=[], y=[]) %}{% for a in range(99) %}{% set n.x = [n.x, n.x]"
                        + " %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ "
                        + use
                        + " }}",
                "steps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ns.x", "ns.x|tojson", "[ns.x] == [ns.x + []]"})
    void valuesNestSoDeepOnly(String use) {
        isStopped(
                "{% set ns = namespace(x=[]) %}{% for a in range(50000) %}{% set ns.x = [ns.x] %}{%"
                        + " endfor %}{{ "
                        + use
                        + " }}",
                "lists or maps more than 200 deep");
    }

    @Test
    void nestingInTheSourceIsRefusedOnASmallStack() {
        int deep = 100_000;
        List.of(
                        "{{ " + "(".repeat(deep) + "1" + ")".repeat(deep) + " }}",
                        "{{ " + "[".repeat(deep) + "1" + "]".repeat(deep) + " }}",
                        "{{ " + "{1:".repeat(deep) + "1" + "}".repeat(deep) + " }}",
                        "{{ " + "not ".repeat(deep) + "1 }}",
                        "{{ " + "-".repeat(deep) + "1 }}",
                        "{{ 1" + "+1".repeat(deep) + " }}",
                        "{{ 1" + " and 1".repeat(deep) + " }}",
                        "{{ x" + ".x".repeat(deep) + " }}",
                        "{{ x" + "()".repeat(deep) + " }}",
                        "{{ 'x'" + "|upper".repeat(deep) + " }}",
                        "{{ " + "1 if 0 else ".repeat(deep) + "1 }}",
                        "{% if 1 %}".repeat(deep),
                        "{% set " + "(".repeat(deep) + "a" + ")".repeat(deep) + " = 1 %}")
                .forEach(template -> assertThat(onSmallStack(template)).contains("deep;"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
                "{% macro f(n, k=f(1)) %}{% endmacro %}{{ f(0) }}",
                "{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}",
                "{% macro f() %}{% if 1 %}{% for x in [1] %}{{ [f()]|join ~ 1 }}{% endfor %}{%"
                        + " endif %}{% endmacro %}{{ f() }}",
                "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}"
            })
    void endlessRecursionIsStoppedOnASmallStack(String template) {
        assertThat(onSmallStack(template))
                .contains("expressions or macro calls more than 300 deep");
    }

    @Test
    void reasonableNestingWorksOnASmallStack() {
        assertThat(onSmallStack("{{ " + "(".repeat(60) + "1" + ")".repeat(60) + " }}"))
                .isEqualTo("1");
        assertThat(onSmallStack("{{ 0" + " + 1".repeat(200) + " }}")).isEqualTo("200");
        assertThat(onSmallStack("{% for x in [1] %}".repeat(60) + "x" + "{% endfor %}".repeat(60)))
                .isEqualTo("x");
        assertThat(
                        onSmallStack(
                                "{% if 0 %}"
                                        + "{% elif 0 %}".repeat(10_000)
                                        + "{% else %}x{% endif %}"))
                .isEqualTo("x");
    }

    /** The output or the message of the exception, from a thread with half of the usual stack. */
    private static String onSmallStack(String template) {
        AtomicReference<String> outcome = new AtomicReference<>("nothing");
        Thread thread =
                new Thread(
                        null,
                        () -> {
                            try {
                                outcome.set(Templates.render(template, Map.of()));
                            } catch (ChatTemplateException e) {
                                outcome.set(e.getMessage());
                            } catch (StackOverflowError e) {
                                outcome.set(e + " in " + template.substring(0, 20));
                            }
                        },
                        "small stack",
                        512 * 1024);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return outcome.get();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 10 ** 100 }}",
                "{{ (-9223372036854775807 - 1) // -1 }}",
                "{{ -(-9223372036854775807 - 1) }}",
                "{{ (-9223372036854775807 - 1)|abs }}",
                "{{ ('9' * 1000000)|int }}",
                "{{ '%.999999999f' % 1 }}",
                "{{ '%(' % {} }}"
            })
    void numbersThatDoNotFitAreErrors(String template) {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() -> Templates.render(template));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ''.__class__ is defined }}",
                "{{ ().__class__ is defined }}",
                "{{ range.__globals__ is defined }}",
                "{{ messages.class is defined }}",
                "{{ messages.getClass is defined }}",
                "{{ (''|attr('__class__')) is defined }}",
                "{{ ''['__class__'] is defined }}"
            })
    void nothingOfTheHostCanBeReached(String template) {
        assertThat(Templates.render(template)).isEqualTo("False");
    }

    @Test
    void randomTemplatesEndWithOurExceptionsOnly() {
        String[] pieces = {
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "-",
            "+",
            " ",
            "\n",
            "if",
            "for",
            "x",
            "in",
            "endif",
            "endfor",
            "set",
            "=",
            "macro",
            "f",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
            ",",
            ".",
            "|",
            "upper",
            "is",
            "not",
            "'a'",
            "1",
            "2.5",
            "~",
            "*",
            "%",
            "/",
            "//",
            "**",
            "==",
            "<",
            "else",
            "and",
            "or",
            "loop",
            "messages",
            "none",
            "true",
            "raw",
            "endraw",
            "\\",
            "'",
            "\"",
            "join",
            "tojson",
            "namespace",
            "recursive",
            "call",
            "with",
            "filter",
            "ü",
            "😀",
            "_"
        };
        Random random = new Random(11);
        for (int round = 0; round < 20_000; round++) {
            StringBuilder template = new StringBuilder(round % 2 == 0 ? "{{ " : "{% ");
            for (int i = random.nextInt(14); i >= 0; i--) {
                template.append(pieces[random.nextInt(pieces.length)])
                        .append(random.nextBoolean() ? " " : "");
            }
            template.append(round % 2 == 0 ? " }}" : " %}");
            try {
                Templates.render(template.toString());
            } catch (ChatTemplateException expected) {
                assertThat(expected).hasMessageStartingWith("the template ");
            }
        }
    }
}
