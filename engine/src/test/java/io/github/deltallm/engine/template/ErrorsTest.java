package io.github.deltallm.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

class ErrorsTest {
    private static ChatTemplateException failure(String source) {
        return failure(source, Map.of());
    }

    private static ChatTemplateException failure(String source, Map<String, Object> variables) {
        return assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() ->
                        ChatTemplate.compile("the chat template of m.gguf", source)
                                .render(List.of(), true, variables))
                .actual();
    }

    @Test
    void aSyntaxErrorNamesTemplatePlaceAndRemedy() {
        assertThat(failure("ok\n  {% if x %}\n{% endfor %}"))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessage(
                        "the chat template of m.gguf cannot be read at 3:4: 'endfor' has no"
                                + " beginning here; correct the template or choose another one.");
    }

    @Test
    void aFailureNamesTheExpressionWhereItHappened() {
        assertThat(failure("line\n{% for m in [1, 2] %}{{ m + missing.content }}{% endfor %}"))
                .hasMessage(
                        "the chat template of m.gguf failed at 2:37: 'missing' is undefined;"
                                + " correct the template or choose another one.");
    }

    @Test
    void aRefusalCarriesTheWordsOfTheTemplate() {
        ChatTemplateException refused = failure("{{ raise_exception('Roles must alternate!') }}");
        assertThat(refused)
                .hasMessage(
                        "the chat template of m.gguf refused the messages at 1:4: Roles must"
                                + " alternate!; send messages that the template accepts.");
        assertThat(refused.refusal()).contains("Roles must alternate!");
    }

    @Test
    void everyOtherErrorIsNoRefusal() {
        assertThat(failure("{{ 1 / 0 }}").refusal()).isEmpty();
    }

    @Test
    void aValueOfAnotherClassNamesIt() {
        assertThat(failure("x", Map.of("data", new StringBuilder[0])))
                .hasMessage(
                        "the chat template of m.gguf got data it cannot take: it has a value of the"
                                + " class [Ljava.lang.StringBuilder;; pass text, numbers, booleans,"
                                + " lists and maps only.");
    }

    @Test
    void dataThatContainsItselfIsRefused() {
        Map<String, Object> endless = new HashMap<>();
        endless.put("self", endless);
        assertThat(failure("x", endless)).hasMessageContaining("more than 200 deep");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "{{ x §1:1: the tag has no end '}}'",
                "{% if x §1:1: the tag has no end '%}'",
                "{# x §1:1: the comment has no end '#}'",
                "a{% raw %}x §1:2: the raw block has no 'endraw'",
                "{% if x %}y §1:12: a block has no 'elif' or 'else' or 'endif'",
                "{% for x in y %}y{% endif %} §1:21: 'endif' has no beginning here",
                "{% frobnicate %} §1:4: there is no statement 'frobnicate'",
                "{% include 'x' %} §1:4: the statement 'include' is not supported in chat"
                        + " templates",
                "{{ }} §1:4: expected an expression and found '}}'",
                "{{ 1 2 }} §1:6: expected '}}' and found '2'",
                "{{ 'x }} §1:4: the string has no end",
                "{{ (1 }} §1:7: unexpected '}'",
                "{{ 1) }} §1:5: unexpected ')'",
                "{{ a ? b }} §1:6: unexpected character '?'",
                "{% break %} §1:4: 'break' is outside of a loop",
                "{% set true = 1 %} §1:8: 'true' cannot be assigned to",
                "{{ 99999999999999999999 }} §1:4: an integer of 20 digits does not fit in 64 bits",
                "{{ f(a=1, 2) }} §1:11: the arguments of the call are out of order",
                "{{ 'x'|nosuch }} §1:8: there is no filter named 'nosuch'",
                "{{ 'x' is nosuch }} §1:11: there is no test named 'nosuch'",
                "{{ x.y.z }} §1:6: 'x' is undefined",
                "{{ none.y.z }} §1:11: a value of type 'NoneType' has no 'y'",
                "{{ nosuch() }} §1:4: 'nosuch' is undefined",
                "{{ 'a' + 1 }} §1:8: '+' does not work for 'str' and 'int'",
                "{{ 1 < 'a' }} §1:6: values of type 'int' and 'str' have no order",
                "{{ 1 in 5 }} §1:6: nothing can be looked for in a value of type 'int'",
                "{% for x in 5 %}{% endfor %} §1:4: a value of type 'int' cannot be looped over",
                "{% set x.y = 1 %} §1:4: 'x' is no namespace, and only those can be changed",
                "{% for a, b in [[1]] %}{% endfor %} §1:4: 1 values cannot be unpacked into 2"
                        + " names",
                "{{ [].append(1) }} §1:7: 'append' would change a list in place, which templates"
                        + " may not",
                "{{ 'x'|trim(1, 2) }} §1:8: trim takes at most 1 arguments, not 2",
                "{{ 'x'|trim(y=2) }} §1:8: trim has no argument named 'y'",
                "{{ 'x'.split(5) }} §1:8: split needs a string as its argument 'sep', not 'int'",
                "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }} §1:34: the macro 'f' takes at most 1"
                        + " arguments",
                "{{ 9223372036854775807 + 1 }} §1:24: the result of '+' does not fit in 64 bits",
                "{{ [x]|tojson }} §1:8: a value of type 'Undefined' cannot be written as JSON",
            })
    void errorsSayWhereAndWhat(String template, String expected) {
        assertThat(failure(template)).hasMessageContaining(" at " + expected + ";");
    }

    @Test
    void anUnknownFilterHarmsOnlyWhereItIsUsed() {
        assertThat(Templates.render("{% if false %}{{ 'x'|nosuch }}{% endif %}fine"))
                .isEqualTo("fine");
    }
}
