/**
 * The BitNet b1.58 family (arXiv 2402.17764): pre-norm transformers whose seven projections a layer
 * are ternary, with activations of 8 bits, and a norm of its own before each output projection.
 */
package io.github.deltallm.models.bitnet;
