package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.FrequencyChange;
import io.github.deltallm.evaluation.result.HeadSparsity;
import io.github.deltallm.evaluation.result.KeyPrecision;
import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.evaluation.result.Speed;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/** The parts of a report, from the results of a run. */
final class Sections {
    private Sections() {}

    /** All parts, in the page's order. */
    static List<Section> of(Evaluation evaluation) {
        Sweeps sweeps = new Sweeps(attentions(evaluation));
        List<ScoreGroup> groups = ScoreGroup.of(evaluation.scores());
        String best = TradeOff.best(TradeOff.of(groups)).map(TradeOff::attention).orElse("");
        return List.of(
                new SummarySection(groups, sweeps),
                new AccuracySection(groups, sweeps),
                new PrecisionSection(evaluation.keyPrecisions(), sweeps),
                new HeadsSection(evaluation.headSparsities(), sweeps, best),
                new FrequencySection(evaluation.frequencyChanges(), sweeps, best),
                new SpeedSection(evaluation.speeds(), sweeps));
    }

    private static SequencedSet<String> attentions(Evaluation evaluation) {
        SequencedSet<String> all = new LinkedHashSet<>();
        evaluation.scores().stream().map(Score::attention).forEach(all::add);
        evaluation.keyPrecisions().stream().map(KeyPrecision::attention).forEach(all::add);
        evaluation.headSparsities().stream().map(HeadSparsity::attention).forEach(all::add);
        evaluation.frequencyChanges().stream().map(FrequencyChange::attention).forEach(all::add);
        evaluation.speeds().stream().map(Speed::attention).forEach(all::add);
        return all;
    }
}
