package io.github.deltallm.engine.convert;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.engine.gguf.GgufTensorInfo;
import io.github.deltallm.engine.gguf.GgufWriter;
import io.github.deltallm.engine.gguf.TensorData;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Writes a model file again with its projections in another ternary type.
 *
 * <p>Projections are the weights named {@code blk.N.} and {@code attn_q}, {@code attn_k}, {@code
 * attn_v}, {@code attn_output}, {@code ffn_gate}, {@code ffn_up} or {@code ffn_down}. They may be
 * I2_S, TQ1_0 or TQ2_0, whose values -1, 0 and +1 are kept exactly, or F32, F16 or BF16, which are
 * rounded to them: {@code scale = mean |w|}, {@code round_half_even(w / scale)} clipped to [-1, 1];
 * weights that are ternary times one scale already stay exactly what they are. A scale that is a
 * tensor of its own, {@code NAME.scale} beside {@code NAME.weight}, is multiplied into the weight's
 * and left out. All other tensors and the metadata are copied byte for byte; a split model becomes
 * one file.
 *
 * <p>Nothing larger than a few blocks is held in memory. The new file appears whole or not at all.
 */
public final class TernaryConversion {
    private static final Pattern PROJECTION =
            Pattern.compile("blk\\.\\d+\\.(attn_(q|k|v|output)|ffn_(gate|up|down))\\.weight");

    private final GgufFile model;
    private final TensorType type;
    private final Steps steps;
    private final GgufWriter writer = new GgufWriter();
    private final List<TernaryTensor> converted = new ArrayList<>();

    private TernaryConversion(GgufFile model, TensorType type, Steps steps) {
        this.model = model;
        this.type = type;
        this.steps = steps;
    }

    /** Is told how far a conversion is. */
    @FunctionalInterface
    public interface Progress {
        /** Weights done, of how many. */
        void at(long done, long total);
    }

    /**
     * Converts a model.
     *
     * @param in a GGUF file, or the first of a split model
     * @param out the file to be written; one that is there is replaced, but never {@code in}
     * @param type I2_S, TQ1_0 or TQ2_0
     * @throws InvalidOptionException if the type is not ternary, {@code in} can't be read, or both
     *     paths are the same file
     * @throws UnsupportedModelException if a projection can't be converted; names it and the reason
     * @throws ModelFormatException if the file is damaged
     * @throws CancelledException if it was cancelled; nothing is written then
     * @throws DeltaLlmException if {@code out} can't be written
     */
    public static ConversionResult convert(
            Path in, Path out, TensorType type, Cancellation cancellation, Progress progress) {
        if (!type.ternary()) {
            throw new InvalidOptionException(
                    "the type " + type + " is not ternary; I2_S, TQ1_0 and TQ2_0 are");
        }
        try (GgufFile model = GgufFile.open(in)) {
            requireApart(in, out, model.parts());
            Steps steps = new Steps(cancellation, progress);
            return new TernaryConversion(model, type, steps).write(out);
        }
    }

    private static void requireApart(Path in, Path out, int parts) {
        List<Path> files = new ArrayList<>(List.of(in));
        for (int part = 1; part < parts; part++) {
            String name = in.getFileName().toString();
            String suffix = String.format(Locale.ROOT, "-%05d-of-%05d.gguf", part + 1, parts);
            files.add(
                    in.resolveSibling(name.substring(0, name.length() - suffix.length()) + suffix));
        }
        try {
            for (Path file : files) {
                if (Files.exists(out) && Files.isSameFile(file, out)) {
                    throw new InvalidOptionException(
                            out + ": the file can't be converted in place; give another name");
                }
            }
        } catch (IOException e) {
            throw new DeltaLlmException(out + ": the file can't be looked at: " + e, e);
        }
    }

