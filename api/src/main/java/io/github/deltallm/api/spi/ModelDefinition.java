package io.github.deltallm.api.spi;

/**
 * A model ready to be compiled.
 *
 * @param architecture the file's architecture
 * @param width channels of the residual stream
 * @param contextLength the longest sequence it was trained for
 * @param vocabulary number of tokens
 * @param program its forward pass
 */
public record ModelDefinition(
        String architecture, int width, int contextLength, int vocabulary, Program program) {}
