package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Mapped weights that would do as they are, but are read faster from huge pages: plain ones are
 * copied there, and those of Q8_0 repacked. Their pages of the file could have been taken back by
 * the system at any time, and copies can't; so it is done for a whole program or not at all, and
 * only where as much memory stays available.
 */
final class StreamedWeights {
    /** Bytes from which a weight does not stay in a cache from one token to the next. */
    private static final long LARGE = 16 << 20;

    private final Precision precision;
    private final Team team;
    private final WeightMemory memory;

    /** All that are to be copied or repacked; none where there is no room. */
    private final Set<Tensor> chosen;

    private final Map<Tensor, MemorySegment> copies = new HashMap<>();

    StreamedWeights(Program program, Precision precision, Team team, WeightMemory memory) {
        this.precision = precision;
        this.team = team;
        this.memory = memory;
        Set<Tensor> wanted =
                program.ops().stream()
                        .flatMap(op -> multiplied(op).stream())
                        .filter(weight -> repacks(weight) || copies(weight))
                        .collect(Collectors.toSet());
        long bytes = wanted.stream().mapToLong(weight -> weight.data().byteSize()).sum();
        chosen = bytes <= LARGE || bytes <= HugePages.available() / 2 ? wanted : Set.of();
    }

    /** Whether there is room to repack a weight that could also stay as it is. */
    boolean mayRepack(Tensor weight) {
        return !repacks(weight) || chosen.contains(weight);
    }

    /** Where to read a weight that is not repacked. */
    MemorySegment data(Tensor weight) {
        MemorySegment known = copies.get(weight);
        if (known != null) {
            return known;
        }
        if (copies(weight) && chosen.contains(weight)) {
            Optional<MemorySegment> copy = memory.huge(weight.data().byteSize());
            copy.ifPresent(segment -> copy(weight, segment));
            return copy.orElse(weight.data());
        }
        return Linear.offHeap(weight, memory.arena());
    }

    /** The weight that an operation multiplies activations with, unless they are integers. */
    private static Optional<Tensor> multiplied(Op op) {
        return switch (op) {
            case Op.Linear linear when linear.activations() == Op.Activations.FLOAT ->
                    Optional.of(linear.weight());
            case Op.Logits logits -> Optional.of(logits.weight());
            default -> Optional.empty();
        };
    }

    private boolean repacks(Tensor weight) {
        return weight.type() == TensorType.Q8_0 && RepackedWeight.takes(weight, precision);
    }

    private boolean copies(Tensor weight) {
        return !RepackedWeight.takes(weight, precision)
                && weight.data().isMapped()
                && weight.data().byteSize() >= LARGE;
    }

    /** By the team. */
    private void copy(Tensor weight, MemorySegment to) {
        MemorySegment data = weight.data();
        int members = team.members();
        team.run(member -> {
            long from = data.byteSize() * member / members;
            long end = data.byteSize() * (member + 1) / members;
            MemorySegment.copy(data, from, to, from, end - from);
        });
        Repacking.giveBack(weight);
        copies.put(weight, to);
    }
}
