package io.github.deltallm.evaluation.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/** A few attentions of a run for pictures that can't show all. */
final class Excerpt {
    private Excerpt() {}

    /**
     * As many attentions of one series as are wanted, evenly spread over it.
     *
     * @param all in the order of the run, at least one
     * @param first one that is among them in any case; the series is its own. If it is not one of
     *     all, the first of all takes its place
     * @param most how many are wanted, 2 or more
     */
    static List<String> of(List<String> all, String first, Sweeps sweeps, int most) {
        String chosen = all.contains(first) ? first : all.getFirst();
        String series = sweeps.place(chosen).series();
        List<String> own =
                all.stream().filter(one -> sweeps.place(one).series().equals(series)).toList();
        List<String> pool = own.size() > 1 ? own : all;
        if (pool.size() <= most) {
            return pool;
        }
        List<String> others = new ArrayList<>(pool);
        others.remove(chosen);
        SequencedSet<String> kept = new LinkedHashSet<>(List.of(chosen));
        for (int i = 0; i < most - 1; i++) {
            kept.add(others.get(most == 2 ? 0 : i * (others.size() - 1) / (most - 2)));
        }
        return pool.stream().filter(kept::contains).toList();
    }
}
