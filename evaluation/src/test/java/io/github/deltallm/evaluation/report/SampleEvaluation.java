package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.FrequencyChange;
import io.github.deltallm.evaluation.result.HeadSparsity;
import io.github.deltallm.evaluation.result.KeyPrecision;
import io.github.deltallm.evaluation.result.RunInfo;
import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.evaluation.result.Sparsity;
import io.github.deltallm.evaluation.result.Speed;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A made-up evaluation as large as a real one: a model of 30 layers and 3 KV heads, sweeps and
 * controls, several tasks. Its numbers follow formulas and mean nothing.
 */
final class SampleEvaluation {
    private static final List<String> TASKS = List.of("winogrande", "arc_easy", "piqa", "wsc");
    private static final double[] THETAS = {0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0};

    /** What an attention does to keys: its zeros, the rise of the perplexity, bits an element. */
    private record Attention(
            String spec, String kind, double zeros, double skipped, double change, double bits) {
        boolean dense() {
            return spec.equals("dense");
        }
    }

    private SampleEvaluation() {}

    static Evaluation full() {
        return new Evaluation(
                run("SmolLM2-135M-Instruct.Q4_1.gguf"),
                scores(),
                keyPrecisions(),
                headSparsities(),
                frequencyChanges(),
                speeds());
    }

    /** A run of which nothing is left but its circumstances. */
    static Evaluation empty() {
        return new Evaluation(
                run("empty.gguf"), List.of(), List.of(), List.of(), List.of(), List.of());
    }

    /** The full evaluation with all text of others replaced. */
    static Evaluation named(String text) {
        Evaluation full = full();
        return new Evaluation(
                new RunInfo(text, text, text, text, text, text, text, text, Map.of(text, text)),
                full.scores().stream().map(score -> named(score, text)).toList(),
                full.keyPrecisions().stream()
                        .map(one ->
                                new KeyPrecision(
                                        text + one.task(),
                                        named(one.attention(), text),
                                        text + one.kind(),
                                        one.keyBits(),
                                        one.perplexity(),
                                        one.change()))
                        .toList(),
                full.headSparsities().stream()
                        .map(one ->
                                new HeadSparsity(
                                        named(one.attention(), text),
                                        one.layer(),
                                        one.kvHead(),
                                        one.deltaZeroFraction()))
                        .toList(),
                full.frequencyChanges().stream()
                        .map(one ->
                                new FrequencyChange(
                                        named(one.attention(), text),
                                        one.pair(),
                                        one.radiansPerToken(),
                                        one.changeRate()))
                        .toList(),
                full.speeds().stream()
                        .map(one ->
                                new Speed(
                                        named(one.attention(), text),
                                        one.stage(),
                                        one.depth(),
                                        one.tokensPerSecond(),
                                        one.spread(),
                                        one.repetitions()))
                        .toList());
    }

    private static Score named(Score score, String text) {
        return new Score(
                text + score.task(),
                named(score.attention(), text),
                text + score.metric(),
                score.higherIsBetter(),
                score.value(),
                score.stderr(),
                score.n(),
                score.difference(),
                score.sparsity(),
                score.tokensPerSecond());
    }

    private static String named(String attention, String text) {
        return attention.equals("dense") ? attention : attention + text;
    }

