/**
 * The Llama family: pre-norm transformers with grouped-query attention, rotary embedding, RMSNorm
 * and SwiGLU.
 */
package io.github.deltallm.models.llama;
