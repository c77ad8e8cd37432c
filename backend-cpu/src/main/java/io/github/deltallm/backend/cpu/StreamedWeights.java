package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Mapped weights that are multiplied as they are, but are read faster from huge pages, and copied
 * there where they are large. Their pages of the file could have been taken back by the system at
 * any time, and copies can't; so all of a program's are copied or none, and only where they, beside
 * all that has to be repacked, leave as much memory again. Results are the same either way. Not
 * thread-safe.
 */
final class StreamedWeights {
    /** Bytes from which a weight does not stay in a cache from one token to the next. */
    private static final long LARGE = 16 << 20;

    private final Precision precision;
    private final Team team;
    private final WeightMemory memory;

    /** All that are to be copied; none where there is no room. */
    private final Set<Tensor> chosen;

    private final Map<Tensor, MemorySegment> copies = new HashMap<>();

    /**
     * @param available bytes that can be had for repacked weights and copies, 0 where copies would
     *     be of no use
     */
    StreamedWeights(
            Program program, Precision precision, Team team, WeightMemory memory, long available) {
        this.precision = precision;
        this.team = team;
        this.memory = memory;
        Set<Tensor> large = multiplied(program, op -> !repacks(op) && isLargeAndMapped(weight(op)));
        long left = available - bytes(multiplied(program, this::repacks));
        chosen = bytes(large) <= left / 2 ? large : Set.of();
    }

    /** Where to read a weight that is not repacked. */
    MemorySegment data(Tensor weight) {
        MemorySegment known = copies.get(weight);
        if (known != null) {
            return known;
        }
        if (chosen.contains(weight)) {
            Optional<MemorySegment> copy = memory.huge(weight.data().byteSize());
            copy.ifPresent(segment -> copy(weight, segment));
            return copy.orElse(weight.data());
        }
        return Linear.offHeap(weight, memory.arena());
    }

    /** The weights of the operations that multiply and are as asked for, each of them once. */
    private static Set<Tensor> multiplied(Program program, Predicate<Op> asked) {
        return program.ops().stream()
                .filter(op -> op instanceof Op.Linear || op instanceof Op.Logits)
                .filter(asked)
                .map(StreamedWeights::weight)
                .collect(Collectors.toSet());
    }

    private static Tensor weight(Op op) {
        return op instanceof Op.Linear linear ? linear.weight() : ((Op.Logits) op).weight();
    }

    /** Whether an operation that multiplies has its weight repacked. */
    private boolean repacks(Op op) {
        boolean integers =
                op instanceof Op.Linear linear && linear.activations() == Op.Activations.INT8_ROW;
        return integers || RepackedWeight.takes(weight(op), precision);
    }

    private static boolean isLargeAndMapped(Tensor weight) {
        return weight.data().isMapped() && weight.data().byteSize() >= LARGE;
    }

    private static long bytes(Set<Tensor> weights) {
        return weights.stream().mapToLong(weight -> weight.data().byteSize()).sum();
    }

    /** By the team; pages of the file are given back on the way. */
    private void copy(Tensor weight, MemorySegment to) {
        MemorySegment data = weight.data();
        Repacking.inParts(
                weight,
                team,
                (share, shares) -> {
                    long from = data.byteSize() * share / shares;
                    long end = data.byteSize() * (share + 1) / shares;
                    MemorySegment.copy(data, from, to, from, end - from);
                });
        copies.put(weight, to);
    }
}
