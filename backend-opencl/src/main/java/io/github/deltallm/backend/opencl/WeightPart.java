package io.github.deltallm.backend.opencl;

/**
 * Rows of a tensor that lie in one buffer.
 *
 * @param offset where they begin in their buffer
 * @param first the first of the tensor's rows that it has
 */
record WeightPart(ClBuffer buffer, long offset, int first, int rows) {}
