/**
 * Delta attention, plain pruning and sinks with a window: declarations, no kernels.
 *
 * <p>What may differ from model to model, thresholds and steps by layer, head and channel, comes
 * from a {@link io.github.deltallm.attention.delta.Profile}.
 */
package io.github.deltallm.attention.delta;
