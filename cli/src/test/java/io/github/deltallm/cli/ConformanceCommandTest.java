package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused before a process is started; the rest is tested with whole programs. */
class ConformanceCommandTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--backend abacus | there is no backend 'abacus'; there are auto, cpu, opencl, ",
                "--rules XYZ | no group of rules 'XYZ'",
                "--rules KRN-99 | no group of rules 'KRN-99'",
                "--rules STR | none is named",
                "--attention auto | auto is no attention of its own",
                "--attention nope | there is no attention 'nope'",
                "--attention dense:nope=1 | nope",
                "--time-limit 0 | time-limit"
            })
    void wrongOptionsAreWrongUsage(String options, String sentence) {
        int space = options.indexOf(' ');
        Outcome wrong =
                Outcome.of(
                        "conformance", options.substring(0, space), options.substring(space + 1));
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.out()).isEmpty();
        assertThat(wrong.err()).startsWith("deltallm: ").contains(sentence);
    }
}
