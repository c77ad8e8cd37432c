package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Repacks the ternary weights of a program's layers with INT8_ROW activations, by the team. */
final class TernaryCompiler {
    private final Team team;
    private final WeightMemory memory;
    private final Map<Repacking.Key, TernaryWeight> weights = new HashMap<>();
    private final TernaryRows activations;
    private final TernaryScratch[] scratch;

    TernaryCompiler(Program program, int maxRows, Team team, WeightMemory memory) {
        this.team = team;
        this.memory = memory;
        List<Op.Linear> layers = layers(program);
        int columns = 0;
        boolean mixed = false;
        for (Op.Linear layer : layers) {
            columns = Math.max(columns, layer.weight().columns());
            mixed |= weight(layer).anyMixed();
        }
        activations = new TernaryRows(memory.arena(), layers.isEmpty() ? 0 : maxRows, columns);
        scratch = new TernaryScratch[layers.isEmpty() ? 0 : team.members()];
        int units = mostUnits(layers);
        int blocks = Lanes.ceilDiv(columns, TernaryWeight.BLOCK);
        for (int member = 0; member < scratch.length; member++) {
            scratch[member] = new TernaryScratch(maxRows, blocks, units, mixed, memory.arena());
        }
    }

    private static List<Op.Linear> layers(Program program) {
        List<Op.Linear> layers = new ArrayList<>();
        for (Op op : program.ops()) {
            if (op instanceof Op.Linear linear && linear.activations() == Op.Activations.INT8_ROW) {
                layers.add(linear);
            }
        }
        return layers;
    }

    /** Units of a member's share of all layers that follow each other with the same input. */
    private int mostUnits(List<Op.Linear> layers) {
        int most = 0;
        int units = 0;
        int input = -1;
        for (Op.Linear layer : layers) {
            units = layer.in().id() == input ? units : 0;
            units += Lanes.ceilDiv(weight(layer).units(), team.members());
            input = layer.in().id();
            most = Math.max(most, units);
        }
        return most;
    }

    /** A weight is repacked once, however often the program uses it. */
    private TernaryWeight weight(Op.Linear layer) {
        Repacking.Key key = new Repacking.Key(layer.weight(), layer.bias());
        TernaryWeight known = weights.get(key);
        if (known != null) {
            return known;
        }
        TernaryWeight weight =
                new TernaryWeight(layer.weight(), layer.bias(), team.members(), memory);
        Repacking.inParts(layer.weight(), team, weight::pack);
        weight.packed();
        weights.put(key, weight);
        return weight;
    }

    Stage stage(Rows in, List<Op.Linear> group, Rows[] outs, RowOp.ColumnOp[] then) {
        return new TernaryStage(
                in,
                group.stream().map(this::weight).toArray(TernaryWeight[]::new),
                outs,
                then,
                activations,
                scratch);
    }
}
