package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.HashMap;
import java.util.Map;

/** Hands everything to a sound executable, but for the defect. */
final class DefectiveExecutable implements Executable {
    private final Program program;
    private final Executable sound;
    private final Defect defect;
    private final Map<Value, float[]> written = new HashMap<>();
    private KvCache lastRun;

    DefectiveExecutable(Program program, Executable sound, Defect defect) {
        this.program = program;
        this.sound = sound;
        this.defect = defect;
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public int maxRows() {
        return sound.maxRows();
    }

    @Override
    public KvCache newCache(AttentionStrategy strategy, int capacity) {
        return wrapped(strategy, sound.newCache(defect.strategy(strategy), capacity));
    }

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        AttentionStrategy changed = defect.strategy(strategy);
        try {
            return wrapped(strategy, sound.restore(changed, capacity, declared, source));
        } catch (InvalidOptionException e) {
            if (defect.restoresAnything()) {
                return newCache(strategy, capacity);
            }
            throw e;
        }
    }

    private KvCache wrapped(AttentionStrategy strategy, KvCache cache) {
        DefectiveCache defective = defect.cache(cache);
        defective.pretend(strategy);
        return defective;
    }

    @Override
    public void run(Step step, LogitsSink sink) {
        Step unwrapped = spans(step, step.spans());
        for (int span = 0; span < step.spans(); span++) {
            if (step.cache(span) instanceof DefectiveCache cache) {
                cache.runs();
            }
        }
        lastRun = unwrapped.spans() == 1 ? unwrapped.cache(0) : null;
        try {
            sound.run(unwrapped, defect.sink(sink));
        } catch (DeltaLlmException e) {
            if (defect.keepsHalfARun()) {
                sound.run(spans(step, 1), (row, logits) -> {});
            }
            throw e;
        }
    }

    private static Step spans(Step step, int count) {
        int[] tokens = new int[step.rows()];
        for (int row = 0; row < tokens.length; row++) {
            tokens[row] = step.token(row);
        }
        Step unwrapped = new Step();
        for (int span = 0; span < count; span++) {
            KvCache cache = step.cache(span);
            KvCache inner = cache instanceof DefectiveCache defective ? defective.sound() : cache;
            int first = step.firstRow(span);
            unwrapped.add(inner, tokens, first, step.rows(span), step.logits(span));
        }
        return unwrapped;
    }

    @Override
    public void write(Value input, int rows, float[] data) {
        written.put(input, data);
        sound.write(input, rows, defect.input(data));
    }

    @Override
    public float[] read(Value output, int rows) {
        float[] read = sound.read(output, rows);
        boolean attentionAlone = program.inputs().size() == 3 && lastRun != null;
        return defect.output(
                attentionAlone
                        ? defect.attended(
                                program.heads(),
                                lastRun,
                                written.get(program.inputs().getFirst()),
                                read)
                        : read);
    }

    @Override
    public void close() {
        if (defect.closesAtOnce()) {
            Thread.ofPlatform().start(sound::close);
        } else {
            sound.close();
        }
    }
}
