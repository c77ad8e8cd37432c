/**
 * Converts models between encodings of ternary weights.
 *
 * <p>Start at {@link io.github.deltallm.engine.convert.TernaryConversion}.
 */
package io.github.deltallm.engine.convert;
