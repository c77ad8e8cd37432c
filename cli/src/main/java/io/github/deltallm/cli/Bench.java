package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CancelledException;
import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Runs speed tests in turn on random tokens, the same for all. */
final class Bench implements AutoCloseable {
    private static final long SEED = 1;

    private final Model model;
    private final List<SpeedTest> tests;
    private final Cancellation cancellation;
    private final ProgressBar bar;

    /** Sessions that hold a prompt of some depth, computed once and forked for every run. */
    private final Map<Start, Session> starts = new HashMap<>();

    private final List<SpeedTest.Result> results = new ArrayList<>();

    private record Start(AttentionSpec attention, int depth) {}

    Bench(Model model, List<SpeedTest> tests, Cancellation cancellation, ProgressBar bar) {
        this.model = model;
        this.tests = tests;
        this.cancellation = cancellation;
        this.bar = bar;
    }

    /** Runs every test once to warm up, then {@code repeats} times, taking turns. */
    void run(int repeats) {
        double[][] speeds = new double[tests.size()][repeats];
        AttentionReport[] reports = new AttentionReport[tests.size()];
        int all = tests.size() * (repeats + 1);
        for (int run = 0; run < all; run++) {
            int index = run % tests.size();
            int repeat = run / tests.size() - 1;
            Timing timing = time(tests.get(index));
            if (repeat >= 0) {
                speeds[index][repeat] = tests.get(index).tokens() * 1e9 / timing.nanos();
            }
            reports[index] = timing.report();
            bar.at(run + 1, all);
        }
        for (int i = 0; i < tests.size(); i++) {
            results.add(new SpeedTest.Result(tests.get(i), speeds[i], reports[i]));
        }
    }

    List<SpeedTest.Result> results() {
        return List.copyOf(results);
    }

    private record Timing(long nanos, AttentionReport report) {}

    private Timing time(SpeedTest test) {
        return switch (test.kind()) {
            case PREFILL -> prefill(test);
            case DECODE -> decode(test);
        };
    }

    private Timing prefill(SpeedTest test) {
        int[] ids = tokens(test.tokens());
        try (Session session = model.newSession(test.attention())) {
            long start = System.nanoTime();
            session.prompt(ids, cancellation, done -> {});
            return new Timing(System.nanoTime() - start, session.report());
        }
    }

    private Timing decode(SpeedTest test) {
        int[] ids = tokens(test.tokens());
        try (Session session = start(test).fork()) {
            long start = System.nanoTime();
            for (int id : ids) {
                session.append(id);
                cancelled();
            }
            return new Timing(System.nanoTime() - start, session.report());
        }
    }

    private void cancelled() {
        if (cancellation.cancelled()) {
            throw new CancelledException("the benchmark was interrupted");
        }
    }

    private Session start(SpeedTest test) {
        Start key = new Start(test.attention(), test.depth());
        Session start = starts.get(key);
        if (start == null) {
            start = model.newSession(test.attention());
            starts.put(key, start);
            if (test.depth() > 0) {
                start.prompt(tokens(test.depth()), cancellation, done -> {});
            }
        }
        return start;
    }

    private int[] tokens(int count) {
        return new Random(SEED).ints(count, 0, model.vocabulary()).toArray();
    }

    @Override
    public void close() {
        starts.values().forEach(Session::close);
    }
}
