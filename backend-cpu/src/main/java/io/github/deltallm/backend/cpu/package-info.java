/**
 * The CPU backend.
 *
 * <p>A {@code Compiler} groups a program into stages; a {@code Team} of threads walks through them
 * together. Activations, packed activations and caches lie off the heap, aligned to 64 bytes;
 * weights are read where the file is mapped. {@code Linear} chooses between two ways to multiply:
 * {@code MatVec} reads quantised bytes as they are for one row of activations; {@code Tiles}
 * multiplies decoded panels by many. Ternary weights times rounded activations are repacked once
 * and looked up ({@code TernaryStage}). {@code PrefillAttention} and {@code DecodeAttention} do the
 * same for attention over the pages of a {@code CpuKvCache}.
 *
 * <p>Every sum has one order, whatever the number of threads.
 */
@NullMarked
package io.github.deltallm.backend.cpu;

import org.jspecify.annotations.NullMarked;
