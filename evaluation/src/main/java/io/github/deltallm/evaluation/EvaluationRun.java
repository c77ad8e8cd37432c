package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Session;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.FrequencyChange;
import io.github.deltallm.evaluation.result.HeadSparsity;
import io.github.deltallm.evaluation.result.KeyPrecision;
import io.github.deltallm.evaluation.result.RunInfo;
import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.evaluation.result.Speed;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Runs tasks under attentions. Finished items are kept in {@value #JOURNAL} in a folder; a run with
 * the same settings goes on where an earlier one was stopped, at whatever moment and however, and
 * comes to the same scores.
 */
public final class EvaluationRun {
    /** The file of finished items. */
    public static final String JOURNAL = "results.jsonl";

    /** Shorter common beginnings are not worth a session of their own. */
    private static final int LEAST_PREFIX = 32;

    private final Model model;
    private final ModelOptions modelOptions;
    private final EvaluationOptions options;
    private final Cancellation cancellation;
    private final Progress progress;
    private final List<Task> tasks;

    /** Whose keys are looked at. */
    private final Task sampled;

    private final Question sample;

    private EvaluationRun(
            Model model,
            ModelOptions modelOptions,
            EvaluationOptions options,
            Cancellation cancellation,
            EvaluationListener listener) {
        this.model = model;
        this.modelOptions = modelOptions;
        this.options = options;
        this.cancellation = cancellation;
        tasks = tasks(model, options);
        sampled =
                tasks.stream()
                        .filter(task -> task.kind() == TaskKind.PERPLEXITY)
                        .findFirst()
                        .orElse(tasks.getFirst());
        sample = longest(sampled.questions());
        long perAttention = tasks.stream().mapToLong(EvaluationRun::tokens).sum();
        progress = new Progress(listener, perAttention * options.attentions().size());
    }

    private static List<Task> tasks(Model model, EvaluationOptions options) {
        List<Task> tasks = new ArrayList<>();
        for (EvaluationOptions.Source source : options.tasks()) {
            boolean alone =
                    options.tasks().stream().filter(o -> o.task() == source.task()).count() == 1;
            String name =
                    alone
                            ? source.task().label()
                            : source.task().label() + "/" + source.data().getFileName();
            if (tasks.stream().anyMatch(task -> task.name().equals(name))) {
                throw new InvalidOptionException(
                        "the task " + name + " is given twice; give it once");
            }
            tasks.add(Task.read(name, source, options, model));
        }
        return tasks;
    }

    /** Of equally long ones the first. */
    private static Question longest(List<Question> questions) {
        Question longest = questions.getFirst();
        for (Question question : questions) {
            if (length(question) > length(longest)) {
                longest = question;
            }
        }
        return longest;
    }

    private static int length(Question question) {
        return question.sequences().getFirst().ids().length;
    }

    private static long tokens(Task task) {
        return task.questions().stream().mapToLong(Question::tokens).sum();
    }

    /**
     * Runs what is not yet there, and makes scores of all.
     *
     * @param modelOptions what the model was opened with
     * @param folder where finished items are kept; made if it is not there
     * @param run what is known of the run; date and so on are the caller's
     * @throws InvalidOptionException if an option does not go with the model or the data
     * @throws DeltaLlmException if a file can't be read or written
     * @throws io.github.deltallm.api.CancelledException between steps; finished items are kept
     */
    public static Evaluation run(
            Model model,
            ModelOptions modelOptions,
            EvaluationOptions options,
            Path folder,
            RunInfo run,
            Cancellation cancellation,
            EvaluationListener listener) {
        options.attentions().forEach(model::attention);
        EvaluationRun evaluation =
                new EvaluationRun(model, modelOptions, options, cancellation, listener);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the folder " + folder + " can't be made: " + e.getMessage(), e);
        }
        try (Journal journal = Journal.open(folder.resolve(JOURNAL))) {
            for (Task task : evaluation.tasks) {
                for (AttentionSpec attention : options.attentions()) {
                    evaluation.answer(task, attention, journal);
                }
            }
            return evaluation.evaluation(run, journal);
        }
    }

    /** Asks all questions whose results are not there. */
    private void answer(Task task, AttentionSpec attention, Journal journal) {
        Journal.Key key = RunKey.of(model, modelOptions, task, attention);
        Map<String, ItemResult> finished = journal.finished(key);
        String what = task.name() + ", " + attention;
        int[] common = task.commonTokens();
        Session prefix = null;
        try {
            boolean first = true;
            for (List<Question> group : task.groups()) {
                long tokens = group.stream().mapToLong(Question::tokens).sum();
                if (group.stream().allMatch(question -> finished.containsKey(question.id()))) {
                    progress.known(what, tokens);
                } else {
                    Usage shared = Usage.NONE;
                    if (prefix == null && common.length >= LEAST_PREFIX) {
                        long start = System.nanoTime();
                        Session made = prefix(attention, common, task);
                        prefix = made;
                        shared = first ? usage(made, System.nanoTime() - start) : Usage.NONE;
                    }
                    group(key, group, prefix, shared, journal, attention);
                    progress.computed(what, tokens);
                }
                first = false;
            }
        } finally {
            if (prefix != null) {
                prefix.close();
            }
        }
    }

    private Session prefix(AttentionSpec attention, int[] common, Task task) {
        Session session = model.newSession(attention);
        try {
            session.declare(
                    task.questions().stream()
                            .flatMap(question -> question.sequences().stream())
                            .mapToInt(Sequence::scoredFrom)
                            .max()
                            .orElse(common.length));
            session.append(common, cancellation, done -> {});
            return session;
        } catch (Throwable failure) {
            session.close();
            throw failure;
        }
    }

    private static Usage usage(Session session, long nanos) {
        AttentionReport report = session.report();
        return new Usage(
                session.length(), nanos, report.prefill(), report.decode(), report.bytes());
    }

    /**
     * A group runs as a whole even if some of its items are there: how many rows a step has may
     * decide how activations are rounded, or in which order sums are taken.
     */
    private void group(
            Journal.Key key,
            List<Question> questions,
            @Nullable Session prefix,
            Usage shared,
            Journal journal,
            AttentionSpec attention) {
        long start = System.nanoTime();
        List<Asked> asked;
        Optional<KeyChanges> seen;
        try (GroupRun run = new GroupRun(model, attention, cancellation).watching(sample)) {
            asked = run.ask(questions, prefix);
            seen = run.seen();
        }
        long nanos = System.nanoTime() - start;
        if (!journal.finished(key).containsKey(KeyChanges.ITEM)) {
            seen.ifPresent(changes -> journal.add(key, changes.item()));
        }
        long tokens = asked.stream().mapToLong(one -> one.usage().tokens()).sum();
        Usage more = shared;
        for (Asked one : asked) {
            Usage usage = one.usage();
            long share = tokens == 0 ? 0 : Math.round((double) nanos * usage.tokens() / tokens);
            Question question = one.question();
            if (!journal.finished(key).containsKey(question.id())) {
                journal.add(
                        key,
                        new ItemResult(
                                question.id(),
                                question.scorer().score(one.answers()),
                                one.answers().text(),
                                usage.withNanos(share).plus(more)));
            }
            more = Usage.NONE;
        }
    }

    private Evaluation evaluation(RunInfo run, Journal journal) {
        List<Score> scores = new ArrayList<>();
        List<KeyPrecision> precisions = new ArrayList<>();
        for (Task task : tasks) {
            Map<AttentionSpec, List<ItemResult>> results = new HashMap<>();
            for (AttentionSpec attention : options.attentions()) {
                Map<String, ItemResult> finished =
                        journal.finished(RunKey.of(model, modelOptions, task, attention));
                results.put(
                        attention,
                        task.questions().stream()
                                .map(question -> finished.get(question.id()))
                                .filter(Objects::nonNull)
                                .toList());
            }
            scores.addAll(scores(task, results));
        }
        for (Score score : scores) {
            if (score.metric().equals("perplexity")) {
                precisions.add(precision(score));
            }
        }
        List<HeadSparsity> heads = new ArrayList<>();
        List<FrequencyChange> frequencies = new ArrayList<>();
        for (AttentionSpec attention : options.attentions()) {
            KeyChanges changes = changes(attention, journal);
            heads.addAll(changes.heads(attention.toString(), model.heads()));
            frequencies.addAll(changes.frequencies(attention.toString(), model));
        }
        return new Evaluation(run, scores, precisions, heads, frequencies, speeds());
    }

    /** What was seen when the sample was asked, or what asking it again shows. */
    private KeyChanges changes(AttentionSpec attention, Journal journal) {
        Journal.Key key = RunKey.of(model, modelOptions, sampled, attention);
        ItemResult known = journal.finished(key).get(KeyChanges.ITEM);
        if (known != null) {
            return KeyChanges.of(known);
        }
        try (GroupRun run = new GroupRun(model, attention, cancellation).watching(sample)) {
            run.ask(List.of(sample), null);
            KeyChanges changes = run.seen().orElseThrow();
            journal.add(key, changes.item());
            return changes;
        }
    }

    private List<Score> scores(Task task, Map<AttentionSpec, List<ItemResult>> results) {
        List<Score> scores = new ArrayList<>();
        List<ItemResult> dense = results.getOrDefault(AttentionSweep.DENSE, List.of());
        for (AttentionSpec attention : options.attentions()) {
            List<ItemResult> found = results.getOrDefault(attention, List.of());
            Usage usage = found.stream().map(ItemResult::usage).reduce(Usage.NONE, Usage::plus);
            for (Metric metric : task.kind().metrics()) {
                scores.add(
                        metric.score(
                                task.name(),
                                attention.toString(),
                                found,
                                attention.equals(AttentionSweep.DENSE)
                                        ? Optional.empty()
                                        : Optional.of(dense),
                                usage));
            }
        }
        return scores;
    }

    private KeyPrecision precision(Score score) {
        AttentionSpec attention = AttentionSpec.parse(score.attention());
        return new KeyPrecision(
                score.task(),
                score.attention(),
                kind(attention),
                score.sparsity().keyBits(),
                score.value(),
                score.difference().map(difference -> difference.value()).orElse(0.0));
    }

    /** For a legend: what keys are kept as. */
    private String kind(AttentionSpec attention) {
        return switch (attention.name()) {
            case "dense" -> attention.setting("keys").orElse("dense");
            case "delta" ->
                    "delta " + model.attention(attention).spec().setting("events").orElse("");
            default -> attention.name();
        };
    }

    private List<Speed> speeds() {
        SpeedProbe probe = new SpeedProbe(model, cancellation);
        for (int depth : options.speedDepths()) {
            if (!probe.fits(depth)) {
                throw new InvalidOptionException(
                        "speed at a depth of "
                                + depth
                                + " can't be measured in a context of "
                                + model.context()
                                + " tokens");
            }
        }
        return probe.all(
                options.attentions(), options.speedDepths(), sample.sequences().getFirst().ids());
    }

    /** Adds up tokens. */
    private static final class Progress {
        private final EvaluationListener listener;
        private final long total;
        private long done;
        private long fresh;

        Progress(EvaluationListener listener, long total) {
            this.listener = listener;
            this.total = total;
        }

        void known(String what, long tokens) {
            done += tokens;
            listener.progress(what, done, fresh, total);
        }

        void computed(String what, long tokens) {
            fresh += tokens;
            known(what, tokens);
        }
    }
}
