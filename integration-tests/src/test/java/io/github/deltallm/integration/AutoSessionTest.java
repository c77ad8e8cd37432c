package io.github.deltallm.integration;

import static io.github.deltallm.api.spi.DeltaBreakEven.NO_PROMPT;
import static io.github.deltallm.api.spi.DeltaBreakEven.NO_SIZE;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Perplexity;
import io.github.deltallm.engine.Providers;
import io.github.deltallm.engine.Session;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;

/** When a session with the attention {@code auto} is dense, when it is delta, and what it keeps. */
class AutoSessionTest {
    private static final AttentionSpec AUTO = AttentionSpec.parse("auto");
    private static final AttentionSpec DENSE = AttentionSpec.parse("dense");
    private static final AttentionSpec DELTA = AttentionSpec.parse("delta");

    /** Exact keys and values of a token: 5 layers, 4 heads of 8 channels, in f32. */
    private static final int BYTES_A_TOKEN = 5 * 4 * 8 * 4 * 2;

    /** The same of the embedded model: 30 layers, 3 heads of 64 channels. */
    private static final int EMBEDDED_BYTES_A_TOKEN = 30 * 3 * 64 * 4 * 2;

    /** Rows of a page and then some: a cache is not measured at every token. */
    private static final int LATE = 64;

    private final Providers providers = EarlyDelta.providers();
    private final EarlyDelta early = EarlyDelta.among(providers);

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void aLongPromptIsDeltaFromTheFirstKeyOn(String backend) {
        early.on(backend).from(40, NO_SIZE);
        try (Model model = stories();
                Session auto = model.newSession();
                Session delta = model.newSession(DELTA)) {
            prompt(auto, tokens(40));
            prompt(delta, tokens(40));
            assertThat(auto.report().spec()).isEqualTo(delta.report().spec());
            assertThat(auto.report().requested()).isEqualTo(AUTO);
            assertThat(auto.report().note()).isEmpty();
            assertThat(auto.report().bytes()).isEqualTo(delta.report().bytes());
            assertThat(auto.report().total()).isEqualTo(delta.report().total());
            assertThat(auto.logits()).isEqualTo(delta.logits());
        }
    }

    @Test
    void aLongAppendIsDeltaToo() {
        early.from(40, NO_SIZE);
        try (Model model = stories();
                Session session = model.newSession()) {
            append(session, tokens(39));
            assertThat(running(session)).isEqualTo("dense");
            session.truncate(0);
            append(session, tokens(40));
            assertThat(running(session)).isEqualTo("delta");
        }
    }

    @Test
    void aShorterPromptStaysDenseHoweverLongTheAnswer() {
        early.from(41, NO_SIZE);
        try (Model model = stories();
                Session auto = model.newSession();
                Session dense = model.newSession(DENSE)) {
            prompt(auto, tokens(40));
            prompt(dense, tokens(40));
            for (int token : tokens(20)) {
                auto.append(token);
                dense.append(token);
            }
            assertThat(auto.report().spec()).isEqualTo(dense.report().spec());
            assertThat(auto.logits()).isEqualTo(dense.logits());
        }
    }

    @Test
    void aDenseCacheIsEncodedWhenItHasOutgrownTheSize() {
        early.from(NO_PROMPT, 100L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session session = model.newSession()) {
            prompt(session, tokens(10));
            while (running(session).equals("dense")) {
                assertThat(session.length()).isLessThan(100 + LATE);
                session.append(300);
            }
            assertThat(session.length()).isGreaterThan(100 - LATE);
            assertThat(session.report().note())
                    .contains("dense for the first " + (session.length() - 1) + " tokens");
            assertThat(early.restored()).isOne();
        }
    }

    @ParameterizedTest
    @CsvSource({"cpu,1", "cpu,7", "cpu,64", "reference,7"})
    void whatIsEncodedLateIsEncodedAsIfFromTheFirstKeyOn(String backend, int chunk) {
        // Layer 0, whose keys depend on the tokens alone: in all others they depend on what
        // attention has computed before, be it dense or delta.
        int[] ids = tokens(160);
        early.on(backend).from(NO_PROMPT, 60L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session late = model.newSession();
                Session first = model.newSession(DELTA)) {
            for (Session session : new Session[] {first, late}) {
                session.declare(ids.length);
                for (int from = 0; from < ids.length; from += chunk) {
                    int to = Math.min(ids.length, from + chunk);
                    append(session, Arrays.copyOfRange(ids, from, to));
                }
            }
            assertThat(running(late)).isEqualTo("delta");
            assertThat(early.restored()).isOne();
            requireSameFirstLayer(early.made().get(2), early.made().get(1), model);
        }
    }

