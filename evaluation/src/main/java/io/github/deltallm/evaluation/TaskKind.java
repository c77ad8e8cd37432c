package io.github.deltallm.evaluation;

import io.github.deltallm.api.InvalidOptionException;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The tasks that there are. */
public enum TaskKind {
    /** Which of two words belongs into the gap; partial scoring. */
    WINOGRANDE("winogrande"),
    /** What a pronoun means, the 273 Winograd schemas; partial scoring. */
    WSC("wsc"),
    /** Which of two ways to do something is right. */
    PIQA("piqa"),
    /** Science questions with up to five answers. */
    ARC_EASY("arc_easy"),
    /** Answers to be found in a text, or the finding that there is none. */
    SQUAD_V2("squad_v2"),
    /** How well a text is predicted. */
    PERPLEXITY("perplexity"),
    /** The value of a key in a long object. */
    KV_RETRIEVAL("kv_retrieval");

    private final String label;

    TaskKind(String label) {
        this.label = label;
    }

    /** The name in options and results. */
    public String label() {
        return label;
    }

    /**
     * The task of a name; dashes are as good as underscores.
     *
     * @throws InvalidOptionException if there is none, naming all
     */
    public static TaskKind named(String name) {
        String wanted = name.replace('-', '_');
        return Arrays.stream(values())
                .filter(kind -> kind.label.equals(wanted))
                .findFirst()
                .orElseThrow(() ->
                        new InvalidOptionException(
                                "there is no task '"
                                        + name
                                        + "'; there are "
                                        + Arrays.stream(values())
                                                .map(TaskKind::label)
                                                .collect(Collectors.joining(", "))));
    }

    /** What is made of the results. */
    List<Metric> metrics() {
        return switch (this) {
            case WINOGRANDE, WSC -> List.of(Metric.mean("acc", "acc"));
            case PIQA, ARC_EASY ->
                    List.of(Metric.mean("acc", "acc"), Metric.mean("acc_norm", "acc_norm"));
            case SQUAD_V2 -> SquadMetrics.all();
            case PERPLEXITY -> List.of(Metric.perplexity());
            case KV_RETRIEVAL ->
                    List.of(
                            Metric.mean("acc", "acc"),
                            Metric.mean("log_likelihood", "log_likelihood"));
        };
    }
}
