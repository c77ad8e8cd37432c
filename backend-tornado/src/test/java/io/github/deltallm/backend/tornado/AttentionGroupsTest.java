package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** Queries that are attended to in groups, for whose scores there is room. */
class AttentionGroupsTest {
    private static final int CHUNK = 24;

    /**
     * @param scores floats that scores may take
     */
    private static List<float[]> outputs(Encoding encoding, int scores) {
        TornadoDevice device = AttentionTrial.device();
        ProgramLayout layout =
                new ProgramLayout(
                        AttentionTrial.program(AttentionTrial.HEADS),
                        CHUNK,
                        device.limits().buffer(),
                        scores);
        AttentionStrategy strategy = new WindowStrategy(encoding, encoding, 2, 16, false, false);
        try (TornadoExecutable executable = new TornadoExecutable(layout, device, Machines.SHARED);
                KvCache cache = executable.newCache(strategy, 200)) {
            return AttentionTrial.feed(executable, cache, 150, CHUNK);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 480, 1000, 2000})
    void groupsOfAnySizeGiveTheSame(int scores) {
        Delta delta = Delta.of(0.4f, Events.BF16, Store.BF16);
        assertThat(outputs(delta, scores))
                .usingRecursiveComparison()
                .isEqualTo(outputs(delta, 1 << 20));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000})
    void groupsOfExactRowsGiveTheSame(int scores) {
        Encoding exact = new Encoding.Exact(Store.F32);
        assertThat(outputs(exact, scores))
                .usingRecursiveComparison()
                .isEqualTo(outputs(exact, 1 << 20));
    }
}
