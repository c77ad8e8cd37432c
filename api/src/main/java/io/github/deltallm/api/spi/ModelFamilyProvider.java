package io.github.deltallm.api.spi;

import java.util.Set;

/**
 * Knows how models of some architectures compute; found by {@link java.util.ServiceLoader}.
 * Stateless.
 */
public interface ModelFamilyProvider {
    /** The family's name, such as {@code llama}. */
    String name();

    /** The values of {@code general.architecture} that it claims. */
    Set<String> architectures();

    /**
     * Checks a model's metadata and tensors and records its forward pass.
     *
     * @throws io.github.deltallm.api.ModelFormatException if the file contradicts itself
     * @throws io.github.deltallm.api.UnsupportedModelException if it asks for something the family
     *     does not know
     */
    ModelDefinition define(ModelSource source);
}
