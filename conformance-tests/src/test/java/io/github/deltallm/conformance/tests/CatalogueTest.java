package io.github.deltallm.conformance.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;

/** {@code docs/conformance.md} lists the rules as they are. */
class CatalogueTest {
    private static Stream<Rule> rules() {
        return Stream.concat(Rule.ofBackends().stream(), Rule.ofAttention().stream());
    }

    @Test
    void theDocumentListsEveryRuleAndNoOther() throws IOException {
        List<String> listed =
                Files.readAllLines(SharedData.repositoryRoot().resolve("docs/conformance.md"))
                        .stream()
                        .filter(line -> line.matches("\\| [A-Z]{3}-\\d\\d \\|.*"))
                        .toList();
        assertThat(listed).containsExactlyElementsOf(rules().map(CatalogueTest::line).toList());
    }

    private static String line(Rule rule) {
        String why = rule.reason().map(reason -> "; " + reason).orElse("");
        return "| " + rule.number() + " | " + rule.status() + why + " | " + rule.demand() + " |";
    }

    @Test
    void noNumberIsGivenTwice() {
        assertThat(rules().map(Rule::number)).doesNotHaveDuplicates();
    }

    @Test
    void whatIsUntestedSaysWhy() {
        assertThat(rules().filter(rule -> rule.requirement() == Rule.Requirement.UNTESTED))
                .isNotEmpty()
                .allMatch(rule -> rule.reason().isPresent());
    }

    @Test
    void everyGroupHasRules() {
        assertThat(rules().map(Rule::group))
                .contains("KRN", "ATT", "DLT", "KVC", "CNT", "MDL", "ERR", "CON", "STR");
    }
}
