package io.github.deltallm.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Reads tasks that are texts: SQuAD v2, and keys to be found in long objects. */
final class TextFormats {
    private TextFormats() {}

    /** SQuAD v2's own JSON: articles, paragraphs, questions. */
    static List<Item> squad(DataFile file, int maxTokens) {
        List<Item> items = new ArrayList<>();
        for (JsonTree article : file.json().get("data").items()) {
            String title = article.get("title").text();
            for (JsonTree paragraph : article.get("paragraphs").items()) {
                String context = paragraph.get("context").text();
                for (JsonTree asked : paragraph.get("qas").items()) {
                    List<String> answers =
                            asked.get("answers").items().stream()
                                    .map(answer -> answer.get("text").text())
                                    .toList();
                    items.add(
                            new SquadItem(
                                    asked.get("id").text(),
                                    title,
                                    context,
                                    asked.get("question").text(),
                                    answers,
                                    maxTokens));
                }
            }
        }
        return items;
    }

    /**
     * Key-value retrieval: {@code context, answer} (llm-foundry) or {@code ordered_kv_records, key,
     * value} (arXiv 2307.03172).
     */
    static List<Item> retrieval(DataFile file) {
        List<Item> items = new ArrayList<>();
        List<JsonTree> rows = file.rows();
        for (int i = 0; i < rows.size(); i++) {
            JsonTree row = rows.get(i);
            String id = Integer.toString(i);
            items.add(
                    row.has("context")
                            ? new RetrievalItem(
                                    id, row.get("context").text(), row.get("answer").text())
                            : new RetrievalItem(id, records(row), row.get("value").text()));
        }
        return items;
    }

    private static String records(JsonTree row) {
        String pairs =
                row.get("ordered_kv_records").items().stream()
                        .map(pair ->
                                "\""
                                        + pair.items().getFirst().text()
                                        + "\": \""
                                        + pair.items().getLast().text()
                                        + "\"")
                        .collect(Collectors.joining(",\n ", "{", "}"));
        return "Extract the value corresponding to the specified key in the JSON object below.\n\n"
                + "JSON data:\n"
                + pairs
                + "\n\nKey: \""
                + row.get("key").text()
                + "\"\nCorresponding value:";
    }
}
