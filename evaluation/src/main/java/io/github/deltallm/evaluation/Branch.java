package io.github.deltallm.evaluation;

import io.github.deltallm.api.spi.Step;
import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Session;
import io.github.deltallm.engine.SessionBatch;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows that several targets have in common, from where they part from others to where they part.
 */
final class Branch {
    /** Rows without logits before the first one with: from here on worth a step of their own. */
    private static final int WORTH_A_STEP = 64;

    private final Session session;
    private final List<Target> targets;
    private final LogLikelihood likelihood;
    private final int from;
    private final int end;
    private final int firstWanted;
    private final AttentionReport before;
    private int done;
    private int likeliest = -1;

    /**
     * @param session holds the rows before
     * @param targets at least one; all have the session's rows in common
     */
    Branch(Session session, List<Target> targets, LogLikelihood likelihood) {
        this.session = session;
        this.targets = targets;
        this.likelihood = likelihood;
        Target first = targets.getFirst();
        from = session.length();
        end = targets.stream().mapToInt(first::common).min().orElseThrow();
        firstWanted = targets.stream().mapToInt(Target::firstWanted).min().orElseThrow();
        done = from;
        before = session.report();
        session.declare(targets.size() == 1 ? first.length() : Math.max(end, longestContext()));
    }

    /** Answers may begin alike, so the rows of a branch may go on behind all contexts. */
    private int longestContext() {
        return targets.stream().mapToInt(Target::context).max().orElseThrow();
    }

    /** Adds as many rows as there is room for. */
    void addTo(SessionBatch batch, Cancellation cancellation) {
        int rows = Math.min(batch.room(), end - done);
        int quiet = Math.min(firstWanted, end) - done;
        if (quiet >= WORTH_A_STEP) {
            rows = Math.min(rows, quiet);
        }
        Step.Logits wanted =
                done + rows <= firstWanted
                        ? Step.Logits.NONE
                        : done + rows - 1 == firstWanted ? Step.Logits.LAST : Step.Logits.ALL;
        int first = done;
        batch.add(
                session,
                targets.getFirst().ids(),
                done,
                rows,
                wanted,
                (row, logits) -> score(first + row, logits),
                cancellation);
        done += rows;
    }

    private void score(int row, MemorySegment logits) {
        if (row < firstWanted) {
            return;
        }
        likelihood.take(logits);
        int next = row + 1;
        for (Target target : targets) {
            if (next >= target.context() && next < target.length()) {
                target.logLikelihoods()[next - target.context()] =
                        likelihood.of(target.ids()[next]);
            }
        }
        likeliest = likelihood.largest();
    }

    boolean complete() {
        return done == end;
    }

    int rows() {
        return done - from;
    }

    Session session() {
        return session;
    }

    /** The likeliest token behind the last row. */
    int likeliest() {
        return likeliest;
    }

    /** Tells the first target's question what the rows took. */
    AttentionReport settle() {
        AttentionReport now = session.report();
        targets.getFirst().asked().did(rows(), before, now);
        return now;
    }

    /** Those that end here. */
    List<Target> ending() {
        return targets.stream().filter(target -> target.rows() == end).toList();
    }

    /** Those that go on, by their next token. */
    Collection<List<Target>> parting() {
        Map<Integer, List<Target>> byToken = new LinkedHashMap<>();
        for (Target target : targets) {
            if (target.rows() > end) {
                byToken.computeIfAbsent(target.ids()[end], token -> new ArrayList<>()).add(target);
            }
        }
        return byToken.values();
    }
}
