package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelIdentity;
import io.github.deltallm.engine.Installed;
import io.github.deltallm.engine.Providers;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * STR, what every attention strategy promises. The author of one extends it in a test:
 *
 * <pre>{@code
 * class MyAttentionTest extends AttentionConformance {
 *     @Override
 *     protected AttentionProvider provider() {
 *         return new MyAttention();
 *     }
 *
 *     @Override
 *     protected List<String> specs() {
 *         return List.of("mine", "mine:window=7", "mine:window=5%");
 *     }
 *
 *     @Override
 *     protected List<String> refused() {
 *         return List.of("mine:window=0", "mine:window=-5%");
 *     }
 * }
 * }</pre>
 *
 * <p>A strategy that keeps these promises runs on every backend; how well it attends is not tested
 * here. The last rules run it on all backends that are installed and work on the machine.
 *
 * <p>On the module path the test's package must be open to {@code org.junit.platform.commons}, as
 * for any JUnit test.
 */
@Tag("STR")
public abstract class AttentionConformance {
    /** For subclasses. */
    protected AttentionConformance() {}

    /** Makes the provider. */
    protected abstract AttentionProvider provider();

    /** Specifications that are accepted: the name alone, and every setting at least once. */
    protected abstract List<String> specs();

    /** Specifications that are refused for the value of a setting. */
    protected List<String> refused() {
        return List.of();
    }

    /** Models that the strategy is made for; override it where it is bound to one. */
    protected List<HeadShape> shapes() {
        return List.of(
                new HeadShape(1, 1, 1, 16), new HeadShape(3, 6, 2, 16), new HeadShape(2, 4, 4, 80));
    }

    /** The model that the strategy is made for; override it where a file is made for one only. */
    protected ModelIdentity model() {
        return new MadeUpModel();
    }

    /** Backends that have to agree on the strategy: all that are installed and available. */
    protected List<BackendProvider> backends() {
        return Providers.installed().backends().stream()
                .map(Installed::provider)
                .filter(backend -> backend.probe() instanceof BackendProbe.Available)
                .toList();
    }

    private record MadeUpModel() implements ModelIdentity {
        @Override
        public long size() {
            return 1;
        }

        @Override
        public String sha256() {
            return "0".repeat(64);
        }
    }

    private AttentionStrategy create(AttentionSpec spec, HeadShape heads, Precision precision) {
        return provider().create(spec, new AttentionProvider.Context(heads, model(), precision));
    }

    private AttentionStrategy create(String spec) {
        return create(AttentionSpec.parse(spec), shapes().getFirst(), Precision.FAST);
    }

    /** A rule for every specification, model and precision. */
    private Stream<DynamicTest> strategies(Consumer<StrategyTrial> rule) {
        return specs().stream()
                .flatMap(spec ->
                        shapes().stream()
                                .flatMap(heads ->
                                        Stream.of(Precision.values())
                                                .map(precision ->
                                                        strategy(spec, heads, precision, rule))));
    }

    private DynamicTest strategy(
            String spec, HeadShape heads, Precision precision, Consumer<StrategyTrial> rule) {
        return dynamicTest(
                spec + " for " + heads + ", " + precision.label(),
                () -> {
                    AttentionSpec parsed = AttentionSpec.parse(spec);
                    rule.accept(new StrategyTrial(heads, create(parsed, heads, precision)));
                });
    }

    @Test
    @DisplayName("STR-01 required: name and settings are lower-case words, each once")
    void namesAreWords() {
        AttentionProvider provider = provider();
        Assertions.assertEquals(provider.name(), AttentionSpec.parse(provider.name()).name());
        Assertions.assertFalse(provider.description().isBlank(), "a description");
        Assertions.assertFalse(provider.description().contains("\n"), "a description of one line");
        for (String key : provider.settings()) {
            AttentionSpec.parse(provider.name() + ":" + key + "=1");
        }
        Assertions.assertEquals(
                provider.settings().size(),
                new HashSet<>(provider.settings()).size(),
                "settings, each once");
        Assertions.assertFalse(specs().isEmpty(), "a specification to be tested");
    }

    @TestFactory
    @DisplayName("STR-02 required: spec() has every setting that counts and makes the same again")
    Stream<DynamicTest> specMakesTheSameAgain() {
        return specs().stream()
                .flatMap(spec ->
                        shapes().stream()
                                .map(heads ->
                                        dynamicTest(
                                                spec + " for " + heads,
                                                () -> {
                                                    roundTrip(spec, heads, Precision.FAST);
                                                    roundTrip(spec, heads, Precision.F32);
                                                })));
    }

    private void roundTrip(String spec, HeadShape heads, Precision precision) {
        AttentionStrategy strategy = create(AttentionSpec.parse(spec), heads, precision);
        AttentionSpec told = strategy.spec();
        Assertions.assertEquals(provider().name(), told.name(), "name in spec()");
        told.requireKeys(provider().settings());
        AttentionSpec.parse(spec)
                .settings()
                .keySet()
                .forEach(key ->
                        Assertions.assertTrue(
                                told.setting(key).isPresent(),
                                () -> "spec() " + told + " lacks " + key));
        AttentionStrategy again = create(AttentionSpec.parse(told.toString()), heads, precision);
        Assertions.assertEquals(told, again.spec(), "spec() of spec()");
        Assertions.assertEquals(
                new StrategyTrial(heads, strategy).declarations(),
                new StrategyTrial(heads, again).declarations(),
                "what " + told + " declares");
    }