    private ConversionResult write(Path out) {
        model.values()
                .forEach((key, value) -> {
                    if (model.parts() == 1 || !key.startsWith("split.")) {
                        writer.put(key, value);
                    }
                });
        boolean any = false;
        for (GgufTensorInfo info : model.tensorInfos()) {
            any |= PROJECTION.matcher(info.name()).matches();
            add(info);
        }
        if (!any) {
            throw new UnsupportedModelException(
                    model.name()
                            + ": no tensor is named like a projection (blk.0.attn_q.weight), so"
                            + " there is nothing to convert");
        }
        long bytes = writer.write(out);
        return new ConversionResult(
                converted.size(),
                (int) converted.stream().filter(tensor -> !tensor.source().exact()).count(),
                bytes,
                converted.stream().mapToDouble(TernaryTensor::maxError).max().orElse(0),
                converted.stream().mapToDouble(TernaryTensor::scaleError).max().orElse(0));
    }

    private void add(GgufTensorInfo info) {
        Tensor tensor = model.tensor(info.name()).orElseThrow();
        if (PROJECTION.matcher(info.name()).matches()) {
            Optional<Float> factor = separateScale(info.name());
            if (tensor.type() != type || factor.isPresent()) {
                convert(tensor, info.dimensions(), factor.orElse(1f));
                return;
            }
        } else if (isSeparateScale(info.name())) {
            return;
        }
        writer.tensor(info.name(), info.type(), info.dimensions(), TensorData.of(tensor.data()));
    }

    private void convert(Tensor tensor, List<Long> dimensions, float factor) {
        String place = model.name() + ": tensor " + tensor.name() + ": ";
        if (tensor.columns() % type.blockSize() != 0) {
            throw new UnsupportedModelException(
                    place
                            + "its rows of "
                            + tensor.columns()
                            + " weights are no whole number of "
                            + type
                            + " blocks of "
                            + type.blockSize()
                            + (type != TensorType.I2_S && tensor.columns() % 128 == 0
                                    ? "; convert to I2_S, whose blocks have 128"
                                    : ""));
        }
        TernarySource source = source(tensor, factor, place);
        if (type == TensorType.I2_S) {
            source.scale(); // tells now, before anything is written, if there is none
        }
        TernaryTensor data = new TernaryTensor(place, source, type, tensor.size(), steps::done);
        steps.total += tensor.size();
        converted.add(data);
        writer.tensor(tensor.name(), type, dimensions, data);
    }

    private TernarySource source(Tensor tensor, float factor, String place) {
        return switch (tensor.type()) {
            case I2_S, TQ1_0, TQ2_0 -> new PackedSource(model.name(), tensor, factor);
            case F32, F16, BF16 -> {
                steps.check();
                yield new RoundedSource(model.name(), tensor, factor);
            }
            default ->
                    throw new UnsupportedModelException(
                            place
                                    + "it is "
                                    + tensor.type()
                                    + ", which has been rounded to other values already; convert"
                                    + " from F32, F16, BF16 or a ternary type");
        };
    }

    private boolean isSeparateScale(String name) {
        String weight = name.replaceFirst("\\.scale$", ".weight");
        return !weight.equals(name)
                && PROJECTION.matcher(weight).matches()
                && model.tensor(weight).isPresent();
    }

    private Optional<Float> separateScale(String weight) {
        Optional<Tensor> scale = model.tensor(weight.replaceFirst("\\.weight$", ".scale"));
        return scale.map(tensor -> {
            if (tensor.type() != TensorType.F32 || tensor.size() != 1) {
                throw new UnsupportedModelException(
                        model.name()
                                + ": tensor "
                                + tensor.name()
                                + ": it is no single F32, so it can't be made part of "
                                + weight);
            }
            return tensor.data().get(JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        });
    }

    /** How far the conversion is, and whether it shall go on. */
    private static final class Steps {
        private static final long TELL_EVERY = 1 << 20;

        private final Cancellation cancellation;
        private final Progress progress;
        private long total;
        private long done;

        Steps(Cancellation cancellation, Progress progress) {
            this.cancellation = cancellation;
            this.progress = progress;
        }

        void done(long weights) {
            if (done / TELL_EVERY != (done + weights) / TELL_EVERY) {
                check();
                progress.at(done + weights, total);
            }
            done += weights;
        }

        void check() {
            if (cancellation.cancelled()) {
                throw new CancelledException("the conversion was cancelled");
            }
        }
    }
}
