package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;
import io.github.deltallm.evaluation.result.FrequencyChange;
import io.github.deltallm.evaluation.result.HeadSparsity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Where keys change: by layer and head, and by the frequency that rotates a channel.
 *
 * @param heads empty unless keys are delta-encoded
 * @param frequencies empty unless keys are delta-encoded and the model's embedding is rotary
 */
record KeyChanges(List<HeadSparsity> heads, List<FrequencyChange> frequencies) {

    /** Computes a sample of text and looks at what is kept of its keys. */
    static KeyChanges of(
            Model model,
            AttentionSpec attention,
            int[] ids,
            Cancellation cancellation,
            IntConsumer progress) {
        List<HeadSparsity> sparsities = new ArrayList<>();
        HeadShape shape = model.heads();
        long[] changed = new long[shape.headDim()];
        long rows = 0;
        try (Session session = model.newSession(attention)) {
            session.declare(ids.length);
            session.append(ids, cancellation, progress);
            for (int layer = 0; layer < shape.layers(); layer++) {
                for (int head = 0; head < shape.kvHeads(); head++) {
                    KvStream.DeltaRows delta =
                            session.export(layer, head, KvStream.Kind.KEYS).delta();
                    if (delta.count() > 0) {
                        long before = Arrays.stream(changed).sum();
                        count(delta, changed);
                        rows += delta.count();
                        double changes = Arrays.stream(changed).sum() - before;
                        sparsities.add(
                                new HeadSparsity(
                                        attention.toString(),
                                        layer,
                                        head,
                                        1 - changes / delta.count() / shape.headDim()));
                    }
                }
            }
        }
        return new KeyChanges(sparsities, frequencies(model, attention, changed, rows));
    }

    private static void count(KvStream.DeltaRows delta, long[] changed) {
        long bits = (long) delta.count() * changed.length;
        for (long bit = 0; bit < bits; bit++) {
            if ((delta.changed()[(int) (bit >> 6)] >>> bit & 1) != 0) {
                changed[(int) (bit % changed.length)]++;
            }
        }
    }

    private static List<FrequencyChange> frequencies(
            Model model, AttentionSpec attention, long[] changed, long rows) {
        Optional<RotaryEmbedding> rotary =
                model.program().ops().stream()
                        .filter(Op.Rope.class::isInstance)
                        .map(op -> ((Op.Rope) op).embedding())
                        .findFirst();
        if (rotary.isEmpty() || rows == 0) {
            return List.of();
        }
        double[] frequencies = rotary.get().frequencies();
        boolean halves = rotary.get().pairing() == RotaryEmbedding.Pairing.HALVES;
        List<FrequencyChange> changes = new ArrayList<>();
        for (int pair = 0; pair < frequencies.length; pair++) {
            int one = halves ? pair : 2 * pair;
            int other = halves ? pair + frequencies.length : 2 * pair + 1;
            changes.add(
                    new FrequencyChange(
                            attention.toString(),
                            pair,
                            frequencies[pair],
                            (changed[one] + changed[other]) / (2.0 * rows)));
        }
        return changes;
    }
}