    static RunInfo run(String model) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("tasks", "winogrande, arc_easy, piqa, wsc, squad_v2, perplexity");
        options.put(
                "attention",
                String.join("; ", Collections.nCopies(8, "delta:theta=1.0,events=int8")));
        options.put("limit", "400");
        options.put("shots", "0");
        options.put("seed", "1");
        return new RunInfo(
                model,
                "5f1b".repeat(16),
                "llama",
                "cpu",
                "2 threads, vectors of 512 bits",
                "0.1.0",
                "4767a07",
                "2026-01-01T12:00:00Z",
                options);
    }

    private static List<Attention> attentions() {
        List<Attention> all = new ArrayList<>();
        all.add(new Attention("dense", "dense", 0, 0, 0, 16));
        for (double theta : THETAS) {
            double zeros = 1 - Math.exp(-1.05 * theta);
            double change = 0.0016 * Math.pow(theta, 4) - 0.001;
            all.add(
                    delta(
                            "delta:theta=" + theta + ",profile=none",
                            "delta bf16",
                            zeros,
                            change,
                            16));
            all.add(
                    delta(
                            "delta:theta=" + theta + ",profile=none,events=int8",
                            "delta int8",
                            zeros,
                            change * 1.1,
                            8));
            all.add(
                    delta(
                            "delta:theta=" + theta + ",events=int8,values=0.3",
                            "delta int8",
                            zeros * 1.01,
                            change * 0.4 - 0.001,
                            8));
        }
        all.add(new Attention("prune:theta=0.6", "prune", 0, 0.27, 0.011, 12.2));
        all.add(new Attention("prune:theta=1.0", "prune", 0, 0.45, 0.031, 9.4));
        all.add(new Attention("dense:keys=int8", "int8", 0, 0, -0.0004, 8.25));
        all.add(new Attention("dense:keys=int4", "int4", 0, 0, 0.012, 4.25));
        all.add(new Attention("window:size=51,sinks=4", "window", 0, 0.9, 0.38, 1.1));
        all.add(new Attention("window:size=256,sinks=4", "window", 0, 0.56, 0.056, 5.1));
        return all;
    }

    private static Attention delta(
            String spec, String kind, double zeros, double change, int event) {
        return new Attention(
                spec, kind, zeros, 0.93 * zeros, change, 1 + event * (1 - zeros) + 0.4);
    }

    private static List<Score> scores() {
        List<Score> scores = new ArrayList<>();
        for (int task = 0; task < TASKS.size(); task++) {
            for (String metric : task == 1 ? List.of("acc", "acc_norm") : List.of("acc")) {
                for (Attention attention : attentions()) {
                    scores.add(accuracy(TASKS.get(task), task, metric, attention));
                }
            }
        }
        for (String metric : List.of("exact", "f1", "HasAns_exact", "NoAns_exact")) {
            for (Attention attention : attentions()) {
                scores.add(accuracy("squad_v2", 4, metric, attention));
            }
        }
        for (Attention attention : attentions()) {
            Difference difference =
                    new Difference(
                            attention.change(),
                            0.002,
                            attention.change() - 0.004,
                            attention.change() + 0.004,
                            0.2,
                            Math.abs(attention.change()) < 0.004);
            scores.add(
                    new Score(
                            "perplexity",
                            attention.spec(),
                            "perplexity",
                            false,
                            44.85 * (1 + attention.change()),
                            1.9,
                            32,
                            attention.dense() ? Optional.empty() : Optional.of(difference),
                            sparsity(attention, 1),
                            812.4));
        }
        return scores;
    }

    private static Score accuracy(String task, int index, String metric, Attention attention) {
        double dense = 0.52 + 0.05 * index;
        double wobble = 0.006 * Math.sin(7 * attention.skipped() + index + attention.bits());
        double difference = attention.dense() ? 0 : wobble - 0.6 * attention.change();
        boolean inNoise = Math.abs(difference) < 0.016;
        return new Score(
                task,
                attention.spec(),
                metric,
                true,
                dense + difference,
                0.0141,
                index == 0 ? 1267 : 400,
                attention.dense()
                        ? Optional.empty()
                        : Optional.of(
                                new Difference(
                                        difference,
                                        0.008,
                                        difference - 0.016,
                                        difference + 0.016,
                                        inNoise ? 0.41 : 0.0004,
                                        inNoise)),
                sparsity(attention, 0.5 + 0.1 * index),
                640.2);
    }

    private static Sparsity sparsity(Attention attention, double share) {
        double values = attention.spec().contains("values") ? 0.22 : 0;
        double skipped = attention.skipped() * Math.min(1, share);
        return new Sparsity(
                attention.zeros(),
                skipped,
                skipped,
                0,
                values,
                values * 0.9,
                values * 0.9,
                1_000_000_000L,
                (long) (attention.bits() * 368_640),
                5_898_240,
                5_898_240,
                5_898_240);
    }

    private static List<KeyPrecision> keyPrecisions() {
        return attentions().stream()
                .map(one ->
                        new KeyPrecision(
                                "perplexity",
                                one.spec(),
                                one.kind(),
                                one.bits(),
                                44.85 * (1 + one.change()),
                                one.change()))
                .toList();
    }

    private static List<HeadSparsity> headSparsities() {
        List<HeadSparsity> heads = new ArrayList<>();
        for (Attention attention : deltas()) {
            for (int layer = 0; layer < 30; layer++) {
                for (int head = 0; head < 3; head++) {
                    double spread = 0.16 * Math.sin(layer * 0.7 + head) - (layer == 0 ? 0.25 : 0);
                    heads.add(
                            new HeadSparsity(
                                    attention.spec(),
                                    layer,
                                    head,
                                    Math.clamp(attention.zeros() + spread, 0, 1)));
                }
            }
        }
        return heads;
    }

    private static List<FrequencyChange> frequencyChanges() {
        List<FrequencyChange> changes = new ArrayList<>();
        for (Attention attention : deltas()) {
            for (int pair = 0; pair < 32; pair++) {
                double rate =
                        (1 - attention.zeros()) * (0.6 + 0.8 / (1 + Math.exp((pair - 9) / 3.0)));
                changes.add(
                        new FrequencyChange(
                                attention.spec(),
                                pair,
                                Math.pow(100_000, -pair / 32.0),
                                Math.min(1, rate)));
            }
        }
        return changes;
    }

    private static List<Attention> deltas() {
        return attentions().stream().filter(one -> one.spec().startsWith("delta")).toList();
    }

    private static List<Speed> speeds() {
        List<Speed> speeds = new ArrayList<>();
        for (int depth : new int[] {0, 1024, 2048, 4096, 8192}) {
            double dense = 410.0 / (1 + depth / 5200.0);
            double delta = 380.0 / (1 + depth / 9800.0);
            String spec = "delta:theta=1.0,profile=none,events=int8";
            speeds.add(new Speed("dense", Speed.Stage.PREFILL, depth, dense, 14, 5));
            speeds.add(new Speed(spec, Speed.Stage.PREFILL, depth, delta, 11, 5));
            speeds.add(new Speed("dense", Speed.Stage.DECODE, depth, dense / 5.2, 2.5, 5));
            speeds.add(new Speed(spec, Speed.Stage.DECODE, depth, delta / 5.4, 1.4, 5));
        }
        return speeds;
    }
}
