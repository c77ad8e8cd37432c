/**
 * What an application sees of DeltaLLM whatever plugins it uses: exceptions, attention
 * specifications and statistics.
 *
 * <p>Everything here is immutable and safe to share between threads.
 */
package io.github.deltallm.api;
