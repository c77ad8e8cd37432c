package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;
import io.github.deltallm.engine.SessionBatch;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Asks a group of questions at once. Their tokens make a tree: what several sequences begin with is
 * computed once, then the session is forked. Steps are filled with rows of all branches that are
 * ready.
 *
 * <p>A window in percent is one of the longest context below a branch, and of the whole length at
 * the end of a sequence.
 */
final class GroupRun implements AutoCloseable {
    private final Model model;
    private final AttentionSpec attention;
    private final Cancellation cancellation;
    private final SessionBatch batch;
    private final LogLikelihood likelihood;
    private final Deque<Branch> ready = new ArrayDeque<>();
    private final List<GreedyText> texts = new ArrayList<>();
    private final List<Session> sessions = new ArrayList<>();
    private @Nullable Question watched;
    private @Nullable KeyChanges seen;

    /** The cancellation is honoured before each step. */
    GroupRun(Model model, AttentionSpec attention, Cancellation cancellation) {
        this.model = model;
        this.attention = attention;
        this.cancellation = cancellation;
        batch = new SessionBatch(model);
        likelihood = new LogLikelihood(model.vocabulary());
    }

    /** Has the keys of a question's first sequence looked at, when it is asked. */
    GroupRun watching(Question question) {
        watched = question;
        return this;
    }

    /** What was seen of them; empty if the question was not asked. */
    Optional<KeyChanges> seen() {
        return Optional.ofNullable(seen);
    }

    /**
     * Asks the questions.
     *
     * @param prefix a session with tokens that sequences may begin with; stays as it is
     */
    List<Asked> ask(List<Question> questions, @Nullable Session prefix) {
        List<Asked> asked = questions.stream().map(Asked::new).toList();
        int[] begun = prefix == null ? new int[0] : prefix.tokens();
        List<Target> within = new ArrayList<>();
        List<Target> without = new ArrayList<>();
        for (Asked one : asked) {
            for (Target target : Target.of(one)) {
                (target.beginsWith(begun) ? within : without).add(target);
            }
        }
        for (List<Target> targets : byToken(within, begun.length)) {
            add(prefix == null ? model.newSession(attention) : prefix.fork(), targets);
        }
        for (List<Target> targets : byToken(without, 0)) {
            add(model.newSession(attention), targets);
        }
        grow();
        generate();
        return asked;
    }

    private static Collection<List<Target>> byToken(List<Target> targets, int at) {
        Map<Integer, List<Target>> byToken = new LinkedHashMap<>();
        for (Target target : targets) {
            byToken.computeIfAbsent(target.ids()[at], token -> new ArrayList<>()).add(target);
        }
        return byToken.values();
    }

    private void add(Session session, List<Target> targets) {
        sessions.add(session);
        ready.add(new Branch(session, targets, likelihood));
    }

    /** Computes all branches, breadth first. */
    private void grow() {
        while (!ready.isEmpty()) {
            List<Branch> running = new ArrayList<>();
            while (!ready.isEmpty() && batch.room() > 0) {
                Branch branch = ready.remove();
                branch.addTo(batch, cancellation);
                running.add(branch);
            }
            batch.run(cancellation);
            for (Branch branch : running.reversed()) {
                if (!branch.complete()) {
                    ready.addFirst(branch);
                }
            }
            running.stream().filter(Branch::complete).forEach(this::part);
        }
    }

    /** Hands the session of a complete branch on: to a fork for all but the last who need it. */
    private void part(Branch branch) {
        AttentionReport report = branch.settle();
        List<Target> prompts = new ArrayList<>();
        for (Target target : branch.ending()) {
            target.asked().held(report.bytes());
            if (seen == null && target.asked().question().equals(watched)) {
                seen = KeyChanges.of(branch.session());
            }
            target.prompt().ifPresent(prompt -> prompts.add(target));
        }
        Collection<List<Target>> parting = branch.parting();
        int left = prompts.size() + parting.size();
        if (left == 0) {
            branch.session().close();
        }
        for (Target prompt : prompts) {
            Session session = --left > 0 ? forked(branch.session()) : branch.session();
            texts.add(new GreedyText(session, prompt, likelihood, branch.likeliest()));
        }
        for (List<Target> targets : parting) {
            Session session = --left > 0 ? forked(branch.session()) : branch.session();
            ready.add(new Branch(session, targets, likelihood));
        }
    }

    private Session forked(Session session) {
        Session fork = session.fork();
        sessions.add(fork);
        return fork;
    }

    /** Continues all prompts, a token a step. */
    private void generate() {
        Deque<GreedyText> going = new ArrayDeque<>(texts);
        while (!going.isEmpty()) {
            List<GreedyText> running = new ArrayList<>();
            while (!going.isEmpty() && batch.room() > 0) {
                GreedyText text = going.remove();
                if (text.ended()) {
                    text.finish();
                } else {
                    text.addTo(batch, cancellation);
                    running.add(text);
                }
            }
            batch.run(cancellation);
            going.addAll(running);
        }
    }

    /** Closes sessions that an error has left open. */
    @Override
    public void close() {
        sessions.forEach(Session::close);
    }
}
