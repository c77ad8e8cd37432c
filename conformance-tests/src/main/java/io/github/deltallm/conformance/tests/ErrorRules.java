package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import java.util.Optional;

/**
 * ERR, errors and lifecycle.
 *
 * <p>When a rule about an unchanged cache fails, look at lengths that are set before the last
 * operation of a step was done.
 */
@Tag("ERR")
public abstract class ErrorRules extends ConformanceRules {
    private static final int ROWS = 12;
    private static final int[] TOKENS = new Numbers(1).tokens(4 * ROWS, TinyLlama.VOCABULARY);
    private static final LogitsSink IGNORE = (row, logits) -> {};

    /** For subclasses. */
    protected ErrorRules() {}

    private ModelRun model() {
        return new ModelRun(backend(), TinyLlama.random(TensorType.F32, 1).program(), ROWS);
    }

    private static Step step(KvCache cache, int... tokens) {
        return new Step().add(cache, tokens, 0, tokens.length, Step.Logits.NONE);
    }

    @Test
    @DisplayName("ERR-01 required: a step of more rows than compiled for is an illegal argument")
    void tooManyRows() {
        try (ModelRun run = model();
                KvCache cache = run.executable().newCache(Runs.DENSE, 4 * ROWS)) {
            Step step = new Step().add(cache, TOKENS, 0, ROWS + 1, Step.Logits.NONE);
            refused(IllegalArgumentException.class, run, step, cache);
        }
    }

    @Test
    @DisplayName("ERR-02 required: a token outside the vocabulary is an illegal argument")
    void tokenOutsideTheVocabulary() {
        try (ModelRun run = model();
                KvCache cache = run.executable().newCache(Runs.DENSE, 4 * ROWS)) {
            for (int token : new int[] {-1, TinyLlama.VOCABULARY, Integer.MAX_VALUE}) {
                refused(IllegalArgumentException.class, run, step(cache, 1, token), cache);
            }
        }
    }

    @Test
    @DisplayName("ERR-03 required: a cache of another executable is an illegal argument")
    void cacheOfAnotherExecutable() {
        try (ModelRun run = model();
                ModelRun another = model();
                KvCache cache = another.executable().newCache(Runs.DENSE, ROWS)) {
            refused(IllegalArgumentException.class, run, step(cache, 1, 2), cache);
        }
    }

    @Test
    @DisplayName("ERR-04 required: more positions than the capacity overflow the context")
    void capacityDoesNotSuffice() {
        try (ModelRun run = model();
                KvCache cache = run.executable().newCache(Runs.DENSE, 5)) {
            run.executable().run(step(cache, 1, 2, 3), IGNORE);
            refused(ContextOverflowException.class, run, step(cache, 4, 5, 6), cache);
            run.executable().run(step(cache, 4, 5), IGNORE);
            Assertions.assertEquals(5, cache.length());
        }
    }

    private static void refused(
            Class<? extends Throwable> type, ModelRun run, Step step, KvCache cache) {
        int length = cache.length();
        Assertions.assertThrows(type, () -> run.executable().run(step, IGNORE));
        Assertions.assertEquals(length, cache.length(), "length after the refused run");
    }

    @Test
    @DisplayName("ERR-05 required: a run that one sequence makes fail changes none of the others")
    void oneSequenceFailsAll() {
        checkUnchanged((run, cache) -> {
            try (KvCache full = run.executable().newCache(Runs.DENSE, 1)) {
                Step step =
                        new Step()
                                .add(cache, TOKENS, 20, 5, Step.Logits.NONE)
                                .add(full, TOKENS, 0, 2, Step.Logits.NONE);
                refused(ContextOverflowException.class, run, step, cache);
            }
        });
    }

    @Test
    @DisplayName("ERR-06 required: a sink that throws fails the run, and caches are as before")
    void sinkThatThrows() {
        checkUnchanged((run, cache) -> {
            Step step = new Step().add(cache, TOKENS, 20, 5, Step.Logits.ALL);
            IllegalStateException thrown = new IllegalStateException("full");
            Throwable caught =
                    Assertions.assertThrows(
                            RuntimeException.class,
                            () ->
                                    run.executable()
                                            .run(
                                                    step,
                                                    (row, logits) -> {
                                                        throw thrown;
                                                    }));
            Assertions.assertSame(thrown, caught, "the sink's own exception comes out");
        });
    }

