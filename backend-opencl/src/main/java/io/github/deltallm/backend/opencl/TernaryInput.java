package io.github.deltallm.backend.opencl;

/**
 * Rows rounded to 8 bits, in buffers that all layers share: they hold what was rounded last.
 *
 * @param steps {@code [rows, columns]}, a byte each
 * @param factors what a row was multiplied by, fp32
 */
record TernaryInput(ClBuffer steps, ClBuffer factors) {}
