package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class FormatsTest {
    @TempDir private Path folder;

    private DataFile file(String content) throws IOException {
        return DataFile.read(Files.writeString(folder.resolve("data.jsonl"), content));
    }

    private static ChoiceItem choice(List<Item> items) {
        assertThat(items).hasSize(1);
        return (ChoiceItem) items.getFirst();
    }

    @Test
    void winoGrandeHasAGapForOneOfTwoWords() throws IOException {
        ChoiceItem item =
                choice(
                        ChoiceFormats.winoGrande(
                                file(
                                        """
                                        {"qID": "x", "sentence": "The cup fell off the shelf so the _ broke at once.", "option1": "cup", "option2": "shelf", "answer": "1"}
                                        """)));

        assertThat(item.contexts())
                .containsExactly(
                        "The cup fell off the shelf so the cup",
                        "The cup fell off the shelf so the shelf");
        assertThat(item.continuations()).containsOnly(" broke at once.");
        assertThat(item.gold()).isZero();
        assertThat(item.example())
                .isEqualTo("The cup fell off the shelf so the cup broke at once.");
    }

    @Test
    void llmFoundrysRowsAreTheSameQuestion() throws IOException {
        ChoiceItem item =
                choice(
                        ChoiceFormats.winoGrande(
                                file(
                                        """
                                        {"context_options": ["the cup", "the shelf"], "continuation": "broke at once.", "gold": 1}
                                        """)));

        assertThat(item.contexts()).containsExactly("the cup", "the shelf");
        assertThat(item.continuations()).containsOnly(" broke at once.");
        assertThat(item.gold()).isEqualTo(1);
    }

    @Test
    void aPronounIsReplacedByWhatItMayMean() throws IOException {
        ChoiceItem item =
                choice(
                        ChoiceFormats.winograd(
                                file(
                                        """
                                        {"text": "Ann asked the cook for salt. She had none.", "pronoun": "She", "pronoun_loc": 29, "options": ["Ann", "The cook"], "label": 1}
                                        """)));

        assertThat(item.contexts())
                .containsExactly(
                        "Ann asked the cook for salt. Ann",
                        "Ann asked the cook for salt. The cook");
        assertThat(item.continuations()).containsOnly(" had none.");
        assertThat(item.gold()).isEqualTo(1);
    }

    @Test
    void possessivePronounsBecomePossessiveAndArticlesSmall() throws IOException {
        ChoiceItem item =
                choice(
                        ChoiceFormats.winograd(
                                file(
                                        """
                                        {"text": "Ann and the cook lost her keys.", "pronoun": "her", "pronoun_loc": 22, "options": ["Ann", "The cook"], "label": 0}
                                        """)));

        assertThat(item.contexts())
                .containsExactly("Ann and the cook lost Ann's", "Ann and the cook lost the cook's");
    }

    @Test
    void theCollectionsOwnXmlIsReadToo() throws IOException {
        ChoiceItem item =
                choice(
                        ChoiceFormats.winograd(
                                file(
                                        """
                                        <?xml version="1.0"?>
                                        <!DOCTYPE collection SYSTEM "WSCollection.dtd">
                                        <collection>
                                        <schema>
                                          <text>
                                            <txt1>Ann asked the cook for salt
                                            because</txt1>
                                            <pron>she</pron>
                                            <txt2>had none &amp; wanted some.</txt2>
                                          </text>
                                          <quote><quote1>because</quote1><pron>she</pron><quote2>had</quote2></quote>
                                          <answers><answer>Ann</answer><answer>The cook</answer></answers>
                                          <correctAnswer>A.</correctAnswer>
                                        </schema>
                                        </collection>
                                        """)));

        assertThat(item.contexts())
                .containsExactly(
                        "Ann asked the cook for salt because Ann",
                        "Ann asked the cook for salt because the cook");
        assertThat(item.continuations()).containsOnly(" had none & wanted some.");
        assertThat(item.gold()).isZero();
        assertThatThrownBy(() -> ChoiceFormats.winograd(file("<collection><schema>")))
                .hasMessageContaining("is no XML in line 1");
        assertThatThrownBy(() -> ChoiceFormats.winograd(file("<collection></collection>")))
                .hasMessageContaining("has no schema");
    }

    @Test
    void piqaTakesItsLabelsFromTheRowOrFromTheFileBeside() throws IOException {
        String row = "{\"goal\": \"open a jar\", \"sol1\": \"twist it\", \"sol2\": \"eat it\"";
        ChoiceItem item = choice(ChoiceFormats.piqa(file(row + ", \"label\": 1}\n")));
        assertThat(item.contexts()).containsOnly("Question: open a jar\nAnswer:");
        assertThat(item.continuations()).containsExactly(" twist it", " eat it");
        assertThat(item.lengths()).containsExactly(8, 6);
        assertThat(item.gold()).isEqualTo(1);

        assertThatThrownBy(() -> ChoiceFormats.piqa(file(row + "}\n")))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("data.jsonl, line 1: the right answer is missing");

        Files.writeString(folder.resolve("data-labels.lst"), "0\n");
        assertThat(choice(ChoiceFormats.piqa(file(row + "}\n"))).gold()).isZero();
    }

    @Test
    void arcIsReadInAllItsForms() throws IOException {
        List<String> forms =
                List.of(
                        """
                        {"id": "1", "question": {"stem": "What is wet?", "choices": [{"text": "water", "label": "A"}, {"text": "sand", "label": "B"}]}, "answerKey": "B"}
                        """,
                        """
                        {"id": "1", "question": "What is wet?", "choices": {"text": ["water", "sand"], "label": ["1", "2"]}, "answerKey": "2"}
                        """,
                        """
                        {"query": "Question: What is wet?", "choices": ["water", "sand"], "gold": 1}
                        """,
                        """
                        {"query": "Question: What is wet?\\n", "choices": ["water", "sand"], "gold": 1}
                        """);
        for (String form : forms) {
            ChoiceItem item = choice(ChoiceFormats.arc(file(form)));
            assertThat(item.contexts()).as(form).containsOnly("Question: What is wet?\nAnswer:");
            assertThat(item.continuations()).containsExactly(" water", " sand");
            assertThat(item.gold()).isEqualTo(1);
        }
    }

    @Test
    void squadHasQuestionsWithoutAnAnswer() throws IOException {
        List<Item> items =
                TextFormats.squad(
                        file(
                                """
                                {"version": "v2.0", "data": [{"title": "Rome", "paragraphs": [{"context": "Rome is old.", "qas": [
                                {"id": "a", "question": "What is old?", "answers": [{"text": "Rome", "answer_start": 0}], "is_impossible": false},
                                {"id": "b", "question": "What is new?", "answers": [], "plausible_answers": [{"text": "Rome"}], "is_impossible": true}]}]}]}
                                """),
                        8);

        assertThat(items).extracting(Item::id).containsExactly("a", "b");
        assertThat(items.getFirst().example())
                .isEqualTo(
                        "Title: Rome\n\nBackground: Rome is old.\n\nQuestion: What is"
                                + " old?\n\nAnswer: Rome");
        assertThat(items.getLast().example()).endsWith("Answer: unanswerable");
    }

    @Test
    void keysAndValuesAreReadInBothForms() throws IOException {
        List<Item> items =
                TextFormats.retrieval(
                        file(
                                """
                                {"context": "Find it. Value: ", "answer": "v1"}
                                {"ordered_kv_records": [["k1", "v1"], ["k2", "v2"]], "key": "k2", "value": "v2"}
                                """));

        assertThat(items.getFirst().example()).isEqualTo("Find it. Value: \"v1\"");
        assertThat(items.getLast().example())
                .contains("{\"k1\": \"v1\",\n \"k2\": \"v2\"}")
                .endsWith("Key: \"k2\"\nCorresponding value: \"v2\"");
    }

    @Test
    void aRowThatIsWrongIsNamed() throws IOException {
        isRefused("{\"sentence\": \"no gap\"}", "line 1: the sentence has no gap");
        isRefused(
                "\n{\"sentence\": \"a _\", \"answer\": 1, \"option1\": \"b\"}",
                "line 2: the field 'option2'");
        isRefused("{\"sentence\": 3}", "line 1, field 'sentence' is not a text");
        isRefused("not JSON", "line 1: this is no JSON");
        isRefused("\n\n", "is empty");
        isRefused(
                "{\"context_options\": [\"a\"], \"continuation\": \"b\", \"gold\": 1}",
                "the right answer is none of the 1 choices");
    }

    private void isRefused(String content, String why) throws IOException {
        DataFile file = file(content);
        assertThatThrownBy(() -> ChoiceFormats.winoGrande(file))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("data.jsonl")
                .hasMessageContaining(why);
    }
}