    @Test
    @DisplayName("STR-03 required: a setting that does not exist is refused by its name")
    void unknownSettingsAreRefused() {
        String unknown = "surely-no-setting";
        InvalidOptionException refused =
                Assertions.assertThrows(
                        InvalidOptionException.class,
                        () -> create(provider().name() + ":" + unknown + "=1"));
        Assertions.assertTrue(
                String.valueOf(refused.getMessage()).contains(unknown),
                () -> "'" + refused.getMessage() + "' names " + unknown);
    }

    @TestFactory
    @DisplayName("STR-04 required: a setting whose value makes no sense is refused by its name")
    Stream<DynamicTest> senselessValuesAreRefused() {
        Stream<String> questions =
                provider().settings().stream().map(key -> provider().name() + ":" + key + "=?");
        return Stream.concat(questions, refused().stream())
                .map(spec -> dynamicTest(spec, () -> refuses(spec)));
    }

    private void refuses(String spec) {
        InvalidOptionException refused =
                Assertions.assertThrows(InvalidOptionException.class, () -> create(spec));
        String message = String.valueOf(refused.getMessage());
        Assertions.assertTrue(
                AttentionSpec.parse(spec).settings().keySet().stream().anyMatch(message::contains),
                () -> "'" + message + "' names the setting");
    }

    @TestFactory
    @DisplayName("STR-05 required: every method is a pure function of its arguments")
    Stream<DynamicTest> methodsArePure() {
        return strategies(trial -> {
            String once = trial.declarations();
            Assertions.assertEquals(once, trial.declarations(), "asked again");
            List<String> threads =
                    Stream.generate(() -> trial)
                            .limit(8)
                            .parallel()
                            .map(StrategyTrial::declarations)
                            .toList();
            threads.forEach(told -> Assertions.assertEquals(once, told, "asked by threads"));
        });
    }

    @TestFactory
    @DisplayName("STR-06 required: sinks are not negative; encodings fit the heads")
    Stream<DynamicTest> encodingsFit() {
        return strategies(StrategyTrial::checkEncodings);
    }

    @TestFactory
    @DisplayName("STR-07 required: exact runs begin at 0 or later, no later than the query")
    Stream<DynamicTest> exactRunsHoldTheQuery() {
        return strategies(StrategyTrial::checkExactRuns);
    }

    @TestFactory
    @DisplayName("STR-08 required: exact runs stay within the window where it counts")
    Stream<DynamicTest> exactRunsStayWithinTheWindow() {
        return strategies(StrategyTrial::checkWindows);
    }

    @TestFactory
    @DisplayName("STR-09 required: windows hold a key, and do not fall as requests grow")
    Stream<DynamicTest> windowsDoNotFall() {
        return strategies(StrategyTrial::checkGrowth);
    }

    @TestFactory
    @DisplayName("STR-10 required: the reference runs it, forks it, saves and restores it")
    Stream<DynamicTest> theReferenceRunsIt() {
        return strategies(StrategyTrial::checkRuns);
    }

    /** A rule for every backend, specification and model. */
    private Stream<DynamicTest> everywhere(BiConsumer<StrategyTrial, Backend> rule) {
        return backends().stream()
                .flatMap(backend ->
                        specs().stream()
                                .flatMap(spec ->
                                        shapes().stream()
                                                .map(heads -> on(backend, spec, heads, rule))));
    }

    private DynamicTest on(
            BackendProvider backend,
            String spec,
            HeadShape heads,
            BiConsumer<StrategyTrial, Backend> rule) {
        return dynamicTest(
                spec + " for " + heads + " on " + backend.name(),
                () -> {
                    AttentionStrategy strategy =
                            create(AttentionSpec.parse(spec), heads, Precision.F32);
                    BackendOptions options = new BackendOptions(0, Precision.F32, Optional.empty());
                    try (Backend opened = backend.open(options)) {
                        rule.accept(new StrategyTrial(heads, strategy), opened);
                    }
                });
    }

    @TestFactory
    @DisplayName(
            "STR-11 required for f32 and bf16: every backend's masks and outputs are the formula's")
    Stream<DynamicTest> backendsAgreeOnIt() {
        return everywhere(StrategyTrial::checkBackend);
    }

    @TestFactory
    @DisplayName(
            "STR-12 required for f32 and bf16: every backend's logits and greedy tokens are the"
                    + " reference's")
    Stream<DynamicTest> backendsSayTheSame() {
        return backends().stream()
                .flatMap(backend ->
                        specs().stream()
                                .map(spec ->
                                        on(
                                                backend,
                                                spec,
                                                TinyLlama.HEADS,
                                                StrategyTrial::checkModel)));
    }
}
