package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.DeltaBreakEven;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Program;

/** An open CPU: a team of threads that its executables share. */
final class CpuBackend implements Backend {
    private final Team team;
    private final Precision precision;

    CpuBackend(int threads, Precision precision) {
        team = new Team(threads);
        this.precision = precision;
    }

    @Override
    public String description() {
        int threads = team.members();
        return "cpu: "
                + Processor.name()
                + ", "
                + threads
                + (threads == 1 ? " thread, " : " threads, ")
                + 32 * Lanes.N
                + "-bit vectors";
    }

    @Override
    public Executable compile(Program program, int maxRows) {
        team.requireOpen();
        return new CpuExecutable(program, maxRows, team, precision);
    }

    @Override
    public DeltaBreakEven deltaBreakEven(HeadShape heads) {
        return MeasuredBreakEven.of(SparseKernels.FAST);
    }

    @Override
    public void close() {
        team.close();
    }
}