    @Test
    @DisplayName("ERR-11 required: a first run that fails declares nothing")
    void failedFirstRunDeclaresNothing() {
        try (ModelRun run = model();
                KvCache cache = run.executable().newCache(Runs.DENSE, ROWS)) {
            Step step = new Step().add(cache, TOKENS, 0, 5, Step.Logits.ALL);
            LogitsSink full =
                    (row, logits) -> {
                        throw new IllegalStateException("full");
                    };
            Assertions.assertThrows(
                    IllegalStateException.class, () -> run.executable().run(step, full));
            Assertions.assertEquals(0, cache.length(), "length");
            Assertions.assertEquals(0, cache.request().tokens(), "declared tokens");
        }
    }

    /** Something that goes wrong between two runs of one sequence. */
    private interface Mishap {
        void happen(ModelRun run, KvCache cache);
    }

    private void checkUnchanged(Mishap mishap) {
        int[] next = new Numbers(9).tokens(8, TinyLlama.VOCABULARY);
        try (ModelRun run = model();
                KvCache cache = run.executable().newCache(Runs.DENSE, 4 * ROWS);
                KvCache undisturbed = run.executable().newCache(Runs.DENSE, 4 * ROWS)) {
            run.logits(cache, TOKENS, ROWS);
            cache.truncate(10);
            run.logits(undisturbed, TOKENS, ROWS);
            undisturbed.truncate(10);
            mishap.happen(run, cache);
            Assertions.assertEquals(10, cache.length(), "length after the failed run");
            new Comparison("after the failed run", TinyLlama.VOCABULARY)
                    .same(run.logits(cache, next, ROWS), run.logits(undisturbed, next, ROWS));
        }
    }

    @Test
    @DisplayName(
            "ERR-07 required: a truncation to no length of the sequence is an illegal argument")
    void impossibleTruncation() {
        try (ModelRun run = model();
                KvCache cache = run.executable().newCache(Runs.DENSE, ROWS)) {
            run.executable().run(step(cache, 1, 2, 3), IGNORE);
            illegal(() -> cache.truncate(-1));
            illegal(() -> cache.truncate(4));
            Assertions.assertEquals(3, cache.length());
        }
    }

    private static void illegal(Executable attempt) {
        Assertions.assertThrows(IllegalArgumentException.class, attempt);
    }

    @Test
    @DisplayName("ERR-08 required: what is closed refuses to run, and closing twice is harmless")
    void closedRefusesToRun() {
        ModelRun run = model();
        KvCache cache = run.executable().newCache(Runs.DENSE, ROWS);
        run.executable().run(step(cache, 1, 2), IGNORE);
        cache.close();
        cache.close();
        failsSomehow(() -> run.executable().run(step(cache, 3), IGNORE));
        KvCache orphan = run.executable().newCache(Runs.DENSE, ROWS);
        run.close();
        run.close();
        failsSomehow(() -> run.executable().run(step(orphan, 1), IGNORE));
    }

    private static void failsSomehow(Executable attempt) {
        Assertions.assertThrows(RuntimeException.class, attempt);
    }

    @Test
    @DisplayName("ERR-09 required: the probe answers, names a device, and a named device opens")
    void probeAnswers() {
        BackendProbe.Available available = available();
        Assertions.assertFalse(available.devices().isEmpty(), "an available backend has a device");
        Assertions.assertTrue(provider().name().matches("[a-z][a-z0-9-]*"), provider().name());
        for (String device : available.devices()) {
            try (Backend named = provider().open(options(device))) {
                Assertions.assertFalse(named.description().isBlank(), "a description for reports");
            }
        }
    }

    @Test
    @DisplayName("ERR-10 required: a device that does not exist is refused by name")
    void unknownDeviceIsRefused() {
        RuntimeException refused =
                Assertions.assertThrows(
                        RuntimeException.class,
                        () -> provider().open(options("no-such-device")).close());
        Assertions.assertTrue(
                refused instanceof InvalidOptionException
                        || refused instanceof UnavailableException,
                () -> "refused with " + refused);
        Assertions.assertTrue(
                String.valueOf(refused.getMessage()).contains("no-such-device"),
                refused::getMessage);
    }

    private static BackendOptions options(String device) {
        return new BackendOptions(0, Precision.FAST, Optional.of(device));
    }

    @Test
    @DisplayName(
            "ERR-90 untested: a backend that runs out of memory fails the run and nothing else")
    @Disabled("untested: no portable way to make a device run out of memory")
    void outOfMemory() {}

    @Test
    @DisplayName("ERR-91 untested: writing no input and reading no output is refused")
    @Disabled("untested: the contract does not say how")
    void wrongValues() {}
}
