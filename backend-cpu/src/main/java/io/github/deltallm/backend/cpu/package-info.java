/**
 * The CPU backend.
 *
 * <p>A {@code Compiler} groups a program into stages; a {@code Team} of threads walks through them
 * together. Activations, packed activations and caches lie off the heap, aligned to 64 bytes. A
 * {@code Product} is a weight and how to multiply by it: {@code Linear} reads the bytes where the
 * file is mapped, or a copy that {@code StreamedWeights} made, {@code RepackedWeight} has weights
 * of 4, 6 and 8 bits with rows as lanes. One row of activations is multiplied with the quantised
 * weights ({@code MatVec}, {@code FourBitKernels}, {@code SixBitKernels}), and so are many where
 * they are rounded ({@code RoundedRows}, {@code FourBitTile}); else many are multiplied with
 * decoded panels ({@code PanelProduct}, {@code Tiles}). Ternary weights times rounded activations
 * are repacked too, and looked up ({@code TernaryStage}). {@code PrefillAttention} and {@code
 * DecodeAttention} do the same for attention over the pages of a {@code CpuKvCache}.
 *
 * <p>Every sum has one order, whatever the number of threads.
 */
@NullMarked
package io.github.deltallm.backend.cpu;

import org.jspecify.annotations.NullMarked;
