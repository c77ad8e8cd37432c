package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Op.GateFunction;

import java.lang.foreign.MemorySegment;

/** An operation on one row of a step at a time. */
interface RowOp {
    void run(Worker worker, StepState step, int row);

    /** Looks up the row's token. */
    record Embed(Linear table, Rows out) implements RowOp {
        @Override
        public void run(Worker worker, StepState step, int row) {
            table.decode(step.token(row), worker.panel, 0);
            MemorySegment.copy(worker.panel, 0, out.data(), Lanes.FLOAT, out.at(row), out.width());
        }
    }

    /** Normalises each run of {@code count} values. */
    record RmsNorm(Rows in, MemorySegment weight, int count, float epsilon, Rows out)
            implements RowOp {
        @Override
        public void run(Worker worker, StepState step, int row) {
            for (int c = 0; c < in.width(); c += count) {
                Elementwise.rmsNorm(
                        in.data(),
                        in.at(row) + 4L * c,
                        weight,
                        epsilon,
                        out.data(),
                        out.at(row) + 4L * c,
                        count,
                        worker.sums);
            }
        }
    }

    /** Computes the table's row for the row's position. */
    record RotaryAngles(RotaryTable table) implements RowOp {
        @Override
        public void run(Worker worker, StepState step, int row) {
            table.compute(row, step.position(row));
        }
    }

    /** Rotates each head. */
    record Rope(Rows data, int headDim, RotaryTable table) implements RowOp {
        @Override
        public void run(Worker worker, StepState step, int row) {
            for (int c = 0; c < data.width(); c += headDim) {
                table.rotate(row, data.data(), data.at(row) + 4L * c);
            }
        }
    }

    /** An operation that may also be run on some columns of a row only. */
    sealed interface ColumnOp extends RowOp {
        /** Values of a row. */
        int width();

        /** Runs columns {@code [from, to)}, multiples of 16 or the row's end. */
        void columns(int row, int from, int to);

        @Override
        default void run(Worker worker, StepState step, int row) {
            columns(row, 0, width());
        }
    }

    record Add(Rows left, Rows right, Rows out) implements ColumnOp {
        @Override
        public int width() {
            return out.width();
        }

        @Override
        public void columns(int row, int from, int to) {
            Elementwise.add(
                    left.data(),
                    left.at(row) + 4L * from,
                    right.data(),
                    right.at(row) + 4L * from,
                    out.data(),
                    out.at(row) + 4L * from,
                    Lanes.padded(to - from));
        }
    }

    record Gate(Rows gate, Rows up, GateFunction function, Rows out) implements ColumnOp {
        @Override
        public int width() {
            return out.width();
        }

        @Override
        public void columns(int row, int from, int to) {
            Elementwise.gate(
                    function,
                    gate.data(),
                    gate.at(row) + 4L * from,
                    up.data(),
                    up.at(row) + 4L * from,
                    out.data(),
                    out.at(row) + 4L * from,
                    Lanes.padded(to - from));
        }
    }
}
