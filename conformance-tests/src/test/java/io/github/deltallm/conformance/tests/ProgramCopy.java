package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Value;

/** Records a program again with some operations changed; values stay the same. */
final class ProgramCopy {
    /** Records something instead of an operation. */
    @FunctionalInterface
    interface Change {
        /** Whether the operation was taken care of. */
        boolean record(Op op, Program.Recorder recorder);
    }

    private ProgramCopy() {}

    static Program of(Program program, Change change) {
        Program.Recorder recorder = Program.record(program.heads());
        for (Value value : program.values()) {
            if (program.inputs().contains(value)) {
                recorder.input(value.name(), value.width());
            } else {
                recorder.value(value.name(), value.width());
            }
        }
        program.outputs().forEach(recorder::output);
        for (Op op : program.ops()) {
            if (!change.record(op, recorder)) {
                same(op, recorder);
            }
        }
        return recorder.program();
    }

    private static void same(Op op, Program.Recorder recorder) {
        switch (op) {
            case Op.Embed o -> recorder.embed(o.table(), o.out());
            case Op.RmsNorm o -> recorder.rmsNorm(o.in(), o.weight(), o.epsilon(), o.out());
            case Op.Linear o ->
                    recorder.linear(o.in(), o.weight(), o.bias(), o.activations(), o.out());
            case Op.Rope o -> recorder.rope(o.data(), o.embedding());
            case Op.Attention o ->
                    recorder.attention(
                            o.layer(), o.query(), o.key(), o.value(), o.scale(), o.out());
            case Op.Gate o -> recorder.gate(o.gate(), o.up(), o.function(), o.out());
            case Op.Add o -> recorder.add(o.left(), o.right(), o.out());
            case Op.Logits o -> recorder.logits(o.in(), o.weight());
        }
    }
}
