package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.TILE_KEYS;

import io.github.deltallm.api.spi.HeadShape;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The two kernels that make scores of a tile of queries with tiles of keys: products, and events.
 * Time is that of a tile of {@link AttentionScratch#TILE_KEYS} keys on one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KeyScores {
    private static final int TILES = 16;

    @Param({"64", "128"})
    int dim;

    @Param({"0.5", "0.6", "0.7", "0.8"})
    double zeros;

    private final Arena arena = Arena.ofShared();
    private final EventTile[] tiles = new EventTile[TILES];

    @SuppressWarnings("NullAway.Init") // by open()
    private AttentionScratch scratch;

    /** Fills queries, keys and events. */
    @Setup(Level.Trial)
    public void open() {
        Random random = new Random(1);
        scratch = new AttentionScratch(new HeadShape(1, 4, 1, dim), arena);
        for (long i = 0; i < scratch.queries.byteSize() / 4; i++) {
            scratch.queries.set(Lanes.FLOAT, 4 * i, (float) random.nextGaussian());
        }
        for (int i = 0; i < scratch.keyPanel.length; i++) {
            scratch.keyPanel[i] = (float) random.nextGaussian();
        }
        for (int t = 0; t < TILES; t++) {
            float[] rows = new float[TILE_KEYS * scratch.channels];
            Arrays.fill(rows, -0f);
            for (int i = 0; i < rows.length; i++) {
                boolean whole = i < scratch.channels;
                rows[i] =
                        whole || random.nextDouble() >= zeros ? (float) random.nextGaussian() : -0f;
            }
            tiles[t] = new EventTile();
            tiles[t].listRows(rows, scratch.channels, dim, TILE_KEYS);
        }
    }

    /** Every channel of every key. */
    @Benchmark
    @OperationsPerInvocation(TILES)
    public void products() {
        for (int t = 0; t < TILES; t++) {
            for (int half = 0; half < 2; half++) {
                Tiles.pass(
                        scratch.width,
                        scratch.queries,
                        scratch.queries(half),
                        dim,
                        scratch.keyPanel,
                        0,
                        1,
                        TILE_KEYS,
                        TILE_KEYS,
                        scratch.scores,
                        scratch.scores(half),
                        scratch.zerosAt());
            }
        }
    }

    /** Channels that changed. */
    @Benchmark
    @OperationsPerInvocation(TILES)
    public void events() {
        for (EventTile tile : tiles) {
            EventKernels.scores(
                    scratch.width,
                    scratch.queries,
                    scratch.queries(0),
                    scratch.queries(1),
                    tile,
                    TILE_KEYS,
                    true,
                    scratch.scores,
                    scratch.scores(0),
                    scratch.scores(1));
        }
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void close() {
        arena.close();
    }
}
