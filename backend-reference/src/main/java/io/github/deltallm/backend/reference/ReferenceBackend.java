package io.github.deltallm.backend.reference;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;

import java.util.HashSet;
import java.util.Set;

/** Compiles programs, which here means to check them: they are interpreted. */
final class ReferenceBackend implements Backend {
    private final Ranges ranges;

    ReferenceBackend(int threads) {
        ranges = new Ranges(threads);
    }

    @Override
    public String description() {
        return "reference: scalar Java, "
                + ranges.threads()
                + (ranges.threads() == 1 ? " thread" : " threads");
    }

    @Override
    public Executable compile(Program program, int maxRows) {
        if (maxRows < 1) {
            throw new IllegalArgumentException("a step has at least one row, not " + maxRows);
        }
        ranges.requireOpen();
        Set<Integer> layers = new HashSet<>();
        for (Op op : program.ops()) {
            if (op instanceof Op.Linear linear
                    && linear.activations() == Op.Activations.INT8_ROW
                    && !linear.weight().type().ternary()) {
                throw new UnsupportedModelException(
                        "the backend reference has no linear layer with INT8_ROW activations for "
                                + linear.weight().type()
                                + " weights, which the tensor "
                                + linear.weight().name()
                                + " has; such layers have ternary weights");
            }
            if (op instanceof Op.Attention attention && !layers.add(attention.layer())) {
                throw new UnsupportedModelException(
                        "the program attends twice in layer "
                                + attention.layer()
                                + ", but a cache takes one row of keys a position");
            }
        }
        return new ReferenceExecutable(program, maxRows, ranges);
    }

    @Override
    public void close() {
        ranges.close();
    }
}
