package io.github.deltallm.evaluation;

import io.github.deltallm.api.DeltaLlmException;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Reads multiple-choice tasks, in the datasets' own forms and in the one of llm-foundry ({@code
 * query, choices, gold}, or {@code context_options, continuation, gold}).
 */
final class ChoiceFormats {
    private static final Set<String> POSSESSIVE = Set.of("my", "his", "her", "our", "their");
    private static final Set<String> LOWERED =
            Set.of("A", "An", "The", "She", "He", "It", "They", "My", "His", "Her", "Their");

    private ChoiceFormats() {}

    /** WinoGrande: {@code sentence} with an underscore, {@code option1}, {@code option2}. */
    static List<Item> winoGrande(DataFile file) {
        List<Item> items = new ArrayList<>();
        List<JsonTree> rows = file.rows();
        for (int i = 0; i < rows.size(); i++) {
            JsonTree row = rows.get(i);
            if (row.has("context_options")) {
                items.add(contextOptions(row, i));
                continue;
            }
            String sentence = row.get("sentence").text();
            int gap = sentence.indexOf('_');
            if (gap < 0) {
                throw new DeltaLlmException(row.place() + ": the sentence has no gap '_'");
            }
            String before = sentence.substring(0, gap);
            String label = row.has("answer") ? row.get("answer").label() : label(file, row, i);
            items.add(
                    ChoiceItem.ofContexts(
                            Integer.toString(i),
                            List.of(
                                    before + row.get("option1").text(),
                                    before + row.get("option2").text()),
                            sentence.substring(gap + 1).strip(),
                            index(row, label, 1, 2)));
        }
        return items;
    }

    /**
     * The Winograd schemas: {@code text, pronoun, pronoun_loc, options, label}, or the XML of their
     * collection.
     */
    static List<Item> winograd(DataFile file) {
        if (WinogradXml.isXml(file)) {
            return WinogradXml.read(file);
        }
        List<Item> items = new ArrayList<>();
        List<JsonTree> rows = file.rows();
        for (int i = 0; i < rows.size(); i++) {
            JsonTree row = rows.get(i);
            items.add(row.has("context_options") ? contextOptions(row, i) : schema(row, i));
        }
        return items;
    }

    private static Item schema(JsonTree row, int index) {
        String text = row.get("text").text();
        String pronoun = row.get("pronoun").text();
        int at = row.get("pronoun_loc").integer();
        if (at < 0 || !text.startsWith(pronoun, at)) {
            throw new DeltaLlmException(
                    row.place() + ": the text has no '" + pronoun + "' at " + at);
        }
        List<String> options = row.get("options").items().stream().map(JsonTree::text).toList();
        return winograd(
                Integer.toString(index),
                text.substring(0, at),
                pronoun,
                text.substring(at + pronoun.length()),
                options,
                gold(row, row.get("label").integer(), options.size()));
    }

    /**
     * A schema: each option in the place of the pronoun is a context.
     *
     * @param before the text up to the pronoun, with the space between
     */
    static Item winograd(
            String id,
            String before,
            String pronoun,
            String after,
            List<String> options,
            int gold) {
        boolean begins = before.stripTrailing().endsWith(".");
        return ChoiceItem.ofContexts(
                id,
                options.stream().map(option -> before + fitted(option, pronoun, begins)).toList(),
                after.strip(),
                gold);
    }

    /** An option in the place of a pronoun. */
    private static String fitted(String option, String pronoun, boolean begins) {
        String owned =
                POSSESSIVE.contains(pronoun.toLowerCase(Locale.ROOT)) ? option + "'s" : option;
        int end = owned.indexOf(' ');
        String first = end < 0 ? owned : owned.substring(0, end);
        return !begins && LOWERED.contains(first)
                ? first.toLowerCase(Locale.ROOT) + owned.substring(first.length())
                : owned;
    }

    /** PIQA: {@code goal, sol1, sol2}, labels in the row or in the file beside. */
    static List<Item> piqa(DataFile file) {
        List<Item> items = new ArrayList<>();
        List<JsonTree> rows = file.rows();
        for (int i = 0; i < rows.size(); i++) {
            JsonTree row = rows.get(i);
            if (row.has("choices")) {
                items.add(query(row, i));
                continue;
            }
            String label = row.has("label") ? row.get("label").label() : label(file, row, i);
            items.add(
                    ChoiceItem.ofAnswers(
                            Integer.toString(i),
                            asked(row.get("goal").text()),
                            List.of(row.get("sol1").text(), row.get("sol2").text()),
                            index(row, label, 0, 2)));
        }
        return items;
    }

    /**
     * ARC: {@code question} with {@code stem} and {@code choices}, or as Hugging Face has it, and
     * {@code answerKey}.
     */
    static List<Item> arc(DataFile file) {
        List<Item> items = new ArrayList<>();
        List<JsonTree> rows = file.rows();
        for (int i = 0; i < rows.size(); i++) {
            JsonTree row = rows.get(i);
            items.add(row.has("query") ? query(row, i) : science(row, i));
        }
        return items;
    }

    private static Item science(JsonTree row, int index) {
        JsonTree question = row.get("question");
        boolean official = question.has("stem");
        JsonTree choices = official ? question.get("choices") : row.get("choices");
        List<String> texts;
        List<String> labels;
        if (official) {
            texts = choices.items().stream().map(choice -> choice.get("text").text()).toList();
            labels = choices.items().stream().map(choice -> choice.get("label").label()).toList();
        } else {
            texts = choices.get("text").items().stream().map(JsonTree::text).toList();
            labels = choices.get("label").items().stream().map(JsonTree::label).toList();
        }
        return ChoiceItem.ofAnswers(
                Integer.toString(index),
                asked(official ? question.get("stem").text() : question.text()),
                texts,
                gold(row, labels.indexOf(row.get("answerKey").label()), texts.size()));
    }

    private static Item query(JsonTree row, int index) {
        String query = row.get("query").text();
        String start = "Question: ";
        List<String> answers = row.get("choices").items().stream().map(JsonTree::text).toList();
        return ChoiceItem.ofAnswers(
                Integer.toString(index),
                asked(query.startsWith(start) ? query.substring(start.length()) : query),
                answers,
                gold(row, row.get("gold").integer(), answers.size()));
    }

    private static Item contextOptions(JsonTree row, int index) {
        List<String> contexts =
                row.get("context_options").items().stream().map(JsonTree::text).toList();
        return ChoiceItem.ofContexts(
                Integer.toString(index),
                contexts,
                row.get("continuation").text().strip(),
                gold(row, row.get("gold").integer(), contexts.size()));
    }

    private static String asked(String question) {
        return "Question: " + question.stripTrailing() + "\nAnswer:";
    }

    private static String label(DataFile file, JsonTree row, int index) {
        Optional<List<String>> labels = file.labels();
        if (labels.isEmpty() || index >= labels.get().size()) {
            throw new DeltaLlmException(
                    row.place()
                            + ": the right answer is missing; it may be in the row, or in a file"
                            + " of the same name that ends with -labels.lst, a line each");
        }
        return labels.get().get(index);
    }

    private static int index(JsonTree row, String label, int first, int count) {
        try {
            return gold(row, Integer.parseInt(label) - first, count);
        } catch (NumberFormatException e) {
            return gold(row, -1, count);
        }
    }

    private static int gold(JsonTree row, int gold, int count) {
        if (gold < 0 || gold >= count) {
            throw new DeltaLlmException(
                    row.place() + ": the right answer is none of the " + count + " choices");
        }
        return gold;
    }
}
