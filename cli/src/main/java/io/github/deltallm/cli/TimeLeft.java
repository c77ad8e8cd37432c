package io.github.deltallm.cli;

/** Fills a bar with the time that is left, at the speed so far. */
final class TimeLeft {
    private static final double SECOND = 1e9;

    private final ProgressBar bar;
    private final long start = System.nanoTime();

    TimeLeft(ProgressBar bar) {
        this.bar = bar;
    }

    /** As {@link io.github.deltallm.evaluation.EvaluationListener#progress}. */
    void at(String what, long done, long fresh, long total) {
        double seconds = (System.nanoTime() - start) / SECOND;
        String left =
                fresh == 0 || done >= total ? "" : ", " + words(seconds * (total - done) / fresh);
        bar.at(done, total, what + left);
    }

    /** {@code 1 h 5 min left}. */
    static String words(double seconds) {
        long minutes = Math.round(seconds / 60);
        if (seconds < 90) {
            return Math.round(seconds) + " s left";
        }
        return minutes < 90
                ? minutes + " min left"
                : minutes / 60 + " h " + minutes % 60 + " min left";
    }
}
