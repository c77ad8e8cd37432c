/**
 * What a plugin implements: {@link io.github.deltallm.api.spi.BackendProvider backends}, {@link
 * io.github.deltallm.api.spi.ModelFamilyProvider model families} and {@link
 * io.github.deltallm.api.spi.AttentionProvider attention strategies}, each found by {@link
 * java.util.ServiceLoader}.
 *
 * <p>A model family records its forward pass once as a {@link io.github.deltallm.api.spi.Program};
 * a backend compiles the program and runs it step by step; an attention strategy only declares what
 * is kept of keys and values and which of them a query sees exactly.
 *
 * <p>Types that say "For backends" are what every backend needs and none has to write again: what a
 * sequence's queries see ({@link io.github.deltallm.api.spi.KvSequence}), checks of what is run
 * ({@link io.github.deltallm.api.spi.RunCheck}) and restored ({@link
 * io.github.deltallm.api.spi.KvRestore}), and counts ({@link io.github.deltallm.api.spi.KvCounts}).
 */
package io.github.deltallm.api.spi;
