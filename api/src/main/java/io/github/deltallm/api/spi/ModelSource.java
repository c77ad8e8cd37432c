package io.github.deltallm.api.spi;

import io.github.deltallm.api.ModelFormatException;

import java.util.List;
import java.util.Optional;

/**
 * An open model file as a {@link ModelFamily} sees it: metadata and tensors, already checked for
 * bounds.
 *
 * <p>Immutable and safe to share between threads. Its tensors' memory belongs to whoever opened the
 * file.
 */
public interface ModelSource {
    /** The file's path or another name for messages. */
    String name();

    Metadata metadata();

    /** All tensors, in the order of the file. */
    List<Tensor> tensors();

    Optional<Tensor> tensor(String name);

    /**
     * A tensor that must be there in this shape.
     *
     * @throws ModelFormatException if it is missing or its shape differs; names the tensor and both
     *     shapes
     */
    default Tensor requireTensor(String name, int rows, int columns) {
        Tensor tensor =
                tensor(name)
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        name()
                                                + ": the tensor "
                                                + name
                                                + " is missing; the file is incomplete or of"
                                                + " another kind"));
        if (tensor.rows() != rows || tensor.columns() != columns) {
            throw new ModelFormatException(
                    name()
                            + ": the tensor "
                            + name
                            + " is "
                            + tensor.rows()
                            + " x "
                            + tensor.columns()
                            + ", but the metadata asks for "
                            + rows
                            + " x "
                            + columns);
        }
        return tensor;
    }

    /** As {@link #requireTensor} for a tensor that may be absent. */
    default Optional<Tensor> optionalTensor(String name, int rows, int columns) {
        return tensor(name).isPresent()
                ? Optional.of(requireTensor(name, rows, columns))
                : Optional.empty();
    }
}
