package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Memory that is exchanged for more as sequences grow. */
class GrowingMemoryTest {
    private static final Encoding EXACT = new Encoding.Exact(Store.F32);
    private static final Encoding DELTA = Delta.of(0.4f, Events.BF16, Store.BF16);
    private static final Machines.Bounds NONE_KEPT = new Machines.Bounds(0, 0, 0);
    private static final int CHUNK = 32;

    private final TornadoDevice device = AttentionTrial.device();

    private TornadoExecutable executable(Machines machines) {
        ProgramLayout layout =
                new ProgramLayout(
                        AttentionTrial.program(AttentionTrial.WIDE),
                        CHUNK,
                        device.limits().buffer(),
                        4096);
        return new TornadoExecutable(layout, device, machines);
    }

    private static KvCache cache(TornadoExecutable executable, Encoding encoding) {
        return executable.newCache(
                new WindowStrategy(encoding, encoding, 2, 32, false, false), 1 << 16);
    }

    /** Machines with so many bytes of the device, kept for nobody. */
    private static Machines limited(long total) {
        return new Machines(
                NONE_KEPT,
                device ->
                        new MemoryBudget.Limits(
                                device.name(), device.limits().buffer(), total, ""));
    }

    /** Bytes of a machine that has seen one row. */
    private long bytesOfOne() {
        Machines machines = limited(1L << 40);
        try (TornadoExecutable executable = executable(machines);
                KvCache cache = cache(executable, EXACT)) {
            AttentionTrial.feed(executable, cache, 1, 1);
            return machines.used(device);
        }
    }

    private static Set<Machine> growing(TornadoExecutable executable, KvCache cache, int rows) {
        Set<Machine> machines = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int done = 0; done < rows; done += CHUNK) {
            AttentionTrial.feed(executable, cache, CHUNK, CHUNK);
            machines.add(executable.memory().machine());
        }
        return machines;
    }

    @Test
    void memoryDoublesSoThatMachinesAreFew() {
        Machines machines = limited(1L << 40);
        try (TornadoExecutable executable = executable(machines);
                KvCache cache = cache(executable, EXACT)) {
            assertThat(growing(executable, cache, 4 * 128)).hasSizeLessThanOrEqualTo(4);
        }
        assertThat(machines.used(device)).isZero();
    }

    @Test
    void firstMachineHasRoomForAWholeChunk() {
        try (TornadoExecutable executable = executable(limited(1L << 40))) {
            TornadoCache cache = (TornadoCache) cache(executable, DELTA);
            Demand demand = new Demand();
            for (int layer = 0; layer < AttentionTrial.WIDE.layers(); layer++) {
                demand.nextLayer();
                cache.demand(layer, CHUNK, demand);
            }
            long before = executable.memory().held();
            AttentionTrial.feed(executable, cache, CHUNK, CHUNK);
            long taken = executable.memory().held() - before;
            assertThat(4 * (demand.floats() + demand.words())).isBetween(taken, 3 * taken);
        }
    }

    @Test
    void deviceWithoutRoomForTwoMachinesGoesOnByWayOfTheHost() {
        Machines small = limited(bytesOfOne() * 3 / 2);
        List<float[]> expected;
        try (TornadoExecutable executable = executable(limited(1L << 40));
                KvCache cache = cache(executable, EXACT)) {
            growing(executable, cache, 128);
            expected = AttentionTrial.feed(executable, cache, 2 * CHUNK, CHUNK);
        }
        try (TornadoExecutable executable = executable(small);
                KvCache cache = cache(executable, EXACT)) {
            growing(executable, cache, 128);
            Machine first = executable.memory().machine();
            List<float[]> actual = AttentionTrial.feed(executable, cache, 2 * CHUNK, CHUNK);
            assertThat(executable.memory().machine()).isNotSameAs(first);
            assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
        }
        assertThat(small.used(device)).isZero();
    }

    @Test
    void whatHasNoRoomIsRefusedAndTheSequenceStays() {
        try (TornadoExecutable executable = executable(limited(bytesOfOne() + (1L << 19)));
                KvCache cache = cache(executable, EXACT)) {
            assertThatThrownBy(() -> growing(executable, cache, 512))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("has no room for")
                    .hasMessageContaining("keys and values");
            int length = cache.length();
            assertThat(length).isBetween(CHUNK, 256);
            cache.truncate(length - CHUNK);
            AttentionTrial.feed(executable, cache, CHUNK, CHUNK);
            assertThat(cache.length()).isEqualTo(length);
        }
    }
}