    @Test
    void aHalfPrecisionStoreMakesNoDifferenceToWhatIsEncoded() {
        // Dense keeps f32 and delta bf16, but what an encoder sees is rounded to its store.
        int[] ids = tokens(80);
        early.from(NO_PROMPT, 30L * EMBEDDED_BYTES_A_TOKEN);
        try (Model model = Model.open(SharedData.embeddedModel(), options(), providers);
                Session late = model.newSession();
                Session first = model.newSession(DELTA)) {
            for (Session session : new Session[] {first, late}) {
                session.declare(ids.length);
                append(session, Arrays.copyOf(ids, 50));
                append(session, Arrays.copyOfRange(ids, 50, ids.length));
            }
            assertThat(late.report().spec()).isEqualTo(first.report().spec());
            assertThat(late.report().spec().setting("events")).contains("bf16");
            requireSameFirstLayer(early.made().get(2), early.made().get(1), model);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void countsOfBothPhasesAddUpAndBytesAreThoseOfTheCacheThatIsThere(String backend) {
        early.on(backend).from(NO_PROMPT, 100L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session auto = model.newSession();
                Session dense = model.newSession(DENSE)) {
            for (Session session : new Session[] {auto, dense}) {
                prompt(session, tokens(50));
                for (int token : tokens(150)) {
                    session.append(token);
                }
            }
            AttentionReport report = auto.report();
            AttentionCounts total = report.total();
            assertThat(running(auto)).isEqualTo("delta");
            assertThat(report.prefill().keyMacs()).isEqualTo(dense.report().prefill().keyMacs());
            assertThat(report.decode().keyMacs()).isEqualTo(dense.report().decode().keyMacs());
            assertThat(report.prefill().keyCost()).isEqualTo(report.prefill().keyMacs());
            assertThat(report.decode().keyCost()).isLessThan(report.decode().keyMacs());
            assertThat(total.keyElements()).isEqualTo(200L * 5 * 4 * 8);
            assertThat(report.layers()).hasSize(5);
            assertThat(report.layers().stream().reduce(AttentionCounts::plus)).contains(total);
            assertThat(report.bytes()).isEqualTo(early.made().getLast().bytes());
        }
    }

    @Test
    void forksOfAnEncodedSessionGoOnAlikeAndByThemselves() {
        early.from(30, NO_SIZE);
        try (Model model = stories();
                Session session = model.newSession()) {
            prompt(session, tokens(60));
            try (Session fork = session.fork();
                    Session other = session.fork()) {
                other.append(301);
                fork.append(300);
                session.append(300);
                assertThat(fork.logits()).isEqualTo(session.logits());
                assertThat(other.logits()).isNotEqualTo(session.logits());
                assertThat(fork.report().total()).isEqualTo(session.report().total());
                assertThat(running(fork)).isEqualTo("delta");
            }
        }
    }

    @Test
    void whatIsDueIsEncodedOnceForAllForks() {
        early.from(NO_PROMPT, 10L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session session = model.newSession()) {
            append(session, tokens(100));
            assertThat(running(session)).isEqualTo("dense");
            try (Session fork = session.fork();
                    Session other = session.fork()) {
                fork.append(300);
                other.append(300);
                session.append(300);
                assertThat(fork.logits()).isEqualTo(other.logits()).isEqualTo(session.logits());
                assertThat(running(fork)).isEqualTo(running(other)).isEqualTo("delta");
                assertThat(early.restored()).isOne();
            }
        }
    }

    @Test
    void truncatedToNothingAllIsDecidedAnew() {
        early.from(40, 100L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session session = model.newSession()) {
            prompt(session, tokens(40));
            assertThat(running(session)).isEqualTo("delta");
            AttentionCounts before = session.report().total();
            session.truncate(30);
            assertThat(running(session)).isEqualTo("delta");

            session.truncate(0);
            assertThat(running(session)).isEqualTo("dense");
            assertThat(session.report().total()).isEqualTo(before);
            prompt(session, tokens(20));
            assertThat(running(session)).isEqualTo("dense");

            // Another conversation: nothing of it is held.
            int[] other = tokens(60);
            other[0]++;
            prompt(session, other);
            assertThat(running(session)).isEqualTo("delta");
            assertThat(session.length()).isEqualTo(60);
        }
    }

    @Test
    void aConversationChangesOnceAndKeepsWhatItHas() {
        early.from(NO_PROMPT, 64L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session session = model.newSession()) {
            int[] ids = tokens(200);
            for (int turn = 20; turn <= 200; turn += 20) {
                int held = session.length();
                int kept = prompt(session, Arrays.copyOf(ids, turn));
                assertThat(kept).isEqualTo(held);
                assertThat(session.tokens()).isEqualTo(Arrays.copyOf(ids, turn));
            }
            assertThat(running(session)).isEqualTo("delta");
            assertThat(early.restored()).isOne();
        }
    }

    @Test
    void aLongMessageLateInAConversationIsWorthEncodingWhatWasBefore() {
        early.from(100, NO_SIZE);
        try (Model model = stories();
                Session session = model.newSession()) {
            int[] ids = tokens(250);
            prompt(session, Arrays.copyOf(ids, 60));
            prompt(session, Arrays.copyOf(ids, 150));
            assertThat(running(session)).isEqualTo("dense");
            prompt(session, ids);
            assertThat(running(session)).isEqualTo("delta");
            assertThat(session.report().note()).contains("dense for the first 150 tokens");
        }
    }

    @Test
    void savedWhileDenseItIsStillAutoAfterwards(@TempDir Path folder) {
        Path file = folder.resolve("session");
        early.from(NO_PROMPT, 100L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session session = model.newSession()) {
            prompt(session, tokens(40));
            session.save(file);
            try (Session restored = model.restore(file, Optional.empty())) {
                assertThat(restored.report().requested()).isEqualTo(AUTO);
                assertThat(running(restored)).isEqualTo("dense");
                for (int token : tokens(150)) {
                    session.append(token);
                    restored.append(token);
                }
                assertThat(running(restored)).isEqualTo("delta");
                assertThat(restored.logits()).isEqualTo(session.logits());
            }
        }
    }

    @Test
    void savedWhenEncodedItGoesOnFromTheSameStream(@TempDir Path folder) {
        Path file = folder.resolve("session");
        early.from(40, NO_SIZE);
        try (Model model = stories();
                Session session = model.newSession()) {
            prompt(session, tokens(80));
            session.save(file);
            try (Session restored = model.restore(file, Optional.empty())) {
                assertThat(restored.report().requested()).isEqualTo(AUTO);
                assertThat(restored.report().spec()).isEqualTo(session.report().spec());
                session.append(300);
                restored.append(300);
                assertThat(restored.logits()).isEqualTo(session.logits());
                restored.truncate(0);
                prompt(restored, tokens(20));
                assertThat(running(restored)).isEqualTo("dense");
            }
            try (Session fixed = model.restore(file, Optional.of(DELTA))) {
                assertThat(fixed.report().requested()).isEqualTo(DELTA);
            }
            try (Session fixed = model.newSession(DELTA)) {
                prompt(fixed, tokens(80));
                fixed.save(file);
            }
            try (Session fixed = model.restore(file, Optional.empty());
                    Session auto = model.restore(file, Optional.of(AUTO))) {
                assertThat(fixed.report().requested()).isEqualTo(session.report().spec());
                assertThat(auto.report().requested()).isEqualTo(AUTO);
                assertThat(auto.report().spec()).isEqualTo(session.report().spec());
            }
        }
    }

    @Test
    void whereEncodingFailsTheSessionStaysDenseAndSaysWhy() {
        early.from(NO_PROMPT, 50L * BYTES_A_TOKEN);
        early.restoring(source ->
                (layer, head, kind) -> {
                    if (layer == 3) {
                        throw new DeltaLlmException("there is not enough native memory");
                    }
                    return source.stream(layer, head, kind);
                });
        staysDense("not enough native memory", 1);
    }

    @Test
    void whereTheHeapIsFullTheSessionStaysDense() {
        early.from(NO_PROMPT, 50L * BYTES_A_TOKEN);
        early.restoring(source ->
                (layer, head, kind) -> {
                    throw new OutOfMemoryError("Java heap space");
                });
        staysDense("Java heap space", 1);
    }

    @Test
    void whereTheBackendHasNoDeltaCachesTheSessionStaysDense() {
        early.refusing().from(1, 50L * BYTES_A_TOKEN);
        staysDense("has no delta caches", 0);
    }

    private void staysDense(String why, int tried) {
        try (Model model = stories();
                Session session = model.newSession();
                Session dense = model.newSession(DENSE)) {
            for (int token : tokens(150)) {
                session.append(token);
                dense.append(token);
            }
            assertThat(running(session)).isEqualTo("dense");
            assertThat(session.report().note().orElseThrow())
                    .startsWith("stays dense: ")
                    .contains(why);
            assertThat(session.logits()).isEqualTo(dense.logits());
            assertThat(session.report().total()).isEqualTo(dense.report().total());
            assertThat(early.restored()).isEqualTo(tried);
        }
    }

    @Test
    void cancelledWhileItIsEncodedItIsAsBeforeAndTriesAgain() {
        early.from(NO_PROMPT, 50L * BYTES_A_TOKEN);
        try (Model model = stories();
                Session session = model.newSession();
                Session undisturbed = model.newSession()) {
            append(session, tokens(100));
            append(undisturbed, tokens(100));
            Cancellation cancellation = new Cancellation();
            early.restoring(source ->
                    (layer, head, kind) -> {
                        if (layer == 3) {
                            cancellation.cancel();
                        }
                        return source.stream(layer, head, kind);
                    });
            assertThatThrownBy(() -> session.append(tokens(10), cancellation, done -> {}))
                    .isInstanceOf(CancelledException.class);
            assertThat(session.length()).isEqualTo(100);
            assertThat(running(session)).isEqualTo("dense");

            early.restoring(source -> source);
            append(session, tokens(10));
            append(undisturbed, tokens(10));
            assertThat(running(session)).isEqualTo("delta");
            assertThat(session.logits()).isEqualTo(undisturbed.logits());
        }
    }

    @Test
    void aWindowOfAPerplexityIsAPromptOfItsLength() {
        early.from(100, NO_SIZE);
        try (Model model = stories()) {
            int[] ids = tokens(250);
            Perplexity auto = perplexity(model, AUTO, ids);
            Perplexity whole = perplexity(model, DELTA, Arrays.copyOf(ids, 200));
            assertThat(auto.attention().spec()).isEqualTo(whole.attention().spec());
            assertThat(auto.tokens()).isEqualTo(99 + 99 + 49);
            // The last window is short and therefore dense.
            assertThat(auto.attention().note()).contains("in part dense");
            assertThat(auto.attention().total().keyElements())
                    .isEqualTo(whole.attention().total().keyElements());
            assertThat(auto.attention().total().keyMacs())
                    .isGreaterThan(whole.attention().total().keyMacs());
        }
    }

    private static void requireSameFirstLayer(KvCache one, KvCache other, Model model) {
        for (int head = 0; head < model.heads().kvHeads(); head++) {
            KvStream.DeltaRows rows = one.export(0, head, KvStream.Kind.KEYS).delta();
            KvStream.DeltaRows expected = other.export(0, head, KvStream.Kind.KEYS).delta();
            assertThat(rows.count()).isEqualTo(expected.count()).isPositive();
            assertThat(rows.changed()).isEqualTo(expected.changed());
            assertThat(rows.events()).isEqualTo(expected.events());
            KvStream values = one.export(0, head, KvStream.Kind.VALUES);
            KvStream sameValues = other.export(0, head, KvStream.Kind.VALUES);
            assertThat(values.exact().getFirst().values())
                    .isEqualTo(sameValues.exact().getFirst().values());
        }
    }

    private static Perplexity perplexity(Model model, AttentionSpec spec, int[] ids) {
        return Perplexity.of(model, spec, ids, 100, new Cancellation(), done -> {});
    }

    private static String running(Session session) {
        return session.report().spec().name();
    }

    private static int prompt(Session session, int[] ids) {
        return session.prompt(ids, new Cancellation(), done -> {});
    }

    private static void append(Session session, int[] ids) {
        session.append(ids, new Cancellation(), done -> {});
    }

    /** The same for every length, as far as they go. */
    private static int[] tokens(int count) {
        return new Random(5).ints(count, 259, 511).toArray();
    }

    private static ModelOptions options() {
        return ModelOptions.DEFAULT.withBackend("early").withThreads(2);
    }

    private Model stories() {
        return Model.open(SharedData.require("models/stories260K-f32.gguf"), options(), providers);
    }
}
