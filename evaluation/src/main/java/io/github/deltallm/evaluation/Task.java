package io.github.deltallm.evaluation;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A task's questions, ready for a model.
 *
 * @param name in results; the task's label, or with the file's name where a run has two alike
 * @param kind which task
 * @param questions in the order of the file
 * @param settings what decides the questions, apart from the model
 */
record Task(String name, TaskKind kind, List<Question> questions, Map<String, String> settings) {
    private static final int USUAL_WINDOW = 1024;

    /** Of a group of questions. */
    private static final int MOST = 32;

    private static final int MOST_TOKENS = 2048;

    /**
     * Reads a task.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if its data can't be read
     * @throws InvalidOptionException if there are too few items for what is asked
     */
    static Task read(
            String name, EvaluationOptions.Source source, EvaluationOptions options, Model model) {
        DataFile file = DataFile.read(source.data());
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("task", source.task().label());
        settings.put("data", file.sha256());
        List<Question> questions =
                source.task() == TaskKind.PERPLEXITY
                        ? windows(file, options, model, settings)
                        : questions(source.task(), file, options, model, settings);
        return new Task(name, source.task(), questions, settings);
    }

    private static List<Question> windows(
            DataFile file, EvaluationOptions options, Model model, Map<String, String> settings) {
        int window =
                options.window() == 0 ? Math.min(USUAL_WINDOW, model.context()) : options.window();
        int stride = options.stride() == 0 ? Math.max(1, window / 2) : options.stride();
        if (window < 2 || window > model.context() || stride > window) {
            throw new InvalidOptionException(
                    "windows of "
                            + window
                            + " tokens, one every "
                            + stride
                            + ", can't be made: windows have from 2 tokens to the context's "
                            + model.context()
                            + ", and strides are no longer");
        }
        settings.put("window", Integer.toString(window));
        settings.put("stride", Integer.toString(stride));
        int[] ids = tokens(file, model);
        if (ids.length < 2) {
            throw new InvalidOptionException(
                    "a perplexity needs at least 2 tokens, but "
                            + file.path()
                            + " has "
                            + ids.length);
        }
        List<Question> windows = TextWindows.of(ids, window, stride);
        int limit = options.limit() == 0 ? windows.size() : options.limit();
        return windows.subList(0, Math.min(limit, windows.size()));
    }

    /** A file that is a JSON array holds the tokens themselves. */
    private static int[] tokens(DataFile file, Model model) {
        String start = file.text().stripLeading();
        boolean ids = file.path().toString().endsWith(".json") && start.startsWith("[");
        if (!ids) {
            return new TextTokens(model).encode(file.text());
        }
        int[] tokens = file.json().items().stream().mapToInt(JsonTree::integer).toArray();
        for (int token : tokens) {
            if (token < 0 || token >= model.vocabulary()) {
                throw new InvalidOptionException(
                        "token "
                                + token
                                + " in "
                                + file.path()
                                + " is outside the model's vocabulary of "
                                + model.vocabulary());
            }
        }
        return tokens;
    }

    private static List<Question> questions(
            TaskKind kind,
            DataFile file,
            EvaluationOptions options,
            Model model,
            Map<String, String> settings) {
        settings.put("shots", Integer.toString(options.shots()));
        if (options.shots() > 0) {
            settings.put("seed", Long.toString(options.seed()));
        }
        if (kind == TaskKind.SQUAD_V2) {
            settings.put("max-tokens", Integer.toString(options.maxTokens()));
        }
        List<Item> items = items(kind, file, options);
        if (options.shots() >= items.size()) {
            throw new InvalidOptionException(
                    options.shots()
                            + " examples leave none of the "
                            + items.size()
                            + " items of "
                            + file.path());
        }
        List<Integer> order = new ArrayList<>(IntStream.range(0, items.size()).boxed().toList());
        Collections.shuffle(order, new Random(options.seed()));
        StringBuilder examples = new StringBuilder();
        for (int example : order.subList(0, options.shots())) {
            examples.append(items.get(example).example()).append("\n\n");
        }
        List<Integer> rest = order.subList(options.shots(), order.size());
        int limit = options.limit() == 0 ? rest.size() : Math.min(options.limit(), rest.size());
        TextTokens tokens = new TextTokens(model);
        return rest.subList(0, limit).stream()
                .sorted()
                .map(index -> items.get(index).question(tokens, examples.toString()))
                .toList();
    }

    private static List<Item> items(TaskKind kind, DataFile file, EvaluationOptions options) {
        return switch (kind) {
            case WINOGRANDE -> ChoiceFormats.winoGrande(file);
            case WSC -> ChoiceFormats.winograd(file);
            case PIQA -> ChoiceFormats.piqa(file);
            case ARC_EASY -> ChoiceFormats.arc(file);
            case SQUAD_V2 -> TextFormats.squad(file, options.maxTokens());
            case KV_RETRIEVAL -> TextFormats.retrieval(file);
            case PERPLEXITY -> throw new IllegalArgumentException("a text has no items");
        };
    }

    /** The questions in groups that are asked at once; the same ones whenever it is asked. */
    List<List<Question>> groups() {
        List<List<Question>> groups = new ArrayList<>();
        List<Question> group = new ArrayList<>();
        int tokens = 0;
        for (Question question : questions) {
            int more = question.tokens();
            if (!group.isEmpty() && (tokens + more > MOST_TOKENS || group.size() == MOST)) {
                groups.add(List.copyOf(group));
                group.clear();
                tokens = 0;
            }
            group.add(question);
            tokens += more;
        }
        groups.add(List.copyOf(group));
        return groups;
    }

    /** Tokens that all questions begin with, before anything is scored. */
    int[] commonTokens() {
        int[] first = first(questions.getFirst());
        int common = first.length;
        for (Question question : questions) {
            for (Sequence sequence : question.sequences()) {
                common = Math.min(common, common(first, sequence.ids(), sequence.scoredFrom() - 1));
            }
            if (question.prompt().isPresent()) {
                int[] prompt = question.prompt().get().ids();
                common = Math.min(common, common(first, prompt, prompt.length - 1));
            }
        }
        return Arrays.copyOf(first, common);
    }

    private static int[] first(Question question) {
        return question.sequences().getFirst().ids();
    }

    private static int common(int[] one, int[] other, int most) {
        int length = Math.min(most, one.length);
        int mismatch = Arrays.mismatch(one, 0, length, other, 0, length);
        return mismatch < 0 ? length : mismatch;
    }
}
